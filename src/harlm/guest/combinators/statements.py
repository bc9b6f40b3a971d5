"""Statements of sources, and which of them count: by date, by number, without hearsay, plans and what others call a mistake."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from .plain_words import plain

Kind = Literal["stated", "hearsay", "planned"]
KINDS: tuple[Kind, ...] = ("stated", "hearsay", "planned")
"""How a source tells a value: as it is, as what someone said, or as what is to be."""

Order = Literal["latest", "first", "most"]
ORDERS: tuple[Order, ...] = ("latest", "first", "most")
"""Which value counts: that of the latest source, that of the first, or that of most sources."""

EXCLUDED = ("hearsay", "planned", "denied")
"""What may not count."""


class SourceStatement(NamedTuple):
    """What one source says.

    Attributes:
        value: in the words of the source.
        kind: how it says so.
        source: its name.
        date: of the source, as YYYY-MM-DD; empty if it is not known.
        quote: the sentence.
    """

    value: str
    kind: str
    source: str
    date: str
    quote: str


class Denial(NamedTuple):
    """A source that calls another one mistaken.

    Attributes:
        denied: the name of the source that is called mistaken.
        source: the one that does so.
        date: of the latter.
    """

    denied: str
    source: str
    date: str


class Group(NamedTuple):
    """A value with the statements of it, the latest first."""

    value: str
    statements: tuple[SourceStatement, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that tell the value, each once."""
        return tuple(dict.fromkeys(each.source for each in self.statements))


class Rule(NamedTuple):
    """Which statement counts.

    Attributes:
        order: see ``ORDERS``.
        without: what does not count; see ``EXCLUDED``.
    """

    order: Order = "latest"
    without: Collection[str] = EXCLUDED

    def valid(
        self, statements: Sequence[SourceStatement], denials: Sequence[Denial]
    ) -> list[SourceStatement]:
        """The statements that count, in their order."""
        return [each for each in self._standing(statements, denials) if each.kind not in self.without]

    def _standing(
        self, statements: Sequence[SourceStatement], denials: Sequence[Denial]
    ) -> list[SourceStatement]:
        """The statements that no other source takes from those that count."""
        denied = {plain(each.denied) for each in denials} if "denied" in self.without else set()
        return [each for each in statements if plain(each.source) not in denied]

    def best(
        self, statements: Sequence[SourceStatement], denials: Sequence[Denial]
    ) -> SourceStatement | None:
        """The statement that counts most; ``None`` if none counts. Sources without a date come before all others."""
        valid = self.valid(statements, denials)
        if not valid:
            return None
        if self.order == "first":
            return min(valid, key=lambda each: (not each.date, each.date, each.source))
        if self.order == "latest":
            return max(valid, key=lambda each: (each.date, each.source))
        return grouped(valid)[0].statements[0]

    def decisive(
        self, statements: Sequence[SourceStatement], denials: Sequence[Denial]
    ) -> list[SourceStatement]:
        """The statements on which the best one hangs: a change of how they are told could change it."""
        best, standing = self.best(statements, denials), self._standing(statements, denials)
        if best is None or self.order == "most":
            return standing
        if self.order == "latest":
            return [each for each in standing if (each.date, each.source) >= (best.date, best.source)]
        first = (not best.date, best.date, best.source)
        return [each for each in standing if (not each.date, each.date, each.source) <= first]


def grouped(statements: Sequence[SourceStatement]) -> list[Group]:
    """Statements by value, the value of most sources first; those that are told as they are count before others."""
    by_value: defaultdict[str, list[SourceStatement]] = defaultdict(list)
    for each in statements:
        by_value[plain(each.value)].append(each)
    found = [
        Group(each[0].value, tuple(sorted(each, key=lambda said: (said.date, said.source), reverse=True)))
        for each in by_value.values()
    ]
    return sorted(found, key=_support, reverse=True)


def _support(group: Group) -> tuple[int, int, str]:
    stated = {each.source for each in group.statements if each.kind == "stated"}
    return len(stated), len(group.sources), group.statements[0].date
