"""Reports on the same sites that revise and contradict each other; a table of what is true, with the sources, is wanted.

A report is right if none is later, if it states and does not pass on hearsay or plans, and if no other calls it a mistake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random

from harlm.tokens import estimate_tokens
from harlm_bench.items import Fact, Query, Question, Window
from harlm_bench.tasks import check_size, words
from harlm_bench.tasks.crossdoc_questions import (
    FIELDS,
    STANDINGS,
    Cell,
    CellQuery,
    TableOfSites,
    Wanted,
    understood,
    worded,
)
from harlm_bench.tasks.filling import filled

_LEAST, _MOST = 30, 300  # reports
_SHORT = 400  # tokens of a report, until there are as many as can be
_FIRST, _LAST = date(2021, 1, 4), date(2024, 11, 29)
_MOST_SITES = 12
_ROWS = (3, 4, 5, 6)
_HEAD = "Report {report}, {date}. Written by {author}."
_SENTENCES: Mapping[str, tuple[str, ...]] = {
    "stated": (
        "{report} gives the {field} of {site} as {value}.",
        "According to {report}, the {field} of {site} is {value}.",
        "The {field} of {site} was found to be {value} by those who wrote {report}.",
        "For {site}, {report} records the {field} as {value}.",
    ),
    "hearsay": (
        "A guard at the gate told the author of {report} that the {field} of {site} might be {value}.",
        "{report} passes on a rumour by which the {field} of {site} would be {value}.",
        "No one confirmed to the author of {report} what was said in the canteen: {value} as the {field} of {site}.",
    ),
    "planned": (
        "{report} mentions a proposal under which the {field} of {site} would become {value}.",
        "If the money comes, writes {report}, the {field} of {site} shall be {value} one day.",
        "The board wishes for {value} as the {field} of {site}, {report} says.",
    ),
    "void": (
        "{report} warns that {voids} was mistaken about the {field} of {site}.",
        "What {voids} says of the {field} of {site} is an error, as {report} explains.",
        "{report} asks all readers to strike out the {field} of {site} in {voids}.",
    ),
}
_STATES = ("open", "idle", "flooded", "closed", "under repair", "for sale", "half built", "sealed")


class CrossDocument:
    """The family ``crossdoc``."""

    name = "crossdoc"
    version = 1

    def window(self, seed: int, tokens: int, questions: int) -> Window:
        """30 to 300 reports, in any order.

        Raises:
            ConfigError: no window has so many or so few ``tokens``, or ``questions`` is below 1.
        """
        check_size(self.name, tokens, questions)
        chance = Random(f"crossdoc {self.version} {seed} {tokens}")
        reports = _reports(max(_LEAST, min(_MOST, tokens // _SHORT)), 1 if tokens < 6_000 else 3, chance)
        facts = tuple(fact for each in reports for fact in each.facts)
        return Window(
            task=self.name,
            version=self.version,
            seed=seed,
            tokens=tokens,
            documents=_documents(reports, tokens, chance),
            questions=_questions(facts, questions, chance),
            facts=facts,
            is_searchable=True,
        )

    def understand(self, question: str) -> Query | None:
        """The questions of a window, and what some reports say of a field of a site."""
        return understood(question)


FAMILY = CrossDocument()


@dataclass(slots=True, kw_only=True)
class _Report:
    """A report while it is written."""

    number: str
    facts: list[Fact] = field(default_factory=list)


@dataclass(slots=True)
class _State:
    """What has been stated of a cell so far: the values with the numbers of the reports, oldest first."""

    stated: list[tuple[str, str]] = field(default_factory=list)


def _reports(count: int, statements: int, chance: Random) -> list[_Report]:
    """The reports with all that they say, in any order. Their numbers tell nothing of their dates."""
    sites = words.places(chance, max(3, min(_MOST_SITES, count * statements // 20)))
    cells = {Cell(each, site): _State() for site in sites for each in FIELDS}
    people = words.people(chance, 24)
    days = sorted(chance.sample(words.days(_FIRST, _LAST), count))
    numbers = chance.sample(range(1_000, 10_000), count)
    reports = []
    for day, number in zip(days, numbers, strict=True):
        report = _Report(number=f"R-{number}")
        head = _HEAD.format(report=report.number, date=words.spoken_day(day), author=chance.choice(people))
        report.facts.append(
            Fact(text=head, kind="report", attributes={"report": report.number, "date": day.isoformat()})
        )
        for cell in chance.sample(list(cells), chance.randint(1, 2 * statements - 1)):
            report.facts.append(_said(cell, cells[cell], report.number, people, chance))
        reports.append(report)
    chance.shuffle(reports)
    return reports


def _said(cell: Cell, state: _State, report: str, people: Sequence[str], chance: Random) -> Fact:
    """A statement about a cell, hearsay, a plan, or that the latest statement was a mistake."""
    drawn = chance.random()
    words_of = {"report": report, "field": cell.field, "site": cell.site}
    if drawn < 0.13 and len(state.stated) > 1:
        voided, _ = state.stated.pop()
        words_of["voids"] = voided
        return Fact(text=_sentence("void", words_of, chance), kind="withdrawal", attributes=words_of)
    standing = STANDINGS[0] if drawn < 0.75 else STANDINGS[1] if drawn < 0.88 else STANDINGS[2]
    value = _value(cell.field, people, chance)
    if standing == "stated":
        if state.stated and chance.random() < 0.15:
            value = state.stated[-1][1]
        state.stated.append((report, value))
    text = _sentence(standing, words_of | {"value": value}, chance)
    said = words_of | {"value": value, "standing": standing}
    return Fact(text=text, kind="statement", attributes=said, guessable={"standing": STANDINGS})


def _sentence(kind: str, said: Mapping[str, str], chance: Random) -> str:
    return chance.choice(_SENTENCES[kind]).format_map(said)


def _value(of: str, people: Sequence[str], chance: Random) -> str:
    if of == "head":
        return chance.choice(people)
    if of == "state":
        return chance.choice(_STATES)
    return str(chance.randint(20, 980))


def _documents(reports: Sequence[_Report], tokens: int, chance: Random) -> dict[str, str]:
    """Each report with its head on the first line."""
    heads = {each.number: each.facts[0].text for each in reports}
    statements = {each.number: [fact.text for fact in each.facts[1:]] for each in reports}
    left = tokens - estimate_tokens("\n\n".join(heads.values()))
    return {number: f"{heads[number]}\n\n{text}" for number, text in filled(statements, left, chance).items()}


def _questions(facts: Sequence[Fact], wanted: int, chance: Random) -> tuple[Question, ...]:
    statements = [each.attributes for each in facts if each.kind == "statement"]
    cells = sorted({Cell(said["field"], said["site"]) for said in statements})
    cells = [cell for cell in cells if CellQuery(cell=cell, wanted="value").answer(facts)]
    chance.shuffle(cells)
    singles: tuple[Wanted, ...] = ("value", "source", "count")
    made = []
    for number in range(wanted):
        if number % 2:
            query: CellQuery | TableOfSites = CellQuery(
                cell=cells[number % len(cells)], wanted=singles[number // 2 % len(singles)]
            )
        else:
            query = _table(cells, cells[number % len(cells)].field, chance)
        made.append(_question(f"q{number + 1}", query, facts))
    return tuple(made)


def _table(cells: Sequence[Cell], of: str, chance: Random) -> TableOfSites:
    sites = [cell.site for cell in cells if cell.field == of]
    return TableOfSites(field=of, sites=tuple(chance.sample(sites, min(len(sites), chance.choice(_ROWS)))))


def _question(name: str, query: CellQuery | TableOfSites, facts: Sequence[Fact]) -> Question:
    gold = query.answer(facts)
    assert gold is not None
    if isinstance(query, TableOfSites):
        return Question(id=name, text=worded(query), kind="table", gold=gold, scorer="cells")
    return Question(id=name, text=worded(query), kind=query.wanted, gold=gold, scorer="exact")
