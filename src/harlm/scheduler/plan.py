"""The plan of a cell: its model calls, the results that each needs, and the longest chain. Values only;
``harlm.scheduler.analysis`` finds them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

Flow = Literal["map", "chain", "search"]
"""How the rounds of a loop depend on one another. ``map``: no round needs another. ``chain``: a round needs
the result of an earlier one. ``search``: a result may end the loop, so later rounds may not be needed.
"""

Shape = Literal["no calls", "single", "map", "map-reduce", "chain", "search", "hierarchical", "mixed"]
"""The structure of a whole cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A loop around a call.

    Attributes:
        header: its source, such as ``for chunk in chunks``.
        flow: how the calls of its rounds depend on one another.
    """

    header: str
    flow: Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSite:
    """A place in a cell's code that calls a model.

    Attributes:
        number: 1, 2, 3, … in the order of the code.
        tool: ``llm_query``, ``rlm_query`` or one of their batches.
        line: its line in the cell, counted from 1.
        source: the source of the call, cut if it is long.
        needs: the numbers of the sites whose results go into its prompt.
        decided_by: the numbers of the sites whose results decide whether it is made.
        loops: the loops around it, the outermost first.
        through: the helper functions around it, the outermost first.
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
        """Whether it is made regardless of any reply."""
        return not self.decided_by and all(loop.flow != "search" for loop in self.loops)

    @property
    def is_many(self) -> bool:
        """Whether it makes several calls that can run concurrently."""
        return self.tool.endswith("_batched") or any(loop.flow != "chain" for loop in self.loops)

    @property
    def steps(self) -> tuple[str, ...]:
        """The headers of the loops whose rounds must run one after another: each multiplies the site's
        length.
        """
        return tuple(loop.header for loop in self.loops if loop.flow == "chain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The calls of one cell.

    Attributes:
        sites: the places that call models.
        is_whole: whether these are all; not if the cell is too long or too complex to be analysed.
    """

    sites: tuple[CallSite, ...]
    is_whole: bool = True

    def site(self, number: int) -> CallSite:
        """The site with this number."""
        return self.sites[number - 1]

    @property
    def critical_path(self) -> tuple[int, ...]:
        """The sites of the longest chain in which each call needs the one before, in order."""
        best: dict[int, tuple[tuple[int, int], tuple[int, ...]]] = {}
        for site in self.sites:
            before = [best[each] for each in {*site.needs, *site.decided_by} if each in best]
            (steps, rounds), path = max(before, default=((0, 0), ()))
            best[site.number] = ((steps + len(site.steps), rounds + 1), (*path, site.number))
        return max(best.values(), default=((0, 0), ()))[1]

    @property
    def length(self) -> str:
        """The number of calls on the longest chain, such as "2" or "1 + rounds of `for x in xs`"."""
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
        """The structure of the whole cell."""
        if not self.is_whole:
            return "mixed"
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
        numbers = {each.number for each in many}
        if any(not numbers.isdisjoint(site.needs) for site in self.sites):
            return "map-reduce"
        if many:
            return "map" if len(many) == len(self.sites) else "mixed"
        return (
            "chain" if any(site.needs for site in self.sites) else "single" if len(self.sites) == 1 else "map"
        )
