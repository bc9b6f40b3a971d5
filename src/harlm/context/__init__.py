"""The huge input of a task: loading it, profiling it, searching it, and verifying citations against it.

Names are imported when they are first used: the process that reads foreign formats needs none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harlm.context.citations import Cited, cite, cite_value, citing
    from harlm.context.loading import load, load_paths
    from harlm.context.profiling import profile, profile_in
    from harlm.context.search import Searcher

__all__ = ["Cited", "Searcher", "cite", "cite_value", "citing", "load", "load_paths", "profile", "profile_in"]

_HOMES = {
    "Cited": "citations",
    "Searcher": "search",
    "cite": "citations",
    "cite_value": "citations",
    "citing": "citations",
    "load": "loading",
    "load_paths": "loading",
    "profile": "profiling",
    "profile_in": "profiling",
}


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
