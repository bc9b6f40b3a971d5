"""When the calls of a run were in flight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

MOST_CALLS = 200
"""How many calls a timeline holds: the longest ones."""

_ROUNDED_S = 0.002  # seconds by which the times of two events of one moment may differ


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedCall:
    """One call of a run to a model.

    Attributes:
        model: its full name.
        role: the purpose of the call: ``root``, ``sub`` or ``summary``.
        node: the node that made it.
        depth: of that node; the root is 0.
        began_s: seconds from the start of the run to that of the call.
        seconds: how long it took; 0 if the reply was known.
        status: ``reused`` if the reply was known.
        is_early: whether it was made before a cell made it.
    """

    model: str
    role: str
    node: str
    depth: int
    began_s: float
    seconds: float
    status: Literal["ok", "failed", "cancelled", "reused"] = "ok"
    is_early: bool = False

    @property
    def ended_s(self) -> float:
        """Seconds from the start of the run to the end of the call."""
        return self.began_s + self.seconds


def critical_chain(calls: Sequence[TimedCall]) -> tuple[TimedCall, ...]:
    """The calls that a run waited for, from the first to the last: the one that ended last, before it the one that ended last before
    it began, and so on. An estimate: what a call needed is not known here.
    """
    by_end = sorted((call for call in calls if call.status == "ok"), key=lambda call: call.ended_s)
    chain: list[TimedCall] = []
    while by_end:
        call = by_end.pop()
        if not chain or call.ended_s <= chain[-1].began_s + _ROUNDED_S:
            chain.append(call)
    return tuple(reversed(chain))
