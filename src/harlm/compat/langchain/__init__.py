"""HARLM for LangChain: ``ChatHarlm``, a chat model, and ``HarlmRetriever``, which searches files without a model.

Names are imported when they are first used: only they need the package of others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harlm.compat.langchain.chat import ChatHarlm
    from harlm.compat.langchain.retriever import HarlmRetriever

__all__ = ["ChatHarlm", "HarlmRetriever"]

_HOMES = {"ChatHarlm": "chat", "HarlmRetriever": "retriever"}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
