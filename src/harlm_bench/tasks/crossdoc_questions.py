"""The words of questions about reports that revise and contradict each other, and what they mean. Knows no window."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from harlm_bench.items import Fact, Query

FIELDS = ("crew", "output", "depth", "head", "state")
STANDINGS = ("stated", "hearsay", "planned")

Wanted = Literal["value", "source", "count"]

_RULES = "The latest report counts, by its date. Hearsay and plans do not count, nor does what another report calls a mistake."
_WORDS: dict[Wanted, str] = {
    "value": "What is the {field} of {site}? " + _RULES + " Answer with the value, and nothing else.",
    "source": "Which report tells the {field} of {site} as it is? "
    + _RULES
    + " Answer with the number of the report, such as R-1234, and nothing else.",
    "count": "How many different values do the reports state for the {field} of {site}? Hearsay and plans do not count, nor does what another report calls a mistake. Answer with the number, and nothing else.",
}
_TABLE = (
    "Make a table of the {field} of these sites: {sites}. "
    + _RULES
    + " Answer in CSV with the columns site, {field} and source, "
    "where the source is the number of the report that tells the value, such as R-1234, and nothing else."
)
_PATTERNS: tuple[tuple[Wanted, re.Pattern[str]], ...] = (
    ("value", re.compile(r"What is the (?P<field>\w+) of (?P<site>[^?]+)\?")),
    ("source", re.compile(r"Which report tells the (?P<field>\w+) of (?P<site>[^?]+) as it is\?")),
    (
        "count",
        re.compile(
            r"How many different values do the reports state for the (?P<field>\w+) of (?P<site>[^?]+)\?"
        ),
    ),
)
_TABLE_ASKED = re.compile(r"Make a table of the (?P<field>\w+) of these sites: (?P<sites>[^.]+)\.")
_REPORT_ASKED = re.compile(
    r"What (?:does|do) (?:this|these|the) reports? say of the (?P<field>\w+) of (?P<site>[^?,]+?)(?:, and what is (?:its|their) date)?\?"
)


class Cell(NamedTuple):
    """A field of a site."""

    field: str
    site: str


class Reading(NamedTuple):
    """What is true of a cell: its value, and the number of the report that says so."""

    value: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CellQuery:
    """One value, its source, or how many values are stated."""

    cell: Cell
    wanted: Wanted

    @property
    def in_head(self) -> bool:
        """Reports must be compared."""
        return True

    def wants(self, fact: Fact) -> bool:
        """What is said of the cell, and the dates of all reports."""
        return fact.kind == "report" or _cell_of(fact) == self.cell

    def answer(self, facts: Sequence[Fact]) -> str | None:
        """The value, the number of the report, or the number of values; ``None`` if no report states one."""
        if self.wanted == "count":
            values = {each.attributes["value"] for each in _valid(facts, self.cell)}
            return str(len(values)) if values else None
        found = reading(facts, self.cell)
        return None if found is None else found.value if self.wanted == "value" else found.source


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOfSites:
    """A field of several sites with the sources."""

    field: str
    sites: tuple[str, ...]

    @property
    def in_head(self) -> bool:
        """Reports must be compared."""
        return True

    def wants(self, fact: Fact) -> bool:
        """What is said of the cells, and the dates of all reports."""
        cell = _cell_of(fact)
        return fact.kind == "report" or (
            cell is not None and cell.field == self.field and cell.site in self.sites
        )

    def answer(self, facts: Sequence[Fact]) -> str | None:
        """The table in CSV, without the sites of which nothing is stated; ``None`` if there is none at all."""
        found = [(site, reading(facts, Cell(self.field, site))) for site in self.sites]
        rows = [f"{site},{each.value},{each.source}" for site, each in found if each]
        return "\n".join((f"site,{self.field},source", *rows)) if rows else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportQuery:
    """What one or more reports say of a cell, word by word."""

    cell: Cell

    @property
    def in_head(self) -> bool:
        """Never: it is read off."""
        return False

    def wants(self, fact: Fact) -> bool:
        """What is said of the cell, and the dates of all reports."""
        return fact.kind == "report" or _cell_of(fact) == self.cell

    def answer(self, facts: Sequence[Fact]) -> str:
        """A line for each statement, such as ``212, stated, R-1234, 2023-05-06``; ``nothing`` if there is none.

        A report that calls another one mistaken reads ``R-1111 is mistaken, R-1234, 2023-05-06``.
        """
        dates = _dates(facts)
        lines = []
        for each in facts:
            if _cell_of(each) == self.cell:
                said = each.attributes
                what = (
                    f"{said['voids']} is mistaken"
                    if each.kind == "withdrawal"
                    else f"{said['value']}, {said['standing']}"
                )
                lines.append(f"{what}, {said['report']}, {dates.get(said['report'], 'no date')}")
        return "\n".join(lines) or "nothing"


def reading(facts: Sequence[Fact], cell: Cell) -> Reading | None:
    """The latest valid value of a cell; a report without a known date counts as the oldest. ``None`` without any."""
    dates = _dates(facts)
    valid = [each.attributes for each in _valid(facts, cell)]
    if not valid:
        return None
    last = max(valid, key=lambda said: (dates.get(said["report"], ""), said["report"]))
    return Reading(last["value"], last["report"])


def worded(query: CellQuery | TableOfSites) -> str:
    """The question in words."""
    if isinstance(query, TableOfSites):
        return _TABLE.format(field=query.field, sites=", ".join(query.sites))
    return _WORDS[query.wanted].format(field=query.cell.field, site=query.cell.site)


def understood(question: str) -> Query | None:
    """What a question means; ``None`` if it is not about reports."""
    table = _TABLE_ASKED.search(question)
    if table:
        sites = tuple(each.strip() for each in table["sites"].split(","))
        return TableOfSites(field=table["field"], sites=sites) if table["field"] in FIELDS else None
    report = _REPORT_ASKED.search(question)
    if report:
        return ReportQuery(cell=Cell(report["field"], report["site"]))
    for wanted, pattern in _PATTERNS:
        found = pattern.search(question)
        if found and found["field"] in FIELDS:
            return CellQuery(cell=Cell(found["field"], found["site"]), wanted=wanted)
    return None


def _valid(facts: Sequence[Fact], cell: Cell) -> list[Fact]:
    """What is stated of a cell and not called a mistake."""
    said = [each for each in facts if _cell_of(each) == cell]
    void = {each.attributes["voids"] for each in said if each.kind == "withdrawal"}
    statements = (
        each for each in said if each.kind == "statement" and each.attributes["standing"] == "stated"
    )
    return [each for each in statements if each.attributes["report"] not in void]


def _dates(facts: Sequence[Fact]) -> dict[str, str]:
    return {each.attributes["report"]: each.attributes["date"] for each in facts if each.kind == "report"}


def _cell_of(fact: Fact) -> Cell | None:
    if fact.kind not in ("statement", "withdrawal"):
        return None
    return Cell(fact.attributes["field"], fact.attributes["site"])
