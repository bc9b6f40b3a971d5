"""``best_match``: the text that meets most of several conditions, by itself or through the texts that it names.

Texts that others name are read first, since they bear on many candidates; then candidates, the most promising first; the stronger
model checks the best of them. Reading ends when one meets every condition, else when so much has been read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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

_SURE = 0.5  # probability that a candidate meets every condition, from which on reading ends
_PRIOR = -2.0  # log odds that a text meets a condition, before it is read: about one in eight does
_HITS = {"sub": 0.85, "root": 0.95}  # of the conditions that a text meets, how many a model finds
_FALSE = {"sub": 0.02, "root": 0.01}  # of those that it does not meet, how many a model takes for met
_FOR = {role: math.log(_HITS[role] / _FALSE[role]) for role in _HITS}
_AGAINST = {role: math.log((1 - _HITS[role]) / (1 - _FALSE[role])) for role in _HITS}

Met = frozenset[int]


class Match(NamedTuple):
    """A candidate.

    Attributes:
        text: the candidate.
        name: its name.
        met: the places of the conditions that it meets, by itself or through texts that it names.
        evidence: the texts that meet them, the candidate first.
        place: its place among the texts.
    """

    text: str
    name: str
    met: Met
    evidence: tuple[str, ...]
    place: int


class Matches(list[Match]):
    """Candidates, the best first.

    Attributes:
        coverage: the share of the texts that were read.
    """

    def __init__(self, found: Sequence[Match], coverage: float) -> None:
        super().__init__(found)
        self.coverage = coverage


class _Reading:
    """What is known while texts are read.

    Attributes:
        texts: all of them.
        conditions: in words.
        leads: for each text, those that it names.
        said: for each text and each model that read it, the conditions that it meets.
    """

    def __init__(self, leaf: Leaf, texts: list[str], conditions: list[str], leads: list[list[int]]) -> None:
        self.leaf, self.texts, self.conditions, self.leads = leaf, texts, conditions, leads
        self.said: dict[int, dict[str, Met]] = {}

    def read(self, places: Sequence[int], role: str = "sub") -> None:
        """Judge texts."""
        if not places:
            return
        found = filter_by(self.leaf, [self.texts[at] for at in places], self.conditions, role=role)
        for at, met in zip(places, found.met, strict=True):
            if met is not None:
                self.said.setdefault(at, {})[role] = met

    def odds(self, at: int) -> list[float]:
        """For each condition the log odds that a candidate meets it, by the text, among it and those that it names, that speaks most
        for it.
        """
        texts = [self.said.get(each, {}) for each in (at, *self.leads[at])]
        return [_PRIOR + max(_odds(each, number) for each in texts) for number in range(len(self.conditions))]

    def points(self, at: int) -> tuple[float, int]:
        """The log probability that a candidate meets every condition; of equal ones, the one that names fewer texts is better."""
        return round(-sum(math.log1p(math.exp(-each)) for each in self.odds(at)), 6), -len(self.leads[at])

    def met(self, at: int) -> Met:
        """The conditions that a candidate rather meets than not."""
        return frozenset(number for number, odds in enumerate(self.odds(at)) if odds > 0)


def _odds(said: Mapping[str, Met], number: int) -> float:
    """How much all models that read a text add to the log odds that it meets a condition; 0 if none did."""
    return sum(_FOR[role] if number in met else _AGAINST[role] for role, met in said.items())


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
    ranked = sorted(reading.said, key=reading.points, reverse=True)
    found = [_match(reading, at) for at in ranked[:_FINALISTS] if reading.met(at)]
    return Matches(found, len(reading.said) / len(texts) if texts else 1.0)


def _settle(reading: _Reading, candidates: Sequence[int]) -> None:
    """Read candidates until one seems to meet every condition, also after the stronger model, if there is one, has checked it."""
    at_once = max(_LEAST, int(_FIRST * len(candidates)))
    has_stronger = reading.leaf.room().has_stronger
    for _ in range(_ROUNDS):
        unread = (at for at in candidates if at not in reading.said)
        todo = sorted(unread, key=lambda at: (-reading.points(at)[0], at))
        reading.read(todo[:at_once])
        if has_stronger:
            reading.read(_unchecked(reading), "root")
        best = max(reading.said, key=reading.points, default=None)
        if best is None or reading.points(best)[0] >= math.log(_SURE) or len(todo) <= at_once:
            return


def _unchecked(reading: _Reading) -> list[int]:
    """The texts on which the best candidates rest, as far as the stronger model did not read them and there is room."""
    places: dict[int, None] = {}
    left = _CHECKED
    for at in sorted(reading.said, key=reading.points, reverse=True)[:_FINALISTS]:
        for each in (at, *reading.leads[at]):
            if each not in places and each in reading.said and "root" not in reading.said[each]:
                left -= len(reading.texts[each])
                if left < 0:
                    return list(places)
                places[each] = None
    return list(places)


def _match(reading: _Reading, at: int) -> Match:
    text = reading.texts[at]
    evidence = [reading.texts[each] for each in reading.leads[at] if any(reading.said.get(each, {}).values())]
    return Match(text, str(getattr(text, "name", "")), reading.met(at), (text, *evidence), at)
