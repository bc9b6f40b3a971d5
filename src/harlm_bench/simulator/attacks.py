"""Attempts to get right answers out of the simulated model without evidence. Each must score as chance does."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from harlm import markup
from harlm_bench.items import Fact, Question, TaskFamily, Window
from harlm_bench.simulator.intents import Reader
from harlm_bench.simulator.model import Messages, SimulatedModel
from harlm_bench.simulator.profile import Profile
from harlm_bench.simulator.prompt import tokens_of
from harlm_bench.simulator.store import Store

Score = Callable[[Question, str], float]
Ask = Callable[[Window, Question], Messages]

_DRAWS = 3  # of random labels, for the chance of a question
_RULES = "You answer a question about documents. Answer briefly."
_TOLERANCE = 0.05  # of a mean score above chance
_DEVIATIONS = 3.0  # of the mean of random answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """The result of one attack.

    Attributes:
        name: such as ``empty context``.
        questions: how many were asked.
        score: the mean, 0 to 1.
        chance: the mean score without knowledge: of random answers, or of code that counts labels drawn at random.
    """

    name: str
    questions: int
    score: float
    chance: float

    @property
    def failed(self) -> bool:
        """Whether it got no more than chance gives, so that the simulator stands."""
        spread = math.sqrt(max(self.chance * (1 - self.chance), 0.01) / max(self.questions, 1))
        return self.score <= self.chance + _TOLERANCE + _DEVIATIONS * spread


def attacks(
    windows: Sequence[Window], profile: Profile, families: Iterable[TaskFamily], score: Score, seed: int = 0
) -> tuple[Attack, ...]:
    """All attacks with the questions of ``windows``, and the score with evidence, which comes first.

    Four are made on all windows; a fifth, items without their frame, on those whose items tell nothing without one.

    With shuffled labels, what is copied from the text stays right, and a count of random labels may come close. So chance is
    there what code scores that reads everything rightly but the labels, drawn at random once more.
    """
    kinds = tuple(families)
    reader = Reader(kinds)
    store = Store.of(windows)
    strange = store.opened_with("another key")
    shuffled = Store(_shuffled(fact, seed) for window in windows for fact in window.facts)
    judged = [window for window in windows if any(fact.guessable for fact in window.facts)]

    def result(
        name: str, among: Sequence[Window], facts: Store, asked: Ask, chance: float | None = None
    ) -> Attack:
        model = SimulatedModel(profile, facts, reader, seed)
        pairs = [(window, question) for window in among for question in window.questions]
        scores = [score(question, _said(model, asked(window, question))) for window, question in pairs]
        usual = _mean([question.chance for _, question in pairs])
        return Attack(
            name=name, questions=len(pairs), score=_mean(scores), chance=usual if chance is None else chance
        )

    blind = _mean(
        [_blind(question, window, kinds, score, seed) for window in judged for question in window.questions]
    )
    framed = [window for window in windows if any(_needs_frame(fact) for fact in window.facts)]
    alone = (result("items without their frame", framed, store, _alone),) if framed else ()
    return (
        result("none: with the text", windows, store, _with_text),
        result("empty context", windows, store, lambda _, question: _prompt({}, question)),
        result("question only", windows, store, lambda _, question: [("user", question.text)]),
        result("wrong store key", windows, strange, _with_text),
        result("shuffled labels", judged, shuffled, _with_text, blind),
        *alone,
    )


def _blind(
    question: Question, window: Window, families: Sequence[TaskFamily], score: Score, seed: int
) -> float:
    """The mean score of code that sees all items and random labels."""
    query = next(
        (found for family in families if (found := family.understand(question.text)) is not None), None
    )
    if query is None:
        return question.chance
    wanted = [fact for fact in window.facts if query.wants(fact)]
    drawn = [[_shuffled(fact, seed + number) for fact in wanted] for number in range(1, _DRAWS + 1)]
    return max(question.chance, _mean([score(question, query.answer(facts) or "") for facts in drawn]))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _with_text(window: Window, question: Question) -> Messages:
    return _prompt(window.documents, question)


def _needs_frame(fact: Fact) -> bool:
    return bool(fact.framed) and set(fact.framed) >= fact.attributes.keys()


def _alone(window: Window, question: Question) -> Messages:
    """The items that need a frame, and nothing else of the text."""
    items = "\n".join(fact.text for fact in window.facts if _needs_frame(fact))
    return _prompt({next(iter(window.documents)): items}, question)


def _prompt(documents: Mapping[str, str], question: Question) -> Messages:
    return [("system", _RULES), ("user", markup.direct_prompt(documents.items(), question.text))]


def _said(model: SimulatedModel, messages: Messages) -> str:
    return model.speak(messages, {}, tokens_of(messages)).text


def _shuffled(fact: Fact, seed: int) -> Fact:
    """The fact with each judged attribute drawn anew."""
    chance = Random(f"shuffled {seed} {fact.text}")
    drawn = {name: chance.choice(options) for name, options in fact.guessable.items() if options}
    return replace(fact, attributes={**fact.attributes, **drawn})
