"""From examples to a router: heads, checks, costs, and how much a first failure says about a second attempt."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import permutations
from statistics import fmean
from typing import NamedTuple

import msgspec
import numpy as np

from harlm.errors import ContextError
from harlm.router.features import NAMES, kind_of
from harlm.router.model import CHECKED, ExampleSource, Head, Logistic, RouterModel
from harlm.router.trees import odds_of
from harlm.types import MODES, Mode
from harlm_train.boosting import fit_costs, fit_head
from harlm_train.examples import OWN_RUNS, Example, Examples
from harlm_train.regression import logistic

LEAST = 50
"""Fewer examples of a mode make no head."""

_PARTS = 3  # of the texts, for calibration
_RIGHT = 0.5  # the score from which on an answer counts as right, where only that matters
_LEAST_PAIRS = 30
_LEAST_OF_KIND = 20
_FAR = 1e9
_BOUNDED: Mapping[str, tuple[float, float]] = {
    "log_tokens": (1.0, 5.0),
    "log_documents": (9.0, 4.0),
    "log_words": (5.0, 2.0),
}
"""The features outside of whose values a task counts as unseen, with how far below and above those of the examples it may lie."""


class _Known(NamedTuple):
    """An example, and the probability by trees that have not seen its text."""

    example: Example
    chance: float


def fit(examples: Examples, *, on: date | None = None, seed: int = 0) -> RouterModel:
    """A router from examples.

    Texts are parted. Trees are made of all of them; what calibrates them, and what checks learn from, is said of each part by trees
    that were made of the others.

    Args:
        examples: of all modes.
        on: the date; today by default.
        seed: of the draws of the training.

    Raises:
        ContextError: no mode has enough examples, or all of a mode have one score in every mode.
    """
    heads: dict[Mode, Head] = {}
    known: dict[Mode, list[_Known]] = {}
    for mode in MODES:
        own = examples.of(mode)
        if len(own) >= LEAST:
            heads[mode], unseen = fit_head(own, [part_of(each.text, _PARTS, seed) for each in own], seed=seed)
            known[mode] = [_Known(*pair) for pair in zip(own, unseen, strict=True)]
    if not heads:
        counts = ", ".join(f"{mode}: {len(examples.of(mode)):,}" for mode in MODES)
        raise ContextError(f"no mode has {LEAST} examples ({counts}): run more questions in every mode")
    if all(not head.trees for head in heads.values()):
        raise ContextError(
            "every example of each mode has the same score, so nothing can be learned; run other questions"
        )
    bounds = [_bounds(name, [each.features[name] for each in examples.all]) for name in NAMES]
    return RouterModel(
        date=(on or date.today()).isoformat(),
        heads=heads,
        checks={mode: _check(some) for mode, some in known.items()},
        costs={
            mode: found for mode in heads if (found := fit_costs(examples.of(mode), seed=seed)) is not None
        },
        carry=_carry(known),
        kinds=_kinds(examples),
        lowest=tuple(low for low, _ in bounds),
        highest=tuple(high for _, high in bounds),
        origins=examples.origins,
    )


def with_own_trees(present: RouterModel, examples: Examples, *, on: date | None = None) -> RouterModel:
    """A router with trees from a user's own runs for the modes that have enough of them; other modes keep what the present one has.

    Raises:
        ContextError: as ``fit``.
    """
    own = fit(examples, on=on)
    return msgspec.structs.replace(
        own,
        heads={**present.heads, **own.heads},
        checks={**present.checks, **own.checks},
        costs={**present.costs, **own.costs},
        carry={**present.carry, **own.carry},
        kinds=tuple(sorted({*present.kinds, *own.kinds})),
        lowest=tuple(map(min, present.lowest, own.lowest)),
        highest=tuple(map(max, present.highest, own.highest)),
        origins=(*without_own(present.origins), *examples.origins),
    )


def without_own(origins: Sequence[ExampleSource]) -> tuple[ExampleSource, ...]:
    """Origins without a user's own runs, which are all read again at each training."""
    return tuple(each for each in origins if each.label != OWN_RUNS)


def part_of(name: str, parts: int, seed: int = 0) -> int:
    """Which of so many parts a text belongs to, by its name."""
    return hashlib.sha256(f"{seed} {name}".encode()).digest()[0] % parts


def is_held_out(name: str, one_of: int, seed: int = 0) -> bool:
    """Whether a text is held out: one of so many, by its name."""
    return part_of(name, one_of, seed) == 0


def _kinds(examples: Examples) -> tuple[str, ...]:
    """The kinds of tasks of which there are enough examples."""
    counted = Counter(kind_of(each.features) for each in examples.all)
    return tuple(sorted(kind for kind, number in counted.items() if number >= _LEAST_OF_KIND))


def _bounds(name: str, values: Sequence[float]) -> tuple[float, float]:
    if name not in _BOUNDED:
        return -_FAR, _FAR
    below, above = _BOUNDED[name]
    return min(values) - below, max(values) + above


def _check(known: Sequence[_Known]) -> Logistic:
    """What signals say, by a logistic regression with a ridge on answers that the trees do not know."""
    examples = [each.example for each in known]
    prior = np.array([odds_of(each.chance) for each in known])
    measured = np.array([[each.measured.get(name, 0.5) for name in CHECKED] for each in examples])
    wanted = np.array([each.score for each in examples])
    columns = np.column_stack([np.ones(len(examples)), prior, measured])
    found = logistic(columns, wanted, start=np.array([0.0, 1.0, *[0.0] * len(CHECKED)]))
    return Logistic(
        intercept=round(float(found[0]), 4),
        prior=round(float(found[1]), 4),
        weights={name: round(float(weight), 4) for name, weight in zip(CHECKED, found[2:], strict=True)},
    )


def _carry(known: Mapping[Mode, Sequence[_Known]]) -> dict[str, float]:
    """For each two modes: how often the second is right where the first was wrong, as a share of what was expected of it."""
    runs: dict[tuple[str, str], dict[Mode, _Known]] = defaultdict(dict)
    for mode, some in known.items():
        for each in some:
            runs[each.example.run, each.example.task][mode] = each
    found: dict[str, float] = {}
    for first, second in permutations(known, 2):
        pairs = [
            run[second]
            for run in runs.values()
            if second in run and first in run and run[first].example.score < _RIGHT
        ]
        if len(pairs) < _LEAST_PAIRS:
            continue
        expected = fmean(each.chance for each in pairs)
        right = fmean(each.example.score for each in pairs)
        found[f"{first}>{second}"] = round(min(1.0, right / max(1e-6, expected)), 3)
    return found
