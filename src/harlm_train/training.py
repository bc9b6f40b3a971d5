"""A whole training: hold out, fit, measure, refuse what is worth nothing, and say what it is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import msgspec

from harlm.config import Config
from harlm.errors import ConfigError
from harlm.home import router_file, runs_of
from harlm.router.model import RouterModel, RouterQuality, load, shipped
from harlm_train.correction import ENOUGH, corrected
from harlm_train.examples import Examples, from_runs
from harlm_train.fitting import fit, is_held_out, with_own_trees
from harlm_train.measuring import asked_in, calibration_error, cost_cuts, logged_scores, measure

LEAST_OWN = 20
"""Fewer rated runs correct nothing."""

_TEST = 5  # one text of so many is held out to measure
_SALT = 7_919  # so that the texts held out to measure are others than those held out to calibrate
_FOLDS = 3


Learn = Callable[[RouterModel, Examples], RouterModel]
"""A way to learn from a user's own runs, on top of a router."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A trained router, and what is to be said of it, as lines."""

    model: RouterModel
    told: tuple[str, ...]


def train_from(examples: Examples, *, seed: int = 0) -> Made:
    """A router from examples in which every task was run in several modes.

    Raises:
        ContextError: there are too few, or nothing can be learned from them.
        ConfigError: the router is worth less than the best fixed mode on the texts that were held out.
    """
    held = [is_held_out(each.text, _TEST, seed + _SALT) for each in examples.all]
    training, test = examples.where(not each for each in held), examples.where(held)
    model = fit(training, seed=seed)
    tasks = asked_in(test)
    measured = measure(model, tasks)
    if measured.gain < 0 and measured.cascade_gain < 0:
        raise ConfigError(
            f"the router is worth less than always {measured.best_fixed} on {len(tasks)} tasks that were held out, so it is not written; "
            "run more questions in every mode, or set engine.mode"
        )
    whole = fit(examples, seed=seed)  # with the texts that were held out to measure
    quality = RouterQuality(
        tasks=len(tasks),
        gain=round(measured.gain, 4),
        calibration_error=round(calibration_error(model, test), 4),
    )
    return Made(
        model=msgspec.structs.replace(whole, quality=quality), told=tuple(told_of(model, test, (1.0,)))
    )


def trained_from_runs(config: Config, *, seed: int = 0) -> Made:
    """The present router, corrected by the user's own rated runs; from ``ENOUGH`` runs on with trees of their own, if these predict
    held-out runs better.

    Raises:
        ContextError: no run is rated.
        ConfigError: there are too few, or what was learned predicts held-out runs worse than what was known.
    """
    examples = from_runs(runs_of(config))
    if len(examples.all) < LEAST_OWN:
        raise ConfigError(
            f"{len(examples.all)} rated runs are too few: rate at least {LEAST_OWN} with `harlm runs rate RUN good|bad`"
        )
    own = router_file(config)
    present = load(own) if own.exists() else shipped()
    ways: dict[str, Learn] = {"a correction": corrected}
    if len(examples.all) >= ENOUGH:
        ways["trees of their own"] = with_own_trees
    before, errors = _errors_of(present, examples, ways, seed)
    best = min(errors, key=lambda way: errors[way])
    if errors[best] > before:
        raise ConfigError(
            f"what {len(examples.all)} rated runs teach predicts others of them worse than the present router (squared error "
            f"{errors[best]:.4f} against {before:.4f}), so nothing is written; rate more runs"
        )
    model = ways[best](present, examples)
    score, fixed = logged_scores(model, examples)
    mode = max(fixed, key=lambda each: fixed[each])
    if score < fixed[mode] and len(fixed) > 1:
        raise ConfigError(
            f"the router would have had {score:.0%} good answers and always {mode} {fixed[mode]:.0%}, so it is not written; "
            "set engine.mode, or rate more runs of other modes (router.exploration)"
        )
    told = (
        f"{len(examples.all):,} rated runs give {best}: squared error {before:.4f} before, {errors[best]:.4f} after, each on runs that "
        f"it had not seen; trees of their own are tried from {ENOUGH:,} runs on",
    )
    return Made(model=model, told=told)


def _errors_of(
    present: RouterModel, examples: Examples, ways: Mapping[str, Learn], seed: int
) -> tuple[float, dict[str, float]]:
    """The squared error of a router, and of what each way of learning makes of it, on parts of the examples that it has not seen."""
    before: list[float] = []
    after: dict[str, list[float]] = {way: [] for way in ways}
    for fold in range(_FOLDS):
        held = [number % _FOLDS == (fold + seed) % _FOLDS for number in range(len(examples.all))]
        known, test = examples.where(not each for each in held), examples.where(held)
        before.append(error(present, test))
        for way, learn in ways.items():
            after[way].append(error(learn(present, known), test))
    return fmean(before), {way: fmean(found) for way, found in after.items()}


def error(model: RouterModel, examples: Examples) -> float:
    """The mean squared distance between the probability and the score."""
    known = [each for each in examples.all if each.mode in model.heads]
    return (
        fmean((model.heads[each.mode].probability(each.vector) - each.score) ** 2 for each in known)
        if known
        else 0.0
    )


def told_of(model: RouterModel, examples: Examples, worths: Sequence[float]) -> list[str]:
    """How a router does on examples, as lines: against fixed modes and the oracle, calibration, cost."""
    tasks = asked_in(examples)
    labels = ", ".join(dict.fromkeys(each.label for each in examples.origins))
    lines = [f"{labels}: {len(tasks):,} tasks, {len(examples.all):,} runs"]
    for worth in worths:
        found = measure(model, tasks, worth=worth)
        lines.append(
            f"  an answer worth ${worth:g}: router {found.router.score:.1%} at ${found.router.micros / 1e6:.4f}, with escalation "
            f"{found.cascade.score:.1%} at ${found.cascade.micros / 1e6:.4f}; always {found.best_fixed} "
            f"{found.fixed[found.best_fixed].score:.1%} at ${found.fixed[found.best_fixed].micros / 1e6:.4f}; oracle "
            f"{found.oracle.score:.1%} at ${found.oracle.micros / 1e6:.4f}; share of its gain {found.gain:.2f}, with escalation "
            f"{found.cascade_gain:.2f}"
        )
    mean, middle = cost_cuts(model, tasks)
    lines.append(
        f"  calibration error {calibration_error(model, examples):.3f}; {mean:.1f} times cheaper than always full, the median task {middle:.1f} times"
    )
    return lines
