"""The outcome of a mode: the value that it ended with, before its citations are checked."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from harlm.branching.signals import Report
from harlm.engine.replies import parse_not_found
from harlm.errors import LimitExceeded, ModelError, SandboxFailure, SchemaMismatch
from harlm.types import Status, Strategy

Ended = LimitExceeded | ModelError | SandboxFailure | SchemaMismatch
"""What ends a node before its model finishes, or although the model has finished."""

_EMPTY = "The model finished with an empty answer."
_NOTHING_SAID = "The context does not hold the answer."


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The value that a mode ended with.

    Attributes:
        text: for the user, with the model's citations still unchecked.
        data: the value itself if it was not a string.
        status: as in ``Answer``.
        is_proven_by_quotes: whether a partial answer becomes ``ok`` if it cites and all its quotes are verified.
        saved_s: seconds that unlimited concurrency would have saved.
        reported: what the steps of the answer reported about themselves.
        strategy: the strategy that it came from, in *plan* mode.
        ended_by: the limit or the failure that ended it; ``None`` if it ended by itself.
        exceptions: cells that raised one.
    """

    text: str
    data: object = None
    status: Status = "ok"
    is_proven_by_quotes: bool = False
    saved_s: float = 0.0
    reported: tuple[Report, ...] = ()
    strategy: Strategy | None = None
    ended_by: Ended | None = None
    exceptions: int = 0


def outcome_of(value: object, *, forced: bool = False, saved_s: float = 0.0) -> Outcome:
    """The outcome of a node that ended with ``value``.

    Args:
        value: text, or any JSON-like value.
        forced: whether the last turn ended the node, or the end of its reply is missing.
        saved_s: seconds that unlimited concurrency would have saved.
    """
    text, data = (value, None) if isinstance(value, str) else (as_text(value), value)
    if not text.strip():
        return Outcome(text=_EMPTY, data=data, status="partial", saved_s=saved_s)
    missing = parse_not_found(text)
    if missing is not None:
        return Outcome(text=missing or _NOTHING_SAID, data=data, status="not_found", saved_s=saved_s)
    return Outcome(text=text, data=data, status="partial" if forced else "ok", saved_s=saved_s)


def as_text(value: object) -> str:
    """A value that is not text, as text: indented JSON; ``nan`` and ``inf`` as Python writes them."""
    if isinstance(value, float):
        return str(value)  # JSON has neither nan nor inf
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
