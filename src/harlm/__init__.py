"""HARLM: ask a question over any amount of text, with any language model.

>>> from harlm import HARLM
>>> answer = HARLM().ask("What is the vault code?", "The vault code is 4711.")
>>> answer.text, answer.citations[0].quote

Names are imported when they are first used, which keeps ``harlm --help`` fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harlm.client import HARLM
    from harlm.errors import (
        BadCompletion,
        CallLimit,
        CodeError,
        ConfigError,
        ContextError,
        ContextOverflow,
        CostLimit,
        DeadlineExceeded,
        DepthLimit,
        ExecutorFailure,
        HarlmError,
        Interrupted,
        LimitExceeded,
        MemoryFailure,
        ModelError,
        ModelUnavailable,
        NoAnswer,
        QuotaExceeded,
        RateLimited,
        SandboxError,
        SandboxFailure,
        SchemaMismatch,
        StorageFull,
        TokenLimit,
        TraceError,
    )
    from harlm.events import Event
    from harlm.loading import load
    from harlm.protocols import LanguageModel
    from harlm.tools import tool
    from harlm.types import (
        Answer,
        Budget,
        Citation,
        Completion,
        Context,
        Document,
        GatedCall,
        Latency,
        Message,
        PendingCell,
        Price,
        Route,
        Sampling,
        Usage,
    )

__version__ = "0.1.0"

__all__ = [
    "HARLM",
    "Answer",
    "BadCompletion",
    "Budget",
    "CallLimit",
    "Citation",
    "CodeError",
    "Completion",
    "ConfigError",
    "Context",
    "ContextError",
    "ContextOverflow",
    "CostLimit",
    "DeadlineExceeded",
    "DepthLimit",
    "Document",
    "Event",
    "ExecutorFailure",
    "GatedCall",
    "HarlmError",
    "Interrupted",
    "LanguageModel",
    "Latency",
    "LimitExceeded",
    "MemoryFailure",
    "Message",
    "ModelError",
    "ModelUnavailable",
    "NoAnswer",
    "PendingCell",
    "Price",
    "QuotaExceeded",
    "RateLimited",
    "Route",
    "Sampling",
    "SandboxError",
    "SandboxFailure",
    "SchemaMismatch",
    "StorageFull",
    "TokenLimit",
    "TraceError",
    "Usage",
    "load",
    "tool",
]

_MODULES = {
    "harlm.client": ("HARLM",),
    "harlm.events": ("Event",),
    "harlm.loading": ("load",),
    "harlm.protocols": ("LanguageModel",),
    "harlm.tools": ("tool",),
    "harlm.types": (
        "Answer",
        "Budget",
        "Citation",
        "Completion",
        "Context",
        "Document",
        "GatedCall",
        "Latency",
        "Message",
        "PendingCell",
        "Price",
        "Route",
        "Sampling",
        "Usage",
    ),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(import_module(_HOMES.get(name, "harlm.errors")), name)
    raise AttributeError(f"module 'harlm' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
