"""Decides what a question gets: an answer, if a statement holds its content words and a value of the wanted kind;
yes or no, if a statement decides it; else that it was not found, with the nearest that is said.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harlm.models.offline.coverage import (
    ContentWord,
    WordsHeld,
    asked_words,
    covers,
    held_in,
    in_columns,
    missing,
)
from harlm.models.offline.paraphrases import foreign_kind, is_loose
from harlm.models.offline.reading import Evidence, Reading
from harlm.models.offline.statements import plain_text
from harlm.models.offline.values import MONEY, has_value, wanted
from harlm.models.offline.verdicts import Verdict, verdict
from harlm.patterns import lazy_pattern

_EXAMINED = 120  # pieces of evidence
_EXAMINED_UNSORTED = 3_000  # where the words of the question do not rank them
_NAMED = 3  # missing words that a reply names
_ALLOWED = (0.0, 0.0, 0.0, 0.0, 0.5, 1.0, 1.5, 2.0)
"""What a statement may lack of a question, by the number of its words."""
_CONTINUES = lazy_pattern(
    r"^\W*(?:it|its|they|their|he|his|she|her|this|these|that|those|here|there|both|the (?:reason|latter|former))\b|\b(?:it|them|him)\b",
    re.IGNORECASE,
)
_THIS = frozenset(
    "shop store company firm office project program tool product policy agreement contract report".split()
)
"""What a document calls itself or its writer: its sentences need not repeat that."""
_PLACE_COLUMN = lazy_pattern(r"location|place|room|city|address|where|shelf|site|country", re.IGNORECASE)
_PRICED = frozenset("cost price charg pai pay much".split())


@dataclass(frozen=True, slots=True)
class Found:
    """A statement that answers, and the verdict if the question wants yes or no."""

    evidence: Evidence
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """That nothing answers: the words of the question that no passage holds, and the nearest statement, if any."""

    words: tuple[str, ...]
    nearest: Evidence | None
    is_yes_no: bool = False


def find(reading: Reading) -> Found | Missing:
    """The statement that answers the question of ``reading``, or what is missing."""
    search = _Search(reading)
    best = min(search.ranked(), default=None, key=lambda each: each[0])
    return Found(best[1]) if best is not None else search.missing()


def decide(reading: Reading) -> Found | Missing:
    """The statement that says yes or no to the question of ``reading``, or what is missing."""
    search = _Search(reading)
    best: tuple[tuple[int, float], Found] | None = None
    for evidence in search.examined:
        text, around, near = search.context(evidence)
        around = near if _CONTINUES.search(text) else around
        said = verdict(reading.question, search.words, text, around)
        if said is not None:
            lacking = missing(search.words, held_in(text) | around)
            key = (len(lacking), -evidence.score)
            if best is None or key < best[0]:
                best = (key, Found(evidence, said))
    return best[1] if best is not None else replace(search.missing(), is_yes_no=True)


class _Search:
    """One question over the evidence for it."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.words = asked_words(reading.question)
        self.is_foreign = foreign_kind(reading.question) is not None
        self.want = wanted(reading.question, reading.expected)
        evidence = reading.evidence()[: _EXAMINED_UNSORTED if self.is_foreign else _EXAMINED]
        self.examined = [each for each in evidence if not reading.statement(each).is_heading]

    def context(self, evidence: Evidence) -> tuple[str, WordsHeld, WordsHeld]:
        """A statement, the words of its headings, and these with the words of the statement before it."""
        reading = self.reading
        statement = reading.statement(evidence)
        passage = reading.passages[evidence.passage]
        text = passage.text[evidence.start : evidence.end]
        around = held_in(f"{_spaced(passage.name)}\n{statement.heading}\n{statement.header}")
        if statement.header:
            around |= in_columns(*columns(statement.header, text))
        before = reading.text_before(evidence)
        return text, around, around | held_in(before) if before else around

    def ranked(self) -> list[tuple[float, Evidence]]:
        """The statements that answer, each with a key; the lowest is best."""
        words = self.words
        if not words:
            return []
        found = []
        for evidence in self.examined:
            text, around, near = self.context(evidence)
            header = self.reading.statement(evidence).header
            is_row = bool(header)
            own = held_in(text) | around if is_row else held_in(text)
            lacks_own = self._lacking(words, own, text)
            if len(lacks_own) == len(words) and not (
                self._answers_heading(evidence) or _CONTINUES.search(text)
            ):
                continue
            lacks = self._lacking(lacks_own, around, text)
            level = 0
            if lacks and len(lacks_own) <= len(words) / 2 + 0.5 and self._continues(text, lacks_own):
                lacks, level = self._lacking(lacks, near, text), 1
            cost = self._cost(lacks, is_row=is_row)
            if not self._may_lack(lacks, lacks_own, cost):
                continue
            if not has_value(self.want, text, words):
                continue
            if is_row and self.want.counted and cell_of(self.reading.question, header, text) is None:
                continue  # how many rows there are is not said by one of them
            key = 4.0 * cost + 1.5 * level - 0.4 * evidence.score + 2.0 * len(lacks_own) / len(words)
            found.append((key, evidence))
        return found

    def _continues(self, text: str, lacks: Sequence[ContentWord]) -> bool:
        """Whether a statement continues with what the one before it speaks of."""
        if _CONTINUES.search(text):
            return True
        held = [word for word in self.words if word not in lacks]
        return len(held) >= 2 or any(not is_loose(word.stem) for word in held)

    def _cost(self, lacks: Sequence[ContentWord], *, is_row: bool) -> float:
        """How much is lacking: common verbs and the noun that is asked for count half, and verbs nothing in a row."""
        head = self.reading.expected.head
        loose = 0.0 if is_row else 0.5
        return sum(
            0.0
            if word.text.lower() in _THIS
            else loose
            if is_loose(word.stem)
            else 0.5
            if word.stem in head
            else 1.0
            for word in lacks
        )

    def _answers_heading(self, evidence: Evidence) -> bool:
        """Whether a statement stands under a question that holds all words of this one."""
        heading = self.reading.statement(evidence).heading
        return heading.endswith(("?", "？")) and not missing(
            self.words, held_in(heading), foreign=self.is_foreign
        )

    def _may_lack(self, lacks: Sequence[ContentWord], lacks_own: Sequence[ContentWord], cost: float) -> bool:
        """Whether a statement may answer although it lacks some words: the fewer the longer the question is, and
        rather common verbs and the noun that is asked for than others; never a name or number.
        """
        if not lacks:
            return True
        if any(word.kind != "word" for word in lacks):
            return False
        words = self.words
        has_anchor = any(word.kind != "word" and word not in lacks_own for word in words)
        return cost <= _ALLOWED[min(len(words), len(_ALLOWED) - 1)] + (
            0.5 if has_anchor and len(words) >= (4 if self.want.kind == "person" else 3) else 0.0
        )

    def _lacking(self, words: Sequence[ContentWord], held: WordsHeld, text: str) -> list[ContentWord]:
        has_amount = bool(MONEY.search(text))
        return [
            word
            for word in words
            if not covers(held, word, foreign=self.is_foreign) and not (has_amount and word.stem in _PRICED)
        ]

    def missing(self) -> Missing:
        """What no passage holds, and the nearest statement."""
        reading = self.reading
        everything = [
            held_in(passage.text) | held_in(f"{_spaced(passage.name)} {passage.heading}")
            for passage in reading.passages[:_EXAMINED]
        ]
        absent = [
            word.text
            for word in self.words
            if not any(covers(held, word, foreign=self.is_foreign) for held in everything)
        ]
        nearest = next(iter(self.examined), None)
        if nearest is not None and not (nearest.support > 0 or self.is_foreign):
            nearest = None
        return Missing(tuple(dict.fromkeys(absent))[:_NAMED], nearest)


def _spaced(name: str) -> str:
    return re.sub(r"[\W_]+|\.\w{1,5}(?=:|$)", " ", name)


def columns(header: str, row: str) -> tuple[list[str], list[str]]:
    """The names of the columns of a table, and the fields of a row; both empty if nothing separates them."""
    separator = next((mark for mark in ("|", "\t", ";", ",") if mark in header), None)
    if separator is None:
        return [], []
    lines = [header.strip(), row.strip()]
    if separator == "|":
        lines = [line.strip("|") for line in lines]
        names, fields = ([plain_text(each) for each in line.split("|")] for line in lines)
    else:
        names, fields = ([each.strip() for each in row] for row in csv.reader(lines, delimiter=separator))
    return names, fields


def cell_of(question: str, header: str, row: str) -> str | None:
    """The field of a row of a table under the heading that the question names; None if it names none, or several."""
    names, fields = columns(header, row)
    if len(names) != len(fields):
        return None
    words = asked_words(question)
    pairs = [
        (name, field)
        for name, field in zip(names, fields, strict=True)
        if field
        and not any(covers(held_in(field), word) or word.stem in held_in(field).stems for word in words)
    ]
    asked = [field for name, field in pairs if any(covers(held_in(name), word) for word in words)]
    if not asked and re.match(r"\W*where\b", question, re.IGNORECASE):
        asked = [field for name, field in pairs if _PLACE_COLUMN.search(name)]
    if not asked and re.match(r"\W*when\b", question, re.IGNORECASE):
        asked = [
            field for _, field in pairs if re.search(r"\d[-./:]\d\d\b", field) and not MONEY.search(field)
        ]
    return asked[0] if len(asked) == 1 else None
