"""How good a router is: against each fixed mode, and against a choice that knows how every mode does on every task.

A task is a question about a text, asked several times in every mode. What a mode is worth on a task is the mean over these draws.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import NamedTuple

from harlm.router.cascade import next_step, right_after
from harlm.router.model import RouterModel
from harlm.router.policy import Estimate, decide
from harlm.types import (
    MODES,
    Confidence,
    Context,
    Mode,
    ModelFacts,
    Option,
    Profile,
    Route,
    Situation,
    Task,
    Tried,
    Worth,
)
from harlm_train.examples import Example, Examples

_BINS = 10  # of a calibration error, with equal numbers of records
_NO_TASK = Task(question="", context=Context.of_text(""))
_NO_PROFILE = Profile(tokens=0, characters=0, documents=0, kinds=(), structure="prose")
_NO_MODEL = ModelFacts(name="", window=1)


Right = Callable[[Example], float]
"""How probable a right answer was, by what was known before the run."""


class Outcome(NamedTuple):
    """What a choice leads to, on average: score, micro-dollars."""

    score: float
    micros: float

    def utility(self, worth: float) -> float:
        """Dollars, if a right answer is worth so many."""
        return worth * self.score - self.micros / 1e6


_NOTHING = Outcome(0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One task with its runs.

    Attributes:
        name, family, wording: of the task.
        runs: by mode, the draws.
    """

    name: str
    family: str
    wording: str
    runs: Mapping[Mode, Sequence[Example]]

    def outcome(self, mode: Mode) -> Outcome:
        """The mean outcome of a mode; nothing where it is impossible."""
        runs = self.runs.get(mode)
        if not runs:
            return _NOTHING
        return Outcome(fmean(each.score for each in runs), fmean(each.micros or 0 for each in runs))

    def drawn(self, mode: Mode, run: str) -> Example | None:
        """One draw of a mode."""
        return next((each for each in self.runs.get(mode, ()) if each.run == run), None)


def asked_in(examples: Examples) -> list[Asked]:
    """The tasks of examples."""
    found: dict[str, dict[Mode, list[Example]]] = defaultdict(lambda: defaultdict(list))
    for each in examples.all:
        found[each.task][each.mode].append(each)
    firsts = {name: next(iter(next(iter(runs.values())))) for name, runs in found.items()}
    return [
        Asked(name=name, family=firsts[name].family, wording=firsts[name].wording, runs=dict(runs))
        for name, runs in found.items()
    ]


class Measured(NamedTuple):
    """How a router compares, on a set of tasks and for one worth of an answer.

    Attributes:
        tasks: how many.
        worth: dollars of a right answer.
        router, cascade: the outcome of choosing once, and of choosing with escalation.
        fixed: the outcome of each fixed mode.
        oracle: of the best mode of each task, by its mean.
        gain, cascade_gain: the share of the oracle's gain in utility over the best fixed mode.
        chosen: how often each mode was chosen.
        escalated: the share of tasks with a second attempt.
    """

    tasks: int
    worth: float
    router: Outcome
    cascade: Outcome
    fixed: Mapping[Mode, Outcome]
    oracle: Outcome
    gain: float
    cascade_gain: float
    chosen: Mapping[Mode, int]
    escalated: float

    @property
    def best_fixed(self) -> Mode:
        """The fixed mode with the greatest utility."""
        return max(self.fixed, key=lambda mode: self.fixed[mode].utility(self.worth))


def measure(
    model: RouterModel, tasks: Sequence[Asked], *, worth: float = 1.0, right: Right | None = None
) -> Measured:
    """Compare a router with fixed modes and with the oracle.

    Args:
        model: the router.
        tasks: to choose for; such as it was not trained on.
        worth: dollars of a right answer.
        right: gives the probabilities in place of the trees.
    """
    routes = [_routed(model, each, worth, right) for each in tasks]
    chosen = [each.outcome(route.mode) for each, (_, route) in zip(tasks, routes, strict=True)]
    followed = [_followed(model, each, *route) for each, route in zip(tasks, routes, strict=True)]
    fixed = {mode: _mean([each.outcome(mode) for each in tasks]) for mode in MODES}
    oracle = _mean(
        [max((each.outcome(mode) for mode in MODES), key=lambda one: one.utility(worth)) for each in tasks]
    )
    router, cascade = _mean(chosen), _mean([each for each, _ in followed])
    floor = max(each.utility(worth) for each in fixed.values())
    room = oracle.utility(worth) - floor
    counted = {mode: sum(route.mode == mode for _, route in routes) for mode in MODES}
    return Measured(
        tasks=len(tasks),
        worth=worth,
        router=router,
        cascade=cascade,
        fixed=fixed,
        oracle=oracle,
        gain=(router.utility(worth) - floor) / room if room > 1e-9 else 1.0,
        cascade_gain=(cascade.utility(worth) - floor) / room if room > 1e-9 else 1.0,
        chosen=counted,
        escalated=fmean(steps > 1 for _, steps in followed) if followed else 0.0,
    )


def calibration_error(model: RouterModel, examples: Examples, right: Right | None = None) -> float:
    """The mean distance between a probability and the share of right answers that got it, over bins with equal numbers of records."""
    said = right or _by_trees(model)
    pairs = sorted((said(each), each.score) for each in examples.all if each.mode in model.heads)
    size = math.ceil(len(pairs) / _BINS) or 1
    bins = [pairs[at : at + size] for at in range(0, len(pairs), size)]
    return sum(
        len(each) / len(pairs) * abs(fmean(chance for chance, _ in each) - fmean(score for _, score in each))
        for each in bins
    )


def cost_cuts(model: RouterModel, tasks: Sequence[Asked], *, worth: float = 1.0) -> tuple[float, float]:
    """How many times cheaper the router's choices are than always *full*: of the mean, and of the median task."""
    pairs = [
        (each.outcome("full").micros, each.outcome(_routed(model, each, worth)[1].mode).micros)
        for each in tasks
    ]
    ratios = [full / max(1.0, ours) for full, ours in pairs if full]
    return sum(full for full, _ in pairs) / max(1.0, sum(ours for _, ours in pairs)), median(
        ratios
    ) if ratios else 1.0


def _by_trees(model: RouterModel) -> Right:
    return lambda each: model.heads[each.mode].probability(each.vector) if each.mode in model.heads else 0.5


def _routed(
    model: RouterModel, task: Asked, worth: float, right: Right | None = None
) -> tuple[Situation, Route]:
    said = right or _by_trees(model)
    options: list[Option] = []
    expected: dict[int, Estimate] = {}
    for mode, runs in sorted(task.runs.items(), key=lambda each: MODES.index(each[0])):
        first = runs[0]
        factor = model.factors[mode].micros if mode in model.factors else 1.0
        expected[len(options)] = Estimate(
            right=said(first),
            micros=None if first.expected_micros is None else round(first.expected_micros * factor),
            seconds=0.0,
        )
        options.append(Option(mode=mode, micros=first.expected_micros))
    situation = Situation(
        task=_NO_TASK,
        profile=_NO_PROFILE,
        root=_NO_MODEL,
        sub=_NO_MODEL,
        options=tuple(options),
        worth=Worth(answer=worth),
    )
    choice = decide(situation, expected)
    chances = {option.mode: expected[place].right for place, option in enumerate(options)}
    return situation, Route(mode=choice.option.mode, probabilities=chances, weighed=choice.weighed)


def _followed(model: RouterModel, task: Asked, situation: Situation, route: Route) -> tuple[Outcome, float]:
    """The mean outcome of the route with its escalations, over the draws, and the mean number of attempts."""
    runs = [each.run for each in task.runs[route.mode]]
    walks = [_walk(model, task, situation, route, run) for run in runs]
    return _mean([each for each, _ in walks]), fmean(steps for _, steps in walks)


def _walk(
    model: RouterModel, task: Asked, situation: Situation, route: Route, run: str
) -> tuple[Outcome, int]:
    mode, tried, spent = route.mode, list[Tried](), 0.0
    best_score, best_right = 0.0, -1.0
    while (example := task.drawn(mode, run)) is not None:
        spent += example.micros or 0
        tried.append(_tried(example))
        right = right_after(model, mode, route.probabilities.get(mode, 0.5), tried[-1])
        if right >= best_right:
            best_score, best_right = example.score, right
        step = next_step(model, situation, route, tried)
        if step is None:
            break
        mode = step.mode
    return Outcome(best_score, spent), len(tried)


def _tried(example: Example) -> Tried:
    return Tried(mode=example.mode, status=example.status, confidence=Confidence(signals=example.signals))


def _mean(outcomes: Sequence[Outcome]) -> Outcome:
    if not outcomes:
        return _NOTHING
    return Outcome(fmean(each.score for each in outcomes), fmean(each.micros for each in outcomes))


Filter = Callable[[Asked], bool]
