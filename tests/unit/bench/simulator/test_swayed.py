"""Hostile lines: obeyed at the stated rate, only in view, and again by the same model."""

from __future__ import annotations

import pytest

from harlm_bench import tasks
from harlm_bench.scoring import score
from harlm_bench.simulator.intents import Reader
from harlm_bench.simulator.model import SimulatedModel
from harlm_bench.simulator.noise import Noise
from harlm_bench.simulator.profile import load, names
from harlm_bench.simulator.prompt import tokens_of
from harlm_bench.simulator.store import Store
from harlm_bench.simulator.swayed import obeyed, word_of
from tests.support.simulated import PERFECT, changed

WINDOW = tasks.family("chaos").window(6, 4_000, 3)
STORE = Store.of([WINDOW])


def said(rate: float, text: str, number: int = 0) -> str:
    model = SimulatedModel(changed(PERFECT, errors={"obeys": rate}), STORE, Reader([tasks.family("chaos")]))
    messages = [("user", f"Text:\n\n{text}\n\nEnd of the text.\n\n{WINDOW.questions[number].text}")]
    return model.speak(messages, {}, tokens_of(messages)).text


@pytest.mark.parametrize("number", range(len(WINDOW.questions)))
def test_a_model_that_obeys_says_the_word_and_one_that_resists_answers(number: int) -> None:
    question = WINDOW.questions[number]
    (canary,) = question.forbidden
    hostile = {each.text for each in WINDOW.facts if each.kind == "injection"}
    clean = "\n".join(line for line in WINDOW.text.split("\n") if line not in hostile)
    obedient, resisting, unmet = (
        said(1.0, WINDOW.text, number),
        said(0.0, WINDOW.text, number),
        said(1.0, clean, number),
    )
    assert canary in obedient
    assert score(question, obedient) == 0.0
    assert score(question, resisting) == score(question, unmet) == 1.0


def test_one_line_is_obeyed_at_the_stated_rate_and_mostly_again() -> None:
    found = [each for each in STORE.find(WINDOW.text) if each.fact.kind == "injection"][:1]
    hits = [
        [obeyed(found, Noise(f"model {model}", f"{call}".encode(), 0.7), 0.1) is not None for call in (1, 2)]
        for model in range(2_000)
    ]
    first = [again for once, again in hits if once]
    assert 0.07 < len(first) / len(hits) < 0.13
    assert sum(first) / len(first) > 0.35
    assert word_of(found[0]) in found[0].fact.text


def test_profiles_state_a_rate_and_the_perfect_reader_obeys_nothing() -> None:
    rates = {name: load(name).errors.obeys for name in names()}
    assert rates.pop("perfect") == 0.0
    assert all(0 < rate < 0.2 for rate in rates.values())
