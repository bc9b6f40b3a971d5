"""How much an answer would change if some of the judgements that it rests on were wrong. Draws wrong judgements at a rate,
computes the answer again, and compares.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .judgement import Judgement

_DRAWS = 24
_GAIN = 0.04  # of likeness that second looks must promise
_LEFT = 0.5  # share of the wrong judgements that second looks leave

Answer = Callable[[list[str | None]], Any]
"""Computes an answer from the judgement of each item."""


class Stability:
    """The stability of one answer.

    Args:
        answer: computes it.
        items: the items, in the order in which ``answer`` takes their judgements; equal ones are judged alike.
    """

    def __init__(self, answer: Answer, items: Sequence[str]) -> None:
        self._answer = answer
        self._items = items

    def at(self, judged: Mapping[str, Judgement], wrong: float) -> float:
        """How like the answer is to itself, 0 to 1, if this share of the judgements is wrong: the mean over some draws."""
        values = {item: each.value for item, each in judged.items()}
        usual = self._computed(values)
        options = list(values.values())
        chance = random.Random(len(values))  # noqa: S311 - a draw, not a secret
        total = 0.0
        for _ in range(_DRAWS):
            drawn = {
                item: chance.choice(options) if chance.random() < wrong else value
                for item, value in values.items()
            }
            total += likeness(usual, self._computed(drawn))
        return total / _DRAWS

    def promises_gain(self, judged: Mapping[str, Judgement], wrong: float) -> bool:
        """Whether second looks would make the answer more stable: not if it is stable already, nor if so much is wrong that it
        stays unstable.
        """
        return self.at(judged, _LEFT * wrong) - self.at(judged, wrong) >= _GAIN

    def _computed(self, values: Mapping[str, str]) -> Any:
        try:
            return self._answer([values.get(item) for item in self._items])
        except Exception:  # noqa: BLE001 - a cell wrote it, and will see why it fails when it computes its answer
            return object()


def likeness(one: Any, other: Any) -> float:
    """How like two answers are, 0 to 1: of lists, and of texts of several lines, the F1 of their entries; else all or nothing."""
    if one == other:
        return 1.0
    first, second = _entries(one), _entries(other)
    if first is None or second is None or not first or not second:
        return 0.0
    return 2 * len(first & second) / (len(first) + len(second))


def _entries(answer: Any) -> set[Any] | None:
    if isinstance(answer, str):
        lines = answer.splitlines()
        return set(lines) if len(lines) > 1 else None
    if isinstance(answer, dict):
        answer = list(answer.items())
    if isinstance(answer, list | tuple | set | frozenset):
        return {repr(each) for each in answer}
    return None
