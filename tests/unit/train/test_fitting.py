"""From examples to a router."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.errors import ContextError
from harlm.router.features import NAMES, kind_of
from harlm.router.model import ExampleSource, RouterModel, load, save
from harlm.types import MODES, Mode, Share, Signals
from harlm_train.examples import OWN_RUNS
from harlm_train.fitting import LEAST, fit, is_held_out, with_own_trees
from harlm_train.measuring import calibration_error
from tests.unit.train import made


def chance_of(model: RouterModel, mode: Mode, **features: float) -> float:
    return model.heads[mode].probability(made.example(mode, 1.0, features).vector)


def test_an_obvious_rule_is_learned() -> None:
    model = made.learned(made.obvious)
    for mode, good, bad in (
        ("plan", {"fit": 0.9}, {"fit": 0.1}),
        ("direct", {"log_tokens": 8.0, "log_fill": -2.0}, {"log_tokens": 18.0, "log_fill": -2.0}),
    ):
        high = chance_of(model, mode, root_skill=0.5, **good)  # type: ignore[arg-type] # a mode
        low = chance_of(model, mode, root_skill=0.5, **bad)  # type: ignore[arg-type] # a mode
        assert high > 0.9 > 0.1 > low, mode
    assert 0.5 < chance_of(model, "full", fit=0.5, log_tokens=12.0, root_skill=0.5) < 0.9


def test_what_is_learned_is_calibrated_on_texts_that_it_has_not_seen() -> None:
    model, other = made.learned(made.obvious), made.drawn(made.obvious, 150, seed=5)
    assert calibration_error(model, other) < 0.12
    for mode in MODES:
        chances = fmean(model.heads[mode].probability(each.vector) for each in other.of(mode))
        assert chances == pytest.approx(fmean(each.score for each in other.of(mode)), abs=0.12), mode


def test_what_is_known_before_holds_whatever_the_examples_say() -> None:
    assert not fit_faults(made.learned(made.perverse))
    assert not fit_faults(made.learned(made.obvious))


_FALLS = ("log_tokens", "log_fill", "log_effective_fill")
_RULES: tuple[tuple[Mode, tuple[str, ...], int], ...] = (
    ("direct", _FALLS, -1),
    ("plan", ("fit",), 1),
    ("repl", ("root_skill",), 1),
    ("full", ("root_skill",), 1),
)


def fit_faults(model: RouterModel) -> list[str]:
    """Where a probability goes the wrong way along a feature, over grids through the examples."""
    found = []
    for mode, names, way in _RULES:
        assert any(tree.feature for tree in model.heads[mode].trees) or mode in ("repl", "full")
        for base in made.drawn(made.obvious, 12, seed=9, modes=(mode,)).all[:6]:
            for name in names:
                steps = [0.1 * at for at in range(11)] if way > 0 else [-8.0 + 2 * at for at in range(16)]
                values = [way * chance_of(model, mode, **{**base.features, name: step}) for step in steps]
                if values != sorted(values):
                    found.append(f"{mode} along {name}")
    return found


vectors = st.lists(st.floats(-12, 25), min_size=len(NAMES), max_size=len(NAMES))


@given(vectors, st.sampled_from(_RULES), st.floats(0, 20))
def test_no_vector_breaks_them(
    values: list[float], rule: tuple[Mode, tuple[str, ...], int], more: float
) -> None:
    mode, names, way = rule
    head = made.learned(made.perverse).heads[mode]
    before = head.probability(tuple(values))
    for name in names:
        raised = [*values]
        raised[NAMES.index(name)] += more
        assert way * head.probability(tuple(raised)) >= way * before


def test_a_router_of_examples_is_written_and_read() -> None:
    model = made.learned(made.obvious)
    save(model, Path("trees.json"))
    assert load(Path("trees.json")) == model
    assert model.origins == (made.ORIGIN,)
    assert fit(made.drawn(made.obvious, 60, modes=("plan",)), on=date(2026, 1, 2)).date == "2026-01-02"


def test_equal_examples_and_seeds_give_equal_routers() -> None:
    few, day = made.drawn(made.obvious, 60, modes=("plan",)), date(2026, 1, 2)
    assert fit(few, on=day, seed=3) == fit(few, on=day, seed=3)


def test_costs_are_compared_with_what_was_expected() -> None:
    """Every run cost twice its estimate."""
    costs = made.learned(made.obvious).costs
    assert set(costs) == set(MODES)
    factors = [each.factor(made.example(features={"fit": 0.5}).vector) for each in costs.values()]
    assert factors == pytest.approx([2.0] * 4, abs=0.1)


def test_how_often_a_second_mode_is_right_after_a_first_was_wrong_is_learned() -> None:
    """Direct and full are right about the same tasks; repl is right about the others."""
    hard = made.drawn(
        lambda mode, seen, _: float((seen["keys"] > 1) == (mode != "repl")),
        110,
        modes=("direct", "repl", "full"),
    )
    unseen = [replace(each, features={**each.features, "keys": 0.0}) for each in hard.all]
    carry = fit(made.examples(unseen)).carry
    assert carry["direct>full"] < 0.2
    assert carry["direct>repl"] == carry["full>repl"] == 1.0
    assert "direct>direct" not in carry


def test_a_check_learns_what_signals_say() -> None:
    base = made.drawn(lambda *_: 0.5, 110, modes=("direct",))
    signalled = [
        made.example(
            "direct",
            each.score,
            task=each.task,
            text=each.text,
            signals=Signals(quotes=Share(int(each.score), 1)),
        )
        for each in base.all
    ]
    check = fit(made.examples([*signalled, *made.drawn(made.obvious, 80, modes=("plan",)).all])).checks[
        "direct"
    ]
    assert check.probability(0.5, {"quotes": 1.0, "has_quotes": 1.0}) > 0.85
    assert check.probability(0.5, {"quotes": 0.0, "has_quotes": 0.0}) < 0.15


def test_values_far_from_the_examples_are_outside() -> None:
    model = made.learned(made.obvious)
    inside = {**dict.fromkeys(NAMES, 0.0), "log_tokens": 12.0, "log_documents": 1.0, "log_words": 1.0}
    assert model.outside(inside) == ()
    assert model.outside({**inside, "fit": 7.0}) == ()
    for tokens in (29.0, 1.0):
        assert model.outside({**inside, "log_tokens": tokens}) == ("log_tokens",)


def test_a_kind_of_task_of_few_examples_is_outside() -> None:
    many = made.drawn(made.obvious, 60, modes=("plan",)).all
    code = [replace(each, features={**each.features, "is_code": 1.0}) for each in many[:30]]
    prose = [replace(each, features={**each.features, "is_prose": 1.0}) for each in many[:5]]
    model = fit(made.examples([*many, *code, *prose]))
    found = [kind_of(each.features) in model.kinds for each in (many[0], code[0], prose[0])]
    assert found == [True, True, False]


def test_a_mode_of_too_few_examples_has_no_head() -> None:
    many, few = made.drawn(made.obvious, 80, modes=("plan",)), made.drawn(made.obvious, 10, modes=("full",))
    assert set(fit(made.examples([*many.all, *few.all])).heads) == {"plan"}


def test_what_nothing_can_be_learned_from_is_an_error_that_says_what_to_do() -> None:
    table = {
        "none": (made.examples([]), "run more questions in every mode"),
        "few": (
            made.drawn(made.obvious, LEAST // 4),
            "no mode has 50 examples .*run more questions in every mode",
        ),
        "all right": (made.drawn(lambda *_: 1.0, 80), "nothing can be learned; run other questions"),
        "all wrong": (made.drawn(lambda *_: 0.0, 80), "nothing can be learned; run other questions"),
    }
    for name, (given_, said) in table.items():
        with pytest.raises(ContextError, match=said):
            fit(given_)
        assert name


def test_one_text_of_so_many_is_held_out_always_the_same_one() -> None:
    names = [f"text {at}" for at in range(900)]
    for one_of in (3, 5):
        held = [name for name in names if is_held_out(name, one_of)]
        assert len(held) == pytest.approx(900 / one_of, rel=0.25)
        assert held == [name for name in names if is_held_out(name, one_of)]
        assert held != [name for name in names if is_held_out(name, one_of, seed=1)]


def test_hundreds_of_examples_are_learned_in_a_few_seconds() -> None:
    given_ = made.drawn(made.obvious, 80, modes=("direct", "plan"))
    assert len(given_.all) == 320
    started = time.process_time()
    fit(given_)
    assert time.process_time() - started < 10


def test_own_trees_replace_those_of_the_modes_that_have_enough_runs() -> None:
    present = made.learned(made.obvious)
    own = replace(
        made.drawn(made.obvious, 120, seed=7, modes=("direct",)),
        origins=(ExampleSource(label=OWN_RUNS, detail="rated", examples=1),),
    )
    once = with_own_trees(present, own)
    assert once.heads["direct"] != present.heads["direct"]
    assert once.heads["full"] == present.heads["full"]
    assert set(present.kinds) <= set(once.kinds)
    twice = with_own_trees(once, own)
    assert [each.label for each in twice.origins].count(OWN_RUNS) == 1
