"""The learned router: probabilities from boosted trees, costs from estimates that were compared with real runs, and the policy.

Where a task lies outside of what the trees have seen, the rules decide, and the route says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

from harlm.router.bandit import Bandit
from harlm.router.cascade import next_step, right_after
from harlm.router.features import Features, features_of, vector
from harlm.router.heuristic import HeuristicRouter
from harlm.router.model import RouterModel
from harlm.router.policy import Decision, Outlook, decide
from harlm.router.reasons import reasons_for, say
from harlm.router.trees import contributions
from harlm.types import MODES, Mode, NextMode, Route, RouteOption, Situation, Tried

_UNSEEN = 0.5  # probability of a mode that no example had
_TOP = 5  # reasons
_DRAWS = 50  # of a bandit, to know how probable its choice was
_REPLY = 300  # tokens of a sub-model's reply about one part


Chances = Callable[[Situation, Sequence[RouteOption], Sequence[Features]], Sequence[float]]
"""How probable a right answer is by each of several options of a task, from their features."""


class LearnedRouter:
    """Chooses the option with the greatest utility, by a trained model.

    Args:
        model: the trees, with what is known of costs and of answers.
        chances: gives the probabilities in place of the trees; ``None`` for the trees.
        basis: what the probabilities rest on.
        version: names what gives them, in routes; by default that of the model.
        bandit: draws others from ratings of runs over the same corpus; ``None`` for none.
    """

    def __init__(
        self,
        model: RouterModel,
        chances: Chances | None = None,
        basis: Literal["trees", "encoder"] = "trees",
        version: str = "",
        bandit: Bandit | None = None,
    ) -> None:
        self.model = model
        self._bandit = bandit
        self._chances = chances or partial(chances_by_trees, model)
        self._basis: Literal["trees", "encoder"] = basis
        self._version = version or model.version
        self._rules = HeuristicRouter()

    def route(self, situation: Situation) -> Route:
        """See ``harlm.protocols.Router``. The built-in model has programs of its own and is no language model, so the rules choose
        for it.
        """
        if situation.root.is_local:
            return self._rules.route(situation)
        situation = replace(situation, options=considered(situation))
        seen = features_of(situation)
        try:
            vectors = [vector(each) for each in seen]
        except ValueError as error:
            return replace(
                self._rules.route(situation), reasons=(f"the rules decide: {error}",), is_sure=False
            )
        chances = self._chances(situation, situation.options, seen)
        learned = {
            place: self._expected(option, chances[place], vectors[place])
            for place, option in enumerate(situation.options)
        }
        expected, propensity = self._drawn(situation, learned)
        choice = decide(situation, expected)
        place = situation.options.index(choice.option)
        if outside := self.model.outside(seen[place]):
            return self._by_rules(situation, seen[place], outside, choice)
        return Route(
            mode=choice.option.mode,
            probabilities=probabilities_of(situation, expected),
            reasons=(choice.why, *self._reasons(choice.option.mode, seen[place], vectors[place])),
            reader=choice.option.reader,
            strategy=choice.option.strategy,
            depth=depth_of(situation) if choice.option.mode == "full" else None,
            basis=self._basis,
            is_sure=choice.is_sure,
            weighed=choice.weighed,
            features=seen[place],
            version=self._version,
            propensity=propensity,
        )

    def judge(self, route: Route, tried: Tried) -> float | None:
        """See ``harlm.protocols.Router``."""
        return right_after(self.model, tried.mode, route.probabilities.get(tried.mode, _UNSEEN), tried)

    def follow(self, situation: Situation, route: Route, tried: Sequence[Tried]) -> NextMode | None:
        """See ``harlm.protocols.Router``."""
        return next_step(self.model, situation, route, tried)

    def _drawn(
        self, situation: Situation, learned: Mapping[int, Outlook]
    ) -> tuple[Mapping[int, Outlook], float]:
        """What is expected by a draw of the bandit, and the chance of the mode that it leads to: the share of some draws, this one
        among them, that lead to it. Without a bandit that knows the corpus, what was learned.
        """
        bandit, draw = self._bandit, situation.draw
        if bandit is None or draw is None or not bandit.knows(situation):
            return learned, 1.0
        chances = [learned[place].right for place in range(len(learned))]
        several = [
            {
                place: learned[place]._replace(right=chance)
                for place, chance in enumerate(bandit.drawn(situation, chances, draw + number))
            }
            for number in range(_DRAWS)
        ]
        modes = [decide(situation, each).option.mode for each in several]
        return several[0], modes.count(modes[0]) / _DRAWS

    def _expected(self, option: RouteOption, right: float, values: tuple[float, ...]) -> Outlook:
        costs, micros = self.model.costs.get(option.mode), option.micros
        if micros is not None and costs is not None:
            micros = round(micros * costs.factor(values))
        return Outlook(right=right, micros=micros, seconds=option.seconds)

    def _reasons(self, mode: Mode, seen: Features, values: tuple[float, ...]) -> tuple[str, ...]:
        head = self.model.heads.get(mode)
        if head is None:
            return ()
        added = contributions(head.trees, values)
        return reasons_for({self.model.names[at]: each for at, each in added.items()}, seen, _TOP)

    def _by_rules(
        self, situation: Situation, seen: Features, outside: tuple[str, ...], choice: Decision
    ) -> Route:
        found = self._rules.route(situation)
        named = ", ".join(say(each, seen[each]) if each in seen else each for each in outside[:3])
        told = f"{found.mode}: the rules decide, since the router has learned from no such task: {named}"
        return replace(
            found,
            reasons=(told, *found.reasons),
            depth=depth_of(situation) if found.mode == "full" else None,
            is_sure=False,
            weighed=choice.weighed,
            version=self._version,
        )


def considered(situation: Situation) -> tuple[RouteOption, ...]:
    """The options that a learned router chooses from: all, but of the strategies only the one that fits best of those that are
    possible and that the budget covers. Examples are of strategies that fitted best, so nothing is known of how another one would
    do on the same question, and a cheap one that does not understand it would look good.
    """
    planned = [each for each in situation.options if each.mode == "plan"]
    able = [each for each in planned if each.obstacle is None and situation.left.lacks(each) is None]
    best = max(able or planned, key=_fit, default=None)
    return tuple(each for each in situation.options if each.mode != "plan" or each is best)


def _fit(option: RouteOption) -> float:
    return 0.0 if option.proposal is None else option.proposal.fit


def depth_of(situation: Situation) -> int:
    """How deep *full* mode needs to recurse: once, as long as the replies about all parts fit into what the root model reads
    reliably, and once more for each level of merging beyond that (theorem T2).
    """
    parts = -(-max(1, situation.profile.tokens) // situation.sub.effective_window)
    merged_at_once = max(2, situation.root.effective_window // _REPLY)
    depth = 1
    while parts > merged_at_once:
        parts = -(-parts // merged_at_once)
        depth += 1
    return depth


def chances_by_trees(
    model: RouterModel, situation: Situation, options: Sequence[RouteOption], seen: Sequence[Features]
) -> list[float]:
    """The probabilities that the trees of a model give; one half for a mode that no example had."""
    heads = [model.heads.get(each.mode) for each in options]
    return [
        _UNSEEN if head is None else head.probability(vector(each))
        for head, each in zip(heads, seen, strict=True)
    ]


def probabilities_of(situation: Situation, expected: Mapping[int, Outlook]) -> dict[Mode, float]:
    """By mode, the highest probability of its options; 0 for a mode that is impossible."""
    found: dict[Mode, float] = dict.fromkeys(MODES, 0.0)
    for place, option in enumerate(situation.options):
        if option.obstacle is None:
            found[option.mode] = max(found[option.mode], expected[place].right)
    return found
