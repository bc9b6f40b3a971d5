"""The plan of a cell: its calls of models, what each waits for, and how long the longest chain is. Values only; how they are
found is ``harlm.scheduler.analysis``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

Flow = Literal["map", "chain", "search"]
"""How the rounds of a loop stand to each other. ``map``: no round needs another. ``chain``: a round needs the result of an
earlier one. ``search``: a result may end the loop, so later rounds may be for nothing.
"""

Shape = Literal["no calls", "single", "map", "map-reduce", "chain", "search", "hierarchical", "mixed"]
"""What a cell is as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A loop around a call.

    Attributes:
        header: as it is written, such as ``for chunk in chunks``.
        flow: of the call's results from round to round.
    """

    header: str
    flow: Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSite:
    """A place where a cell calls a model.

    Attributes:
        number: 1, 2, 3, … in the order of the code.
        tool: ``llm_query``, ``rlm_query`` or one of their batches.
        line: of the cell, counted from 1.
        source: the call as it is written, cut.
        needs: the calls whose results go into its prompt.
        decided_by: the calls whose results decide whether it is made.
        loops: around it, the outermost first.
        through: helper functions that it stands in, the outermost first.
    """

    number: int
    tool: str
    line: int
    source: str
    needs: tuple[int, ...] = ()
    decided_by: tuple[int, ...] = ()
    loops: tuple[Loop, ...] = ()
    through: tuple[str, ...] = ()

    @property
    def is_certain(self) -> bool:
        """Whether it is made whatever any call replies."""
        return not self.decided_by and all(loop.flow != "search" for loop in self.loops)

    @property
    def is_many(self) -> bool:
        """Whether it stands for calls of which several can be under way at once."""
        return self.tool.endswith("_batched") or any(loop.flow != "chain" for loop in self.loops)

    @property
    def steps(self) -> tuple[str, ...]:
        """The loops whose rounds follow one another, by their headers: each is a factor of the site's length."""
        return tuple(loop.header for loop in self.loops if loop.flow == "chain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All calls of one cell."""

    sites: tuple[CallSite, ...]

    def site(self, number: int) -> CallSite:
        """The site with this number."""
        return self.sites[number - 1]

    @property
    def critical_path(self) -> tuple[int, ...]:
        """The sites of the longest chain of calls that wait for one another, the first first."""
        best: dict[int, tuple[tuple[int, int], tuple[int, ...]]] = {}
        for site in self.sites:
            before = [best[each] for each in {*site.needs, *site.decided_by} if each in best]
            (steps, rounds), path = max(before, default=((0, 0), ()))
            best[site.number] = ((steps + len(site.steps), rounds + 1), (*path, site.number))
        return max(best.values(), default=((0, 0), ()))[1]

    @property
    def length(self) -> str:
        """How many calls the longest chain has, such as ``1 + n``, where ``n`` are the rounds of a loop that is a chain."""
        terms = Counter(
            " × ".join(f"rounds of `{step}`" for step in self.site(each).steps) for each in self.critical_path
        )
        plain = terms.pop("", 0)
        parts = [str(plain)] if plain or not terms else []
        return " + ".join(
            parts + [term if count == 1 else f"{count} × {term}" for term, count in terms.items()]
        )

    @property
    def shape(self) -> Shape:
        """What the cell is as a whole."""
        if not self.sites:
            return "no calls"
        if any(site.tool.startswith("rlm") for site in self.sites):
            return "hierarchical"
        flows = {loop.flow for site in self.sites for loop in site.loops}
        many = [site for site in self.sites if site.is_many]
        if "search" in flows:
            return "search"
        if "chain" in flows:
            return "hierarchical" if any(site.is_many and site.steps for site in self.sites) else "chain"
        if many and any(set(site.needs) & {each.number for each in many} for site in self.sites):
            return "map-reduce"
        if many:
            return "map" if len(many) == len(self.sites) else "mixed"
        return (
            "chain" if any(site.needs for site in self.sites) else "single" if len(self.sites) == 1 else "map"
        )
