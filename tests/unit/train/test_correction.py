"""A correction of a router by few examples."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from harlm.router.model import RouterModel, load, save, shipped
from harlm.types import MODES, Mode
from harlm_train.correction import corrected
from harlm_train.examples import Example
from harlm_train.training import error
from tests.support.routing import head_of, router_model, stump
from tests.unit.train import made

_FIT = made.drawn(made.obvious, 40, seed=2)
BEFORE = router_model({mode: head_of(0.0, stump("fit", 0.5, -0.5, 0.5)) for mode in MODES})


def chances(model: RouterModel, mode: Mode) -> list[float]:
    return [model.heads[mode].probability(each.vector) for each in _FIT.of(mode)]


def scored(number: int, score: Callable[[Example], float], mode: Mode = "plan") -> list[Example]:
    base = made.drawn(made.obvious, number // 2, seed=8, modes=(mode,)).all
    return [made.example(mode, score(each), each.features, task=each.task) for each in base]


def all_alike(number: int, score: float) -> list[Example]:
    return scored(number, lambda _: score)


def test_no_example_changes_no_probability() -> None:
    for model in (BEFORE, shipped()):
        after = corrected(model, made.examples([]))
        for mode in MODES:
            assert chances(after, mode) == chances(model, mode)
        assert after.heads == model.heads


def test_a_mode_without_examples_keeps_its_own() -> None:
    after = corrected(BEFORE, made.examples(scored(60, lambda _: 0.0)))
    assert chances(after, "plan") != chances(BEFORE, "plan")
    assert all(after.heads[mode] == BEFORE.heads[mode] for mode in MODES if mode != "plan")


def test_examples_move_probabilities_as_far_as_they_are_many() -> None:
    for score, way in ((0.0, -1), (1.0, 1)):
        few, many = (corrected(BEFORE, made.examples(all_alike(size, score))) for size in (6, 400))
        for before, little, much in zip(
            *(chances(each, "plan") for each in (BEFORE, few, many)), strict=True
        ):
            assert way * before < way * little < way * much
        assert all(abs(each - score) < 0.3 for each in chances(many, "plan"))


def test_examples_that_agree_move_little() -> None:
    """The router says what happens; nothing is to be learned."""
    agreeing = made.drawn(lambda *_: 0.5, 100, seed=3, modes=("full",))
    flat = router_model({"full": head_of(0.0)})
    after = corrected(flat, agreeing)
    assert chances(after, "full") == pytest.approx([0.5] * len(_FIT.of("full")), abs=0.2)


def test_what_a_feature_says_is_learned() -> None:
    """The router does not know that the mode fails on long texts."""
    after = corrected(
        BEFORE, made.examples(scored(400, lambda each: float(each.features["log_tokens"] < 13)))
    )
    new = scored(100, lambda each: float(each.features["log_tokens"] < 13))
    assert error(after, made.examples(new)) < 0.6 * error(BEFORE, made.examples(new))


def test_rare_choices_count_more() -> None:
    def given_(weight: float) -> list[Example]:
        return [
            made.example("plan", float(at % 2), {"fit": 0.5 + at / 1_000}, weight=weight if at % 2 else 1.0)
            for at in range(80)
        ]

    fair, rare = (corrected(BEFORE, made.examples(given_(weight))) for weight in (1.0, 9.0))
    assert all(a < b for a, b in zip(chances(fair, "plan"), chances(rare, "plan"), strict=True))


def test_a_second_correction_replaces_the_first() -> None:
    first = corrected(BEFORE, made.examples(scored(200, lambda _: 0.0)))
    second = corrected(first, made.examples(scored(200, lambda _: 1.0)))
    alone = corrected(BEFORE, made.examples(scored(200, lambda _: 1.0)))
    assert chances(second, "plan") == chances(alone, "plan")


def test_a_corrected_router_is_written_and_read_and_says_what_it_was_made_of() -> None:
    after = corrected(shipped(), made.examples(scored(30, lambda _: 0.0)), on=date(2026, 1, 2))
    save(after, Path("trees.json"))
    assert load(Path("trees.json")) == after
    assert after.date == "2026-01-02"
    assert after.origins == (*shipped().origins, made.ORIGIN)
    assert after.quality is None


def test_examples_that_are_all_alike_correct_too() -> None:
    one = corrected(BEFORE, made.examples([made.example("plan", 0.0, {"fit": 0.9})] * 30))
    assert all(a < b for a, b in zip(chances(one, "plan"), chances(BEFORE, "plan"), strict=True))


def test_two_hundred_runs_correct_in_seconds() -> None:
    given_ = made.drawn(made.obvious, 25)
    assert len(given_.all) == 200
    started = time.process_time()
    corrected(shipped(), given_)
    assert time.process_time() - started < 10
