"""``best_match``: the text that meets most of several conditions, by itself or through the texts that it names.

Texts that others name are read first, since they bear on many candidates; then candidates, the most promising first; the stronger
model checks the best of them. Reading ends when one meets every condition, else when so much has been read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .filtering import filter_by
from .leaf import Leaf
from .links import leads
from .rounds import texts_from

_MANY = 0.7  # share of the characters in texts that others name, from which on all are read at once
_FIRST = 0.1  # share of the candidates that are read first
_LEAST = 24  # candidates that are read at once, at least
_ROUNDS = 4  # of reading candidates
_CHECKED = 48_000  # characters of the texts that the stronger model checks in one round
_FINALISTS = 12

Met = frozenset[int]


class Match(NamedTuple):
    """A candidate.

    Attributes:
        text: the candidate.
        name: its name.
        met: the places of the conditions that it meets, by itself or through texts that it names.
        evidence: the texts that meet them, the candidate first.
        index: its place among the texts.
    """

    text: str
    name: str
    met: Met
    evidence: tuple[str, ...]
    index: int


class Matches(list[Match]):
    """Candidates, the best first.

    Attributes:
        coverage: the share of the texts that were read.
    """

    def __init__(self, found: Sequence[Match], coverage: float) -> None:
        super().__init__(found)
        self.coverage = coverage


@dataclass(slots=True)
class _Reading:
    """What is known while texts are read.

    Attributes:
        texts: all of them.
        conditions: in words.
        leads: for each text, those that it names.
        met: for each text that was read, the conditions that it meets.
        checked: those that the stronger model read.
    """

    leaf: Leaf
    texts: list[str]
    conditions: list[str]
    leads: list[list[int]]
    met: dict[int, Met] = field(default_factory=dict)
    checked: set[int] = field(default_factory=set)

    def read(self, places: Sequence[int], role: str = "sub") -> None:
        """Judge texts."""
        if not places:
            return
        found = filter_by(self.leaf, [self.texts[at] for at in places], self.conditions, role=role)
        for at, met in zip(places, found.met, strict=True):
            if met is not None:
                self.met[at] = met
                if role == "root":
                    self.checked.add(at)

    def through(self, at: int) -> Met:
        """The conditions that a text meets, by itself or through texts that it names."""
        return frozenset().union(*(self.met.get(each, frozenset()) for each in (at, *self.leads[at])))

    def points(self, at: int) -> tuple[int, int, int, int]:
        """How good a candidate is: conditions met, met as the stronger model says, by itself, and fewer texts that it names."""
        sure = frozenset().union(
            *(self.met[each] for each in (at, *self.leads[at]) if each in self.checked)
        )
        return len(self.through(at)), len(sure), len(self.met.get(at, ())), -len(self.leads[at])


def best_match(leaf: Leaf, items: Sequence[str], conditions: Sequence[str]) -> Matches:
    """The texts that meet most of the conditions, the best first.

    Args:
        leaf: asks the models.
        items: texts, such as the documents of a context. A text leads to those whose names stand in it.
        conditions: in words.

    Raises:
        TypeError, ValueError: an argument is of no such kind, or the model is too small to judge.
        LeafFailed: no call was answered.
    """
    texts = texts_from(items, "best_match")
    reading = _Reading(leaf, texts, list(texts_from(conditions, "best_match")), leads(texts))
    named = sorted({place for each in reading.leads for place in each})
    candidates = [at for at in range(len(texts)) if reading.leads[at]]
    size = sum(map(len, texts)) or 1
    if not candidates or sum(len(texts[at]) for at in named) > _MANY * size:
        reading.read(range(len(texts)))
        candidates = list(range(len(texts)))
    else:
        reading.read(named)
    _settle(reading, candidates)
    ranked = sorted((at for at in range(len(texts)) if at in reading.met), key=reading.points, reverse=True)
    leaf.signal("coverage", [len(reading.met), len(texts)])
    found = [_match(reading, at) for at in ranked[:_FINALISTS] if reading.through(at)]
    return Matches(found, len(reading.met) / len(texts) if texts else 1.0)


def _settle(reading: _Reading, candidates: Sequence[int]) -> None:
    """Read candidates until one meets every condition, checked by the stronger model if there is one."""
    at_once = max(_LEAST, int(_FIRST * len(candidates)))
    for _ in range(_ROUNDS):
        todo = sorted(
            (at for at in candidates if at not in reading.met), key=lambda at: (-len(reading.through(at)), at)
        )
        reading.read(todo[:at_once])
        best = _checked(reading, candidates)
        if best is None or len(reading.through(best)) == len(reading.conditions) or len(todo) <= at_once:
            return


def _checked(reading: _Reading, candidates: Sequence[int]) -> int | None:
    """The best candidate so far; what it and its rivals rest on is read by the stronger model first."""
    known = [at for at in candidates if at in reading.met]
    if not known:
        return None
    if reading.leaf.room().has_stronger:
        reading.read(_doubtful(reading, sorted(known, key=reading.points, reverse=True)), role="root")
    return max(known, key=reading.points)


def _doubtful(reading: _Reading, ranked: Sequence[int]) -> list[int]:
    """The texts on which the best candidates rest, as far as they are not checked and there is room."""
    places: dict[int, None] = {}
    left = _CHECKED
    for at in ranked[:_FINALISTS]:
        for each in (at, *reading.leads[at]):
            if each in reading.met and each not in reading.checked and each not in places:
                left -= len(reading.texts[each])
                if left < 0:
                    return list(places)
                places[each] = None
    return list(places)


def _match(reading: _Reading, at: int) -> Match:
    text = reading.texts[at]
    evidence = [reading.texts[each] for each in reading.leads[at] if reading.met.get(each)]
    return Match(text, str(getattr(text, "name", "")), reading.through(at), (text, *evidence), at)
