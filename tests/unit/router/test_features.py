from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harlm.context import load, profile
from harlm.router.features import NAMES, Features, features_of_option, features_of_task, vector
from harlm.router.learned import chances_by_trees
from harlm.router.model import shipped
from harlm.types import Context, Document, Left, Mode, Price, RouteOption, Situation, Task
from tests.support.routing import (
    QUESTIONS,
    SUB_PRICE,
    model_of,
    profile_of,
    proposal_of,
    situation_of,
    situations,
)


def seen_by(situation: Situation, option: RouteOption | None = None) -> Features:
    return {**features_of_task(situation), **features_of_option(situation, option or situation.options[0])}


def chance_of(mode: Mode, situation: Situation) -> float:
    """What the trees that ship with HARLM say of the first option of a mode."""
    option = next(each for each in situation.options if each.mode == mode)
    return chances_by_trees(shipped(), situation, [option], [seen_by(situation, option)])[0]


@given(situations())
def test_every_feature_of_any_situation_is_a_finite_number(situation: Situation) -> None:
    for option in situation.options:
        features = seen_by(situation, option)
        assert set(features) == set(NAMES)
        assert all(math.isfinite(each) for each in features.values())
        assert vector(features) == tuple(features[name] for name in NAMES)


def test_a_vector_lacks_no_feature_and_has_no_odd_one() -> None:
    whole = dict.fromkeys(NAMES, 0.5)
    assert vector(whole) == (0.5,) * len(NAMES)
    for value in (math.nan, math.inf):
        with pytest.raises(ValueError, match=r"'fit' is .*must be a finite number"):
            vector({**whole, "fit": value})
    with pytest.raises(ValueError, match="'fit' is nan"):
        vector({name: value for name, value in whole.items() if name != "fit"})


def test_every_feature_has_one_name() -> None:
    assert len(NAMES) == len(set(NAMES))


def test_the_context_is_related_to_the_windows_and_prices_to_one_another() -> None:
    root, sub = model_of(window=128_000), model_of("sub", 32_000, SUB_PRICE)
    situation = situation_of("How many classes?", 63_999, structure="code", documents=3, root=root, sub=sub)
    features = seen_by(situation)
    assert features["log_tokens"] == pytest.approx(math.log2(64_000))
    assert features["log_documents"] == 2
    assert features["log_fill"] == -1
    assert features["log_effective_fill"] == 1
    assert features["log_sub_fill"] == 1
    assert features["log_price_ratio"] == pytest.approx(math.log2(5), abs=1e-3)
    assert (features["is_code"], features["is_prose"]) == (1, 0)
    assert (features["needs_exact"], features["needs_meaning"]) == (1, 0)
    read_by_sub = seen_by(situation, situation.options[1])
    assert read_by_sub["log_fill"] == 1
    assert read_by_sub["log_price"] < features["log_price"]


def test_an_option_in_plan_mode_has_its_own_strategy_and_others_the_best_one() -> None:
    label, follow = proposal_of("label", 0.9, calls=7), proposal_of("follow", 0.6, calls=1)
    situation = situation_of(proposals=(follow, label))
    seen = {option.name: seen_by(situation, option) for option in situation.options}
    assert [seen["plan: follow"][name] for name in ("fit", "next_fit", "is_follow", "is_label")] == [
        0.6,
        0,
        1,
        0,
    ]
    for name in ("plan: label", "direct", "full"):
        assert [seen[name][each] for each in ("fit", "next_fit", "is_label", "log_calls")] == [0.9, 0.6, 1, 3]
    assert seen_by(situation_of())["fit"] == 0


def test_what_is_not_known_counts_as_usual() -> None:
    features = seen_by(situation_of(root_skill=None, root=model_of(price=None)))
    assert features["root_skill"] == pytest.approx(0.7)
    assert features["log_price"] == features["log_price_ratio"] == 0
    assert features["budget_share"] == 1
    assert seen_by(situation_of(root_skill=0.2))["root_skill"] == 0.2


def test_the_share_of_an_option_that_the_budget_covers_is_between_none_and_all() -> None:
    cost = situation_of().options[0].micros
    assert cost
    shares = [
        seen_by(situation_of(left=Left(micros=left)))["budget_share"]
        for left in (-5, 0, cost // 2, cost, 9 * cost)
    ]
    assert shares == pytest.approx([0, 0, 0.5, 1, 1], abs=1e-3)


def test_words_of_a_question_are_looked_for_in_the_text() -> None:
    question = 'Where does "Hilda Polrick" keep the heater?'
    found = seen_by(situation_of(question, text="Hilda Polrick keeps a heater where no one looks."))
    lost = seen_by(situation_of(question, text="Nothing of that kind."))
    assert found["keys"] == lost["keys"] >= 1
    assert found["keys_seen"] == 1
    assert found["words_seen"] > 0
    assert lost["keys_seen"] == lost["words_seen"] == 0


def test_no_feature_depends_on_the_names_of_documents() -> None:
    texts = [f"Line {at}: the vault of town {at} was opened.\n" * 40 for at in range(5)]

    def named(names: Sequence[str]) -> list[Features]:
        context = load(dict(zip(names, texts, strict=True)))
        base = situation_of("How many towns have a vault?", proposals=(proposal_of(),))
        situation = replace(base, task=replace(base.task, context=context), profile=profile(context))
        return [seen_by(situation, option) for option in situation.options]

    plain = named(["a.txt", "b.txt", "c.txt", "d.txt", "e.txt"])
    assert named(["oolong.txt", "niah.txt", "town.txt", "vault.txt", "x/y/How many.txt"]) == plain


@given(st.sampled_from(QUESTIONS), st.permutations(range(26)))
def test_no_feature_depends_on_the_letters_of_texts_that_the_question_does_not_name(
    question: str, order: list[int]
) -> None:
    """The words of the text are written with other letters; none of them is asked for."""
    text = "qqzv wwxk jjzq. " * 30
    changed = text.translate({ord("a") + at: ord("a") + to for at, to in enumerate(order)})
    assert seen_by(situation_of(question, text=text)) == seen_by(situation_of(question, text=changed)) or any(
        word.strip("?.").casefold() in changed for word in question.split()
    )


def large(documents: int) -> Situation:
    whole = ("The vault of the town was opened by no one in the year of the flood. " * 150_000)[:10_000_000]
    size = len(whole) // documents
    context = Context(
        documents=tuple(
            Document(name=f"{at}", text=whole[at * size : (at + 1) * size]) for at in range(documents)
        )
    )
    question = 'How often does "Hilda Polrick" open the vault of "Unterhausen" with "Kassandra Q" and "K 17"?'
    return replace(
        situation_of(question), task=Task(question=question, context=context), profile=profile_of(2_500_000)
    )


@pytest.mark.parametrize("documents", [1, 5_000])
def test_features_of_ten_megabytes_take_no_time(documents: int) -> None:
    situation = large(documents)
    taken = []
    for _ in range(3):
        started = time.process_time()
        seen_by(situation)
        taken.append(time.process_time() - started)
    assert min(taken) < 0.05


ASKED = st.sampled_from([each for each in QUESTIONS if each])


@given(
    ASKED,
    st.lists(st.integers(1, 5_000_000), min_size=2, max_size=6),
    st.sampled_from([8_000, 128_000, 1_000_000]),
    st.sampled_from([8_000, 128_000, 1_000_000]),
    st.floats(0, 1),
)
@example("How many files import re?", [100, 1_000], 128_000, 8_000, 0.5)
@example("Compare A and B", [5_000, 20_000], 8_000, 128_000, 0.5)
def test_a_longer_text_is_never_read_better_in_one_call(
    question: str, sizes: list[int], window: int, sub_window: int, skill: float
) -> None:
    chances = [
        chance_of(
            "direct",
            situation_of(
                question,
                tokens,
                root=model_of(window=window),
                sub=model_of("sub", sub_window, SUB_PRICE),
                proposals=(proposal_of(fit=0.5, calls=1),),
                root_skill=skill,
            ),
        )
        for tokens in sorted(sizes)
    ]
    assert chances == sorted(chances, reverse=True)


@given(ASKED, st.integers(100, 5_000_000), st.lists(st.floats(0, 1), min_size=2, max_size=6))
def test_a_strategy_that_fits_better_is_never_less_probable(
    question: str, tokens: int, fits: list[float]
) -> None:
    chances = [
        chance_of("plan", situation_of(question, tokens, proposals=(proposal_of(fit=fit),)))
        for fit in sorted(fits)
    ]
    assert chances == sorted(chances)


@given(ASKED, st.integers(100, 5_000_000), st.lists(st.floats(0, 1), min_size=2, max_size=6))
def test_a_root_model_that_writes_better_code_is_never_less_probable(
    question: str, tokens: int, skills: list[float]
) -> None:
    modes: tuple[Mode, ...] = ("repl", "full")
    for mode in modes:
        chances = [
            chance_of(mode, situation_of(question, tokens, root_skill=skill)) for skill in sorted(skills)
        ]
        assert chances == sorted(chances), mode


def test_a_price_with_steps_is_that_of_a_million_tokens() -> None:
    costly = seen_by(situation_of(root=model_of(price=Price(input=1000.0, output=10.0))))
    free = seen_by(situation_of(root=model_of(price=Price(input=0.0, output=0.0))))
    assert costly["log_price"] > 8
    assert free["log_price"] == 0
