"""Call sites and loops during an analysis, before they become a plan."""

from __future__ import annotations

from dataclasses import dataclass, field

from harlm.scheduler.plan import CallSite, Flow, Loop
from harlm.scheduler.taint import CLEAN, Taint, loop_of


@dataclass(slots=True, eq=False)
class OpenLoop:
    """A loop whose body is being analysed.

    Attributes:
        header: the source of its first line.
        inside: the numbers of the sites in its body.
        exits: the results that decide whether it is left early.
    """

    header: str
    inside: set[int] = field(default_factory=set)
    exits: Taint = CLEAN


@dataclass(slots=True)
class FoundSite:
    """A call site, with the results found so far to reach it.

    Attributes:
        number, tool, line, source, through: as in ``CallSite``.
        loops: the loops around it, the outermost first.
        needs: the taint of its arguments.
        decided_by: the taint of the conditions under which it is reached.
    """

    number: int
    tool: str
    line: int
    source: str
    loops: tuple[OpenLoop, ...]
    through: tuple[str, ...]
    needs: set[int] = field(default_factory=set)
    decided_by: set[int] = field(default_factory=set)

    def as_call_site(self) -> CallSite:
        """The site of the plan."""
        chained, decided = set(map(loop_of, self.needs)), set(map(loop_of, self.decided_by))

        def flow(depth: int) -> Flow:
            return "chain" if depth in chained else "search" if depth in decided else "map"

        return CallSite(
            number=self.number,
            tool=self.tool,
            line=self.line,
            source=self.source,
            needs=self._others(self.needs),
            decided_by=self._others(self.decided_by),
            loops=tuple(
                Loop(header=loop.header, flow=flow(depth)) for depth, loop in enumerate(self.loops, start=1)
            ),
            through=self.through,
        )

    def _others(self, taint: set[int]) -> tuple[int, ...]:
        return tuple(sorted(each for each in taint if each > 0 and each != self.number))
