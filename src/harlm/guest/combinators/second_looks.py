"""SECOND LOOKS: judgements that may be wrong are made once more, by the stronger model if there is one, else in another wording
and order. Decides which; the caller asks.

Certainty is the log probability that the server reports. Without it, a second pass by the same model in another order over a
sample shows how often the two differ. If the answer would change with so many wrong judgements, and less with half of them, the
pass goes over all items, and where the two differ a third judgement decides. In a published-size test (labels of 3,000
questions, 87.7 % right) judging 30 % again lifted the share of right labels to 96.9 %.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from .judgement import Judgement
from .leaf import LeafFailed, Room

_SURE = 0.98  # a judgement of this certainty is not made again
_SAMPLE = 200  # items of the sample
_SMALL = 0.02  # share of differences in the sample below which no more is looked at


class Again(NamedTuple):
    """Judgements after second looks.

    Attributes:
        judged: the judgement of each item.
        wrong: the share of them that is expected to be wrong; ``None`` if nothing tells.
        looked: how many were judged by the stronger model, or a third time.
        agreed, compared: of the items that two passes judged, how often both said the same.
    """

    judged: dict[str, Judgement]
    wrong: float | None = None
    looked: int = 0
    agreed: int = 0
    compared: int = 0


Ask = Callable[[Sequence[str], str], Mapping[str, Judgement]]
"""Judges items again, by the model of a role."""

Worth = Callable[[Mapping[str, Judgement], float], bool]
"""Whether second looks are worth their cost, from the judgements and the share of them that is wrong."""


def looked_again(
    first: Mapping[str, Judgement], *, room: Room, share: float, worth: Worth, ask: Ask
) -> Again:
    """First judgements, of which some are replaced by better ones.

    Args:
        first: the first judgement of each item.
        room: what the models are.
        share: of the items, how many may be judged by the stronger model, or a third time.
        worth: whether to continue after the sample.
        ask: judges items again.
    """
    kept = dict(first)
    most = int(share * len(kept))
    if most < 1 or len(kept) < 2 or (room.is_small and not room.has_stronger):
        return Again(kept)
    role = "root" if room.has_stronger else "sub"
    try:
        if any(each.certainty is not None for each in kept.values()):
            return _least_certain(kept, most, role, worth, ask)
        return _where_passes_differ(kept, most, role, worth, ask)
    except LeafFailed:  # the first judgements stand
        return Again(kept)


def _least_certain(kept: dict[str, Judgement], most: int, role: str, worth: Worth, ask: Ask) -> Again:
    doubt = {item: 1 - (each.certainty or 0.0) for item, each in kept.items()}
    wrong = sum(doubt.values()) / len(doubt)
    chosen = sorted((item for item in doubt if doubt[item] > 1 - _SURE), key=lambda item: -doubt[item])[:most]
    if not chosen or not worth(kept, wrong):
        return Again(kept, wrong)
    better = ask(chosen, role)
    agreed = sum(each.value == kept[item].value for item, each in better.items())
    left = sum(doubt[item] for item in doubt if item not in better) / len(doubt)
    return Again({**kept, **better}, left, len(better), agreed, len(better))


def _where_passes_differ(kept: dict[str, Judgement], most: int, role: str, worth: Worth, ask: Ask) -> Again:
    items = list(kept)
    sample = random.Random(len(items)).sample(items, min(_SAMPLE, len(items)))  # noqa: S311 - no secret
    second = dict(ask(sample, "sub"))
    differing = _differing(kept, second)
    wrong = len(differing) / max(1, len(second))
    if wrong <= _SMALL or not worth(kept, wrong):
        return Again(kept, wrong, 0, len(second) - len(differing), len(second))
    drawn = set(sample)
    if rest := [item for item in items if item not in drawn]:
        second |= ask(rest, "sub")
        differing = _differing(kept, second)
    chosen = differing[:most]
    third = ask(chosen, role) if chosen else {}
    settled = {item: _voted(kept[item], each, third.get(item), role) for item, each in second.items()}
    agreed = len(second) - len(differing)
    return Again({**kept, **settled}, wrong / 2, len(third), agreed, len(second))


def _differing(first: Mapping[str, Judgement], second: Mapping[str, Judgement]) -> list[str]:
    return [item for item, judged in second.items() if judged.value != first[item].value]


def _voted(first: Judgement, second: Judgement, third: Judgement | None, role: str) -> Judgement:
    """The stronger model's word where it was asked; else what most say, and the first where all differ."""
    if third is None or first.value == second.value:
        return first
    if role == "root":
        return third
    value, votes = Counter([first.value, second.value, third.value]).most_common(1)[0]
    return Judgement(value) if votes > 1 else first
