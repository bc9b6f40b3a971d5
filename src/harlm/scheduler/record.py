"""What the calls of one cell really did: which waited for which, which were made early, and what came of that. Values only.

The static counterpart, drawn before anything runs, is ``harlm.scheduler.plan``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harlm.types import Early, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call of a cell: a node of its graph.

    Attributes:
        number: 1, 2, 3, … in the order in which the calls began.
        function: ``llm_query`` or ``rlm_query``.
        needs: the numbers of those that it was made from, or that decided about it, as far as the scout saw.
        is_early: whether the scout made it, before the cell asked.
        is_claimed: whether the cell asked for it.
        began_s, seconds: since the cell began, and how long it took.
        critical_s: its own critical path: what it would have taken with no limit of calls in flight.
        usage: what it cost.
    """

    number: int
    function: str
    needs: tuple[int, ...]
    is_early: bool
    is_claimed: bool
    began_s: float
    seconds: float
    critical_s: float
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRecord:
    """All calls of one cell: its graph."""

    calls: tuple[CallRecord, ...]

    @property
    def early(self) -> Early:
        """What making calls early came to."""
        made = [call for call in self.calls if call.is_early]
        wasted = [call for call in made if not call.is_claimed]
        costs = [call.usage.cost_micros for call in wasted]
        return Early(
            made=len(made),
            claimed=len(made) - len(wasted),
            wasted_tokens=sum(call.usage.input_tokens + call.usage.output_tokens for call in wasted),
            wasted_micros=None if None in costs else sum(cost for cost in costs if cost is not None),
        )

    @property
    def busy_s(self) -> float:
        """Seconds in which any call was under way."""
        busy, until = 0.0, 0.0
        for began, ended in sorted((call.began_s, call.began_s + call.seconds) for call in self.calls):
            busy += max(0.0, ended - max(began, until))
            until = max(until, ended)
        return busy

    @property
    def parallelism(self) -> float:
        """Seconds of calls, over the seconds in which any was under way; 1 when they went one after another."""
        busy = self.busy_s
        return sum(call.seconds for call in self.calls) / busy if busy else 0.0

    @property
    def critical_path_s(self) -> float:
        """The longest chain of calls that waited for one another, in seconds."""
        ends: dict[int, float] = {}
        for call in self.calls:
            ends[call.number] = call.critical_s + max(
                (ends.get(each, 0.0) for each in call.needs), default=0.0
            )
        claimed = [ends[call.number] for call in self.calls if call.is_claimed]
        return max(claimed, default=0.0)

    @property
    def edges(self) -> Mapping[int, tuple[int, ...]]:
        """What each call waited for, by number."""
        return {call.number: call.needs for call in self.calls if call.needs}
