from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.budget.estimate import Estimate, estimate
from harlm.types import FREE, Growth, ModelFacts, Price

ROOT = ModelFacts(name="openai/root", window=400_000, price=Price(input=1.25, output=10.0))
SUB = ModelFacts(name="openai/sub", window=400_000, price=Price(input=0.25, output=2.0))
GROWTHS: tuple[Growth, ...] = ("constant", "logarithmic", "linear", "factorable pairs", "arbitrary pairs")


def of(mode: str, made: tuple[Estimate, ...]) -> Estimate:
    return next(each for each in made if each.mode == mode)


@given(
    tokens=st.integers(0, 10**9),
    growth=st.sampled_from(GROWTHS),
    window=st.integers(2_000, 2_000_000),
    turns=st.integers(5, 200),
    slots=st.integers(1, 1000),
)
def test_the_worst_case_is_never_below_the_expected_case(
    tokens: int, growth: Growth, window: int, turns: int, slots: int
) -> None:
    root = ModelFacts(name="openai/root", window=window, price=ROOT.price)
    for each in estimate(tokens, growth, root, SUB, max_turns=turns, concurrency=slots):
        if each.mode == "plan":
            assert each.obstacle == "no strategy understands the question"
            continue
        assert each.expected.micros is not None
        assert each.worst.micros is not None
        assert 0 <= each.expected.micros <= each.worst.micros
        assert 0 < each.expected.calls <= each.worst.calls
        assert each.expected.tokens <= each.worst.tokens
        assert each.expected.seconds <= each.worst.seconds


def test_a_text_larger_than_the_window_rules_out_direct_mode() -> None:
    made = estimate(500_000, "constant", ROOT, SUB, max_turns=20, concurrency=32)
    assert of("direct", made).obstacle == "about 500,000 tokens do not fit into a window of 400,000"
    assert of("repl", made).obstacle is None


def test_reading_a_whole_text_costs_by_its_length_and_finding_a_passage_does_not() -> None:
    def full(tokens: int, growth: Growth) -> int:
        micros = of("full", estimate(tokens, growth, ROOT, SUB, max_turns=20, concurrency=32)).expected.micros
        assert micros is not None
        return micros

    assert full(10_000_000, "constant") == full(1_000_000, "constant")
    assert full(10_000_000, "linear") > 5 * full(1_000_000, "linear")


def test_an_unknown_price_gives_no_cost_and_a_free_model_costs_nothing() -> None:
    unknown = ModelFacts(name="x/y", window=8_000, price=None)
    for each in estimate(1_000, "linear", unknown, unknown, max_turns=20, concurrency=4):
        assert each.expected.micros is None or each.mode == "plan"
    local = ModelFacts(name="offline/extractive", window=32_768, price=FREE)
    for each in estimate(1_000, "linear", local, local, max_turns=20, concurrency=4):
        assert each.worst.micros == 0
        assert each.worst.seconds < 10


def test_more_concurrency_takes_less_time_but_the_same_money() -> None:
    few = of("full", estimate(10**7, "linear", ROOT, SUB, max_turns=20, concurrency=1)).expected
    many = of("full", estimate(10**7, "linear", ROOT, SUB, max_turns=20, concurrency=64)).expected
    assert many.seconds < few.seconds / 10
    assert many.micros == few.micros
