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

from harlm.router.cascade import keeps_later, next_step, right_after
from harlm.router.model import RouterModel
from harlm.router.policy import Outlook, decide
from harlm.types import (
    MODES,
    Confidence,
    Context,
    Mode,
    ModelFacts,
    Profile,
    Route,
    RouteOption,
    Situation,
    Task,
    Tried,
    Worth,
)
from harlm_train.examples import Example, Examples
from harlm_train.unseen import chosen_by_rules

_PRIORS = (0.5, 1.0, 2.0, 4.0, 8.0)  # draws that the router's probability counts as
_NO_ROOM = 1e-9  # dollars
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
        name, family, text: of the task.
        runs: by mode, the draws.
    """

    name: str
    family: str
    text: str
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
        Asked(name=name, family=firsts[name].family, text=firsts[name].text, runs=dict(runs))
        for name, runs in found.items()
    ]


class Measured(NamedTuple):
    """How a router compares, on a set of tasks and for one worth of an answer.

    Attributes:
        tasks: how many.
        worth: dollars of a right answer.
        router, cascade: the outcome of choosing once, and of choosing with escalation.
        fixed: the outcome of each fixed mode.
        oracle: of a choice that knows what the router knows, and how every mode did on the other draws of the same task.
        hindsight: of the best mode of each task by all its draws. With few draws it is better than any choice can be: it knows luck.
        chosen: how often each mode was chosen.
        escalated: the share of tasks with a second attempt.
    """

    tasks: int
    worth: float
    router: Outcome
    cascade: Outcome
    fixed: Mapping[Mode, Outcome]
    oracle: Outcome
    hindsight: Outcome
    chosen: Mapping[Mode, int]
    escalated: float

    @property
    def best_fixed(self) -> Mode:
        """The fixed mode with the greatest utility."""
        return max(self.fixed, key=lambda mode: self.fixed[mode].utility(self.worth))

    @property
    def gain(self) -> float:
        """The share of the oracle's gain in utility over the best fixed mode that one choice has."""
        return self._share(self.router)

    @property
    def cascade_gain(self) -> float:
        """The same with escalation."""
        return self._share(self.cascade)

    def _share(self, outcome: Outcome) -> float:
        """Where there is nothing to gain it is 1, or -1 if the outcome is worse than the best fixed mode."""
        floor = self.fixed[self.best_fixed].utility(self.worth)
        gained, room = outcome.utility(self.worth) - floor, self.oracle.utility(self.worth) - floor
        if room > _NO_ROOM:
            return gained / room
        return 1.0 if gained >= -_NO_ROOM else -1.0


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
    hindsight = _mean(
        [max((each.outcome(mode) for mode in MODES), key=lambda one: one.utility(worth)) for each in tasks]
    )
    oracle = _mean(informed(model, tasks, worth))
    router, cascade = _mean(chosen), _mean([each for each, _ in followed])
    counted = {mode: sum(route.mode == mode for _, route in routes) for mode in MODES}
    return Measured(
        tasks=len(tasks),
        worth=worth,
        router=router,
        cascade=cascade,
        fixed=fixed,
        oracle=oracle,
        hindsight=hindsight,
        chosen=counted,
        escalated=fmean(steps > 1 for _, steps in followed) if followed else 0.0,
    )


def lead(
    model: RouterModel, tasks: Sequence[Asked], mode: Mode, *, worth: float = 1.0
) -> tuple[float, float]:
    """By how much choosing with escalation is worth more than a fixed mode, in dollars a task, and the standard error of that. Tasks
    about one text count as one draw of texts.
    """
    by_text: dict[str, list[float]] = defaultdict(list)
    for task in tasks:
        ours, _ = _followed(model, task, *_routed(model, task, worth))
        by_text[task.text].append(ours.utility(worth) - task.outcome(mode).utility(worth))
    mean = fmean(each for some in by_text.values() for each in some)
    apart = [sum(some) - mean * len(some) for some in by_text.values()]
    return mean, math.sqrt(sum(each * each for each in apart)) / len(tasks)


def informed(model: RouterModel, tasks: Sequence[Asked], worth: float) -> list[Outcome]:
    """The outcome on each task of a choice that knows what the router knows, and how every mode did on the other draws of that task.

    What it believes of a mode is the router's probability, counted as so many draws, and the other draws; of several such numbers that
    is taken which turns out best. With one draw only it is the best mode of each task.
    """
    if all(len({each.run for some in task.runs.values() for each in some}) < 2 for task in tasks):
        return [
            max((each.outcome(mode) for mode in MODES), key=lambda one: one.utility(worth)) for each in tasks
        ]
    found = [[_chosen_by_others(model, task, worth, prior) for task in tasks] for prior in _PRIORS]
    return max(found, key=lambda some: _mean(some).utility(worth))


def _chosen_by_others(model: RouterModel, task: Asked, worth: float, prior: float) -> Outcome:
    found = []
    for run in sorted({each.run for some in task.runs.values() for each in some}):
        believed = {mode: _believed(model, task, mode, run, prior) for mode in task.runs}
        best = max(believed, key=lambda mode: believed[mode].utility(worth))
        drawn = task.drawn(best, run)
        found.append(_NOTHING if drawn is None else Outcome(drawn.score, drawn.micros or 0))
    return _mean(found)


def _believed(model: RouterModel, task: Asked, mode: Mode, run: str, prior: float) -> Outcome:
    others = [each for each in task.runs[mode] if each.run != run]
    head = model.heads.get(mode)
    chance = 0.5 if head is None else head.probability(task.runs[mode][0].vector)
    score = (sum(each.score for each in others) + prior * chance) / (len(others) + prior)
    return Outcome(score, fmean(each.micros or 0 for each in others) if others else 0.0)


def calibration_error(model: RouterModel, examples: Examples, right: Right | None = None) -> float:
    """The error of a router's probabilities on examples; see ``distance``."""
    said = right or by_trees(model)
    return distance([(said(each), each.score) for each in examples.all if each.mode in model.heads])


def distance(pairs: Sequence[tuple[float, float]]) -> float:
    """The mean distance between a probability and the share of right answers that got it, over bins with equal numbers of records."""
    ordered = sorted(pairs, key=lambda pair: pair[0])
    size = math.ceil(len(ordered) / _BINS) or 1
    bins: list[list[tuple[float, float]]] = [[]]
    for pair in ordered:
        if len(bins[-1]) >= size and bins[-1][-1][0] < pair[0]:  # records with one probability stay together
            bins.append([])
        bins[-1].append(pair)
    return sum(
        len(each)
        / len(ordered)
        * abs(fmean(chance for chance, _ in each) - fmean(score for _, score in each))
        for each in bins
        if each
    )


def choice_of(model: RouterModel, task: Asked, worth: float) -> Mode:
    """The mode that a router chooses for a task."""
    return _routed(model, task, worth)[1].mode


def cost_cuts(model: RouterModel, tasks: Sequence[Asked], *, worth: float = 1.0) -> tuple[float, float]:
    """How many times cheaper the router's choices are than always *full*: of the mean, and of the median task."""
    pairs = [
        (each.outcome("full").micros, each.outcome(choice_of(model, each, worth)).micros) for each in tasks
    ]
    ratios = [full / max(1.0, ours) for full, ours in pairs if full]
    return sum(full for full, _ in pairs) / max(1.0, sum(ours for _, ours in pairs)), median(
        ratios
    ) if ratios else 1.0


def by_trees(model: RouterModel) -> Right:
    """The probabilities of a model's trees; one half for a mode that it does not know."""
    return lambda each: model.heads[each.mode].probability(each.vector) if each.mode in model.heads else 0.5


def _routed(
    model: RouterModel, task: Asked, worth: float, right: Right | None = None
) -> tuple[Situation, Route]:
    said = right or by_trees(model)
    options: list[RouteOption] = []
    expected: dict[int, Outlook] = {}
    for mode, runs in sorted(task.runs.items(), key=lambda each: MODES.index(each[0])):
        first = runs[0]
        factor = model.costs[mode].factor(first.vector) if mode in model.costs else 1.0
        expected[len(options)] = Outlook(
            right=said(first),
            micros=None if first.expected_micros is None else round(first.expected_micros * factor),
            seconds=0.0,
        )
        options.append(RouteOption(mode=mode, micros=first.expected_micros))
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
    first = task.runs[choice.option.mode][0]
    if model.outside(first.features):
        mode = chosen_by_rules(first.question, first.features, task.runs)
        return situation, Route(mode=mode, probabilities=chances, weighed=choice.weighed, basis="rules")
    route = Route(mode=choice.option.mode, probabilities=chances, weighed=choice.weighed, basis="trees")
    return situation, route


def _followed(model: RouterModel, task: Asked, situation: Situation, route: Route) -> tuple[Outcome, float]:
    """The mean outcome of the route with its escalations, over the draws, and the mean number of attempts."""
    runs = [each.run for each in task.runs[route.mode]]
    walks = [_walk(model, task, situation, route, run) for run in runs]
    return _mean([each for each, _ in walks]), fmean(steps for _, steps in walks)


def _walk(
    model: RouterModel, task: Asked, situation: Situation, route: Route, run: str
) -> tuple[Outcome, int]:
    mode, tried, spent = route.mode, list[Tried](), 0.0
    best: tuple[Tried, float, float] | None = None
    while (example := task.drawn(mode, run)) is not None:
        spent += example.micros or 0
        tried.append(_tried(example))
        right = right_after(model, mode, route.probabilities.get(mode, 0.5), tried[-1])
        if best is None or keeps_later(best[0], best[1], tried[-1], right):
            best = tried[-1], right, example.score
        step = next_step(model, situation, route, tried)
        if step is None:
            break
        mode = step.mode
    return Outcome(0.0 if best is None else best[2], spent), len(tried)


def _tried(example: Example) -> Tried:
    return Tried(mode=example.mode, status=example.status, confidence=Confidence(signals=example.signals))


def _mean(outcomes: Sequence[Outcome]) -> Outcome:
    if not outcomes:
        return _NOTHING
    return Outcome(fmean(each.score for each in outcomes), fmean(each.micros for each in outcomes))


def logged_scores(model: RouterModel, examples: Examples) -> tuple[float, dict[Mode, float]]:
    """What a router and each fixed mode would have scored on runs of which each was made in one mode only: the runs that were made
    in the mode that would have been chosen, weighed by how rarely that was done (self-normalised inverse propensity).

    Returns:
        the router's score, and that of each mode that occurs.
    """
    by_mode = {mode: _weighed_mean(examples.of(mode)) for mode in MODES if examples.of(mode)}
    able = [mode for mode in MODES if mode in by_mode and mode in model.heads]
    agreeing = [
        each
        for each in examples.all
        if able and each.mode == max(able, key=lambda mode: model.heads[mode].probability(each.vector))
    ]
    return _weighed_mean(agreeing), by_mode


def _weighed_mean(examples: Sequence[Example]) -> float:
    whole = sum(each.weight for each in examples)
    return sum(each.weight * each.score for each in examples) / whole if whole else 0.0
