"""HARLM for DSPy: ``dspy.configure(lm=HarlmLM(HARLM(...)))``.

Names are imported when they are first used: only they need the package of others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harlm.compat.dspy.lm import HarlmLM

__all__ = ["HarlmLM"]

_HOMES = {"HarlmLM": "lm"}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
