"""Expert programs over an exact leaf give the gold answers of the families' windows, under every scaffold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harlm_bench.scoring import score
from harlm_bench.simulator.roots import policy
from harlm_bench.simulator.roots.bank import FAMILIES, Family
from harlm_bench.simulator.roots.understanding import understood
from harlm_bench.tasks import family
from tests.unit.bench.simulator.roots import rules
from tests.unit.bench.simulator.roots.playing import Leaf, play

TOKENS: dict[Family, int] = {
    "short": 3_000,
    "codeqa": 20_000,
    "browse": 6_000,
    "crossdoc": 6_000,
    "mrcr": 6_000,
}
_LEAST = 3_000


@pytest.fixture
def faultless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Experts who make no mistake and check nothing."""
    expert = replace(
        policy.RATES["expert"], slips=(0.0, 0.0), final=0.0, final_var=0.0, plan=0.0, early=0.0, verifies=0.0
    )
    monkeypatch.setattr(policy, "RATES", {"expert": expert})


@pytest.mark.usefixtures("faultless")
@pytest.mark.parametrize("name", FAMILIES)
def test_experts_answer_rightly_over_an_exact_leaf(name: Family) -> None:
    kind = family(name)
    window = kind.window(3, TOKENS.get(name, _LEAST), len(rules.CODERS))
    has_documents = len(window.documents) > 1
    wrong = []
    for number, (question, seed) in enumerate(
        (each, seed) for each in window.questions for seed in ("a", "d")
    ):
        scaffold = rules.CODERS[number % len(rules.CODERS)]
        assert understood(question.text).family == name
        answer = play(
            scaffold,
            window,
            question.text,
            Leaf(kind, window),
            seed=seed,
            mix={"expert": 1.0},
            documents=has_documents and scaffold in (rules.HARLM, rules.SMALL),
        )
        if score(question, answer) < 1:
            wrong.append((scaffold.name, question.text, question.gold, answer))

    assert wrong == []


@pytest.mark.parametrize("name", ["s-niah", "counting", "graphwalks"])
def test_sloppy_programs_run_and_are_sometimes_wrong(name: Family) -> None:
    kind = family(name)
    window = kind.window(1, _LEAST, 6)
    scores = [
        score(
            question,
            play(rules.RLMS, window, question.text, Leaf(kind, window), seed=seed, mix={"sloppy": 1.0}),
        )
        for question in window.questions
        for seed in ("a", "b", "c")
    ]

    assert 0 < sum(scores) < len(scores)
