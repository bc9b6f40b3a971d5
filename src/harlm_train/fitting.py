"""From examples to a router: heads, checks, costs, and how much a first failure says about a second attempt."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from statistics import fmean

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

_HELD_OUT = 3  # one text of so many calibrates
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


def fit(examples: Examples, *, on: date | None = None, seed: int = 0) -> RouterModel:
    """A router from examples.

    Texts are parted: two thirds make the trees, one third calibrates them and makes the checks, so that these see what trees say
    of texts that they do not know.

    Args:
        examples: of all modes.
        on: the date; today by default.
        seed: of the draws of the training.

    Raises:
        ContextError: no mode has enough examples, or all of a mode have one score in every mode.
    """
    held = [is_held_out(each.text, _HELD_OUT, seed) for each in examples.all]
    fitted, calibrating = examples.where(not each for each in held), examples.where(held)
    heads: dict[Mode, Head] = {}
    for mode in MODES:
        if len(fitted.of(mode)) >= LEAST:
            heads[mode] = fit_head(fitted.of(mode), calibrating.of(mode), seed=seed)
    if not heads:
        counts = ", ".join(f"{mode}: {len(examples.of(mode)):,}" for mode in MODES)
        raise ContextError(
            f"no mode has {LEAST * _HELD_OUT // (_HELD_OUT - 1)} examples ({counts}): run more questions in every mode"
        )
    if all(not head.trees for head in heads.values()):
        raise ContextError(
            "every example of each mode has the same score, so nothing can be learned; run other questions"
        )
    bounds = [_bounds(name, [each.features[name] for each in examples.all]) for name in NAMES]
    return RouterModel(
        date=(on or date.today()).isoformat(),
        heads=heads,
        checks={
            mode: check for mode in heads if (check := _check(heads[mode], calibrating.of(mode))) is not None
        },
        costs={
            mode: found for mode in heads if (found := fit_costs(examples.of(mode), seed=seed)) is not None
        },
        carry=_carry(heads, calibrating),
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


def is_held_out(name: str, one_of: int, seed: int = 0) -> bool:
    """Whether a text is held out: one of so many, by its name."""
    return hashlib.sha256(f"{seed} {name}".encode()).digest()[0] % one_of == 0


def _kinds(examples: Examples) -> tuple[str, ...]:
    """The kinds of tasks of which there are enough examples."""
    counted = Counter(kind_of(each.features) for each in examples.all)
    return tuple(sorted(kind for kind, number in counted.items() if number >= _LEAST_OF_KIND))


def _bounds(name: str, values: Sequence[float]) -> tuple[float, float]:
    if name not in _BOUNDED:
        return -_FAR, _FAR
    below, above = _BOUNDED[name]
    return min(values) - below, max(values) + above


def _check(head: Head, examples: Sequence[Example]) -> Logistic | None:
    """What signals say, by a logistic regression with a ridge on answers that the trees do not know."""
    if len(examples) < LEAST:
        return None
    prior = np.array([odds_of(head.probability(each.vector)) for each in examples])
    measured = np.array([[each.measured.get(name, 0.5) for name in CHECKED] for each in examples])
    wanted = np.array([each.score for each in examples])
    columns = np.column_stack([np.ones(len(examples)), prior, measured])
    found = logistic(columns, wanted, start=np.array([0.0, 1.0, *[0.0] * len(CHECKED)]))
    return Logistic(
        intercept=round(float(found[0]), 4),
        prior=round(float(found[1]), 4),
        weights={name: round(float(weight), 4) for name, weight in zip(CHECKED, found[2:], strict=True)},
    )


def _carry(heads: Mapping[Mode, Head], examples: Examples) -> dict[str, float]:
    """For each two modes: how often the second is right where the first was wrong, as a share of what was expected of it."""
    runs: dict[tuple[str, str], dict[Mode, Example]] = defaultdict(dict)
    for each in examples.all:
        if each.mode in heads:
            runs[each.run, each.task][each.mode] = each
    found: dict[str, float] = {}
    for first in heads:
        for second in heads:
            pairs = [
                run[second]
                for run in runs.values()
                if second in run and first in run and run[first].score < _RIGHT
            ]
            if first == second or len(pairs) < _LEAST_PAIRS:
                continue
            expected = fmean(heads[second].probability(each.vector) for each in pairs)
            found[f"{first}>{second}"] = round(
                min(1.0, fmean(each.score for each in pairs) / max(1e-6, expected)), 3
            )
    return found
