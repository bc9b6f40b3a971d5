from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from harlm.budget.estimate import estimate
from harlm.budget.options import options_for
from harlm.types import MODES, STRATEGIES, Growth, ModelFacts, Price, Proposal, RouteOption
from tests.support.routing import proposal_of

ROOT = ModelFacts(name="root", window=128_000, price=Price(input=1.25, output=10.0))
SUB = ModelFacts(name="sub", window=32_000, price=Price(input=0.25, output=2.0))
GROWTHS: tuple[Growth, ...] = ("constant", "logarithmic", "linear", "factorable pairs", "arbitrary pairs")


def options(
    tokens: int = 20_000,
    sub: ModelFacts = SUB,
    *proposals: Proposal,
    growth: Growth = "linear",
    no_code: str | None = None,
) -> dict[str, RouteOption]:
    made = options_for(
        tokens, growth, ROOT, sub, max_turns=20, concurrency=8, proposals=proposals, no_code=no_code
    )
    return {each.name: each for each in made}


def test_there_is_an_option_for_each_reader_each_strategy_and_each_repl() -> None:
    made = options(20_000, SUB, proposal_of("label"), proposal_of("map"))
    assert list(made) == ["direct", "direct, sub-model", "plan: label", "plan: map", "repl", "full"]
    assert list(options(20_000, ROOT)) == ["direct", "repl", "full"]


def test_a_text_that_fits_neither_window_or_one_of_them_is_an_obstacle_of_its_reader() -> None:
    table = {20_000: (False, False), 60_000: (False, True), 300_000: (True, True)}
    found = {
        tokens: (
            options(tokens)["direct"].obstacle is not None,
            options(tokens)["direct, sub-model"].obstacle is not None,
        )
        for tokens in table
    }
    assert found == table
    assert "do not fit into a window of 32,000" in (options(60_000)["direct, sub-model"].obstacle or "")


def test_a_strategy_that_reads_once_is_no_option_for_a_text_that_one_call_reads() -> None:
    proposals = [proposal_of(each) for each in ("direct", "search", "label")]
    for tokens, needless in ((1_500, {"plan: direct", "plan: search"}), (2_500, set())):
        made = options(tokens, ROOT, *proposals)
        assert {name for name, each in made.items() if each.obstacle} == needless, tokens


def test_without_code_only_single_calls_are_possible() -> None:
    made = options(20_000, SUB, proposal_of(), no_code="no sandbox works here")
    obstacles = {name: each.obstacle for name, each in made.items()}
    assert obstacles == {
        "direct": None,
        "direct, sub-model": None,
        "plan: label": "no sandbox works here",
        "repl": "no sandbox works here",
        "full": "no sandbox works here",
    }


def test_an_option_costs_what_is_expected_of_it() -> None:
    made = options(20_000, SUB, proposal_of(calls=5, micros=77))
    expected = {
        each.mode: each.expected
        for each in estimate(20_000, "linear", ROOT, SUB, max_turns=20, concurrency=8)
    }
    for mode in ("direct", "repl", "full"):
        option, known = made[mode], expected[mode]
        assert (option.calls, option.tokens, option.micros, option.seconds) == (
            known.calls,
            known.tokens,
            known.micros,
            known.seconds,
        )
    plan = made["plan: label"]
    assert (plan.calls, plan.tokens, plan.micros, plan.seconds) == (5, 5_100, 77, 2.0)
    assert (made["direct, sub-model"].micros or 0) < (made["direct"].micros or 0)


@given(
    st.integers(0, 10**9),
    st.sampled_from(GROWTHS),
    st.lists(st.sampled_from(STRATEGIES), max_size=4, unique=True),
    st.booleans(),
)
def test_every_option_has_its_own_name_and_every_mode_but_plan_is_there(
    tokens: int, growth: Growth, strategies: list[str], one_model: bool
) -> None:
    proposals = [proposal_of(each) for each in strategies]
    made = options_for(
        tokens, growth, ROOT, ROOT if one_model else SUB, max_turns=20, concurrency=8, proposals=proposals
    )
    assert len({each.name for each in made}) == len(made)
    modes = Counter(each.mode for each in made)
    assert {mode: modes[mode] for mode in MODES} == {
        "direct": 1 if one_model else 2,
        "plan": len(strategies),
        "repl": 1,
        "full": 1,
    }
    assert all(each.calls >= 0 and each.tokens >= 0 and each.seconds >= 0 for each in made)
