"""The record of a cell's calls: which needed which, which were made early, and what that saved or wasted.
Values only.

``harlm.scheduler.plan`` is the static counterpart, made before anything runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from harlm.types import Early, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call of a cell: a node of its graph.

    Attributes:
        number: 1, 2, 3, … in the order in which the calls began.
        function: ``llm_query`` or ``rlm_query``.
        needs: the numbers of the calls whose results it was made from, or that decided about it, as far as
            known.
        is_early: whether the scout began it before the cell made it.
        is_claimed: whether the cell made it.
        began_s: seconds from the beginning of the cell to that of the call.
        seconds: its duration.
        critical_s: its own critical path in seconds: its duration without a limit on calls in flight.
        usage: its usage.
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
    """The graph of all calls of one cell."""

    calls: tuple[CallRecord, ...]

    @property
    def early(self) -> Early:
        """The number of early calls, and the cost of those that the cell never claimed."""
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
    def given_up(self) -> CellRecord:
        """The record of the same cell if it did not count: all its calls were early, and none was claimed."""
        return CellRecord(calls=tuple(replace(call, is_early=True, is_claimed=False) for call in self.calls))

    @property
    def busy_s(self) -> float:
        """The seconds during which at least one call was in flight."""
        busy, until = 0.0, 0.0
        for began, ended in sorted((call.began_s, call.began_s + call.seconds) for call in self.calls):
            busy += max(0.0, ended - max(began, until))
            until = max(until, ended)
        return busy

    @property
    def parallelism(self) -> float:
        """The sum of call durations over ``busy_s``: 1 if the calls ran one after another, 0 without
        calls.
        """
        busy = self.busy_s
        return sum(call.seconds for call in self.calls) / busy if busy else 0.0

    @property
    def critical_path_s(self) -> float:
        """The longest chain of claimed calls in which each needed the one before, in seconds."""
        ends: dict[int, float] = {}
        for call in self.calls:
            ends[call.number] = call.critical_s + max(
                (ends.get(each, 0.0) for each in call.needs), default=0.0
            )
        claimed = [ends[call.number] for call in self.calls if call.is_claimed]
        return max(claimed, default=0.0)

    @property
    def edges(self) -> Mapping[int, tuple[int, ...]]:
        """The numbers of the calls that each call needed, by its number."""
        return {call.number: call.needs for call in self.calls if call.needs}
