from __future__ import annotations

import datetime
from collections.abc import Mapping
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.budget import pricing
from harlm.budget.pricing import Cents, PriceList, snapshot
from harlm.errors import ConfigError
from harlm.types import FREE, PICOS, Price, Tier, Usage

GPT_5 = Price(input=1.25, output=10.0, cached=0.125)
SONNET = Price(input=3.0, output=15.0, cached=0.3, cache_write=3.75)
TIERED = Price(
    input=1.25,
    output=10.0,
    cached=0.125,
    tiers=(Tier(above=200_000, input=2.5, output=15.0, cached=0.25),),
)

# -- the snapshot ----------------------------------------------------------------------------------------


def test_the_snapshot_has_a_date_and_sources() -> None:
    made = snapshot()
    assert datetime.date(2026, 1, 1) <= datetime.date.fromisoformat(made.date)
    assert {source.package for source in made.sources} == {"litellm", "genai-prices"}
    assert all(source.version and source.licence == "MIT" for source in made.sources)


def test_the_snapshot_contains_well_known_models() -> None:
    known = snapshot().models
    assert 60 <= len(known) <= 150
    assert {name.partition("/")[0] for name in known} == {"openai", "anthropic", "gemini", "openrouter"}
    for maker in ("openai/gpt-", "anthropic/claude-", "gemini/gemini-"):
        prices = [price for name, price in known.items() if name.startswith(maker)]
        assert any(price.window and price.max_output for price in prices), maker


def test_every_figure_of_the_snapshot_is_plausible() -> None:
    for name, price in snapshot().models.items():
        assert 0 < price.input <= 1_000, name
        assert price.input <= price.output <= 1_000 or (price.output == 0 and "/text-embedding-" in name), (
            name
        )
        assert price.window is None or 8_000 <= price.window <= 4_000_000, name
        assert price.max_output is None or price.window is None or price.max_output < price.window, name
        assert price.cache_write is None or price.cache_write >= price.input, name
        assert [tier.above for tier in price.tiers] == sorted({tier.above for tier in price.tiers}), name


def test_every_price_of_the_snapshot_is_a_whole_number_of_pico_dollars() -> None:
    for name, price in snapshot().models.items():
        rates = [price.input, price.output, price.cached, price.cache_write]
        for tier in price.tiers:
            rates += [tier.input, tier.output, tier.cached, tier.cache_write]
        for rate in rates:
            assert rate is None or rate == round(rate * PICOS) / PICOS, name


def test_the_higher_of_two_disagreeing_prices_is_taken() -> None:
    for each in snapshot().disagreements:
        assert each.taken == max(each.values.values())
        assert each.model in snapshot().models


# -- bills -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "usage", "micros"),
    [
        pytest.param(
            GPT_5,
            Usage(input_tokens=10_000, cached_tokens=8_000, output_tokens=500),
            2_000 * Fraction("1.25") + 8_000 * Fraction("0.125") + 500 * 10,  # 8 500
            id="cached tokens are part of the input, and are not counted twice",
        ),
        pytest.param(
            SONNET,
            Usage(input_tokens=10_000, cached_tokens=6_000, cache_write_tokens=3_000, output_tokens=100),
            1_000 * 3 + 6_000 * Fraction("0.3") + 3_000 * Fraction("3.75") + 100 * 15,  # 17 550
            id="writing into the cache costs its premium, and is not paid as input too",
        ),
        pytest.param(
            Price(input=0.4, output=1.6),
            Usage(input_tokens=1_000, cached_tokens=600, cache_write_tokens=300, output_tokens=0),
            1_000 * Fraction("0.4"),
            id="without a price for the cache its tokens cost what input costs",
        ),
        pytest.param(
            TIERED,
            Usage(input_tokens=200_000, cached_tokens=0, output_tokens=1_000),
            200_000 * Fraction("1.25") + 1_000 * 10,  # 260 000
            id="the limit of a tier still belongs to the tier below",
        ),
        pytest.param(
            TIERED,
            Usage(input_tokens=200_001, cached_tokens=199_000, output_tokens=1_000),
            1_001 * Fraction("2.5") + 199_000 * Fraction("0.25") + 1_000 * 15,  # 67 252.5
            id="the tier is chosen by the whole input, and holds for all of it",
        ),
        pytest.param(
            GPT_5,
            Usage(input_tokens=1_000, output_tokens=900, reasoning_tokens=800),
            1_000 * Fraction("1.25") + 900 * 10,  # 10 250
            id="thoughts are part of the output, and are not paid twice",
        ),
        pytest.param(
            Price(input=0.039, output=0.18),
            Usage(input_tokens=7, output_tokens=3),
            Fraction("0.813"),
            id="a bill below one micro-dollar is exact",
        ),
        pytest.param(FREE, Usage(input_tokens=10**6, output_tokens=10**6), 0, id="what is free is free"),
    ],
)
def test_bills_are_exact_to_the_micro_dollar(price: Price, usage: Usage, micros: int | Fraction) -> None:
    assert Fraction(price.picos(usage), PICOS) == micros


def test_more_cached_tokens_than_input_make_no_negative_bill() -> None:
    odd = Usage(input_tokens=100, cached_tokens=150, cache_write_tokens=150, output_tokens=0)
    assert Fraction(SONNET.picos(odd), PICOS) == 100 * Fraction("0.3")


def test_a_tier_without_a_price_for_the_cache_takes_its_own_price_for_input() -> None:
    price = Price(input=1.0, output=2.0, cached=0.1, tiers=(Tier(above=1_000, input=3.0, output=4.0),))
    usage = Usage(input_tokens=2_000, cached_tokens=2_000, output_tokens=10)
    assert Fraction(price.picos(usage), PICOS) == 2_000 * 3 + 10 * 4


def test_tiers_need_no_order() -> None:
    low, high = Tier(above=100, input=2.0, output=2.0), Tier(above=200, input=3.0, output=3.0)
    usage = Usage(input_tokens=201, output_tokens=0)
    for tiers in ((low, high), (high, low)):
        assert Price(input=1.0, output=1.0, tiers=tiers).picos(usage) == 201 * 3 * PICOS


# -- laws ------------------------------------------------------------------------------------------------

RATES = st.integers(0, 50_000_000).map(lambda picos: picos / PICOS) | st.sampled_from([0.0, 0.3, 1.25, 75.0])
OPTIONAL_RATES = st.none() | RATES
LIMITS = st.integers(1, 300) | st.sampled_from([128_000, 200_000, 272_000])
TIERS = st.builds(
    Tier, above=LIMITS, input=RATES, output=RATES, cached=OPTIONAL_RATES, cache_write=OPTIONAL_RATES
)
PRICES = st.builds(
    Price,
    input=RATES,
    output=RATES,
    cached=OPTIONAL_RATES,
    cache_write=OPTIONAL_RATES,
    tiers=st.lists(TIERS, max_size=3).map(tuple),
)
TOKENS = st.integers(0, 400) | st.integers(0, 1_000_000)


@given(PRICES, TOKENS, TOKENS, st.data())
def test_no_call_costs_more_than_its_bound(
    price: Price, most_input: int, most_output: int, data: st.DataObject
) -> None:
    spent = data.draw(st.integers(0, most_input), "input")
    cached = data.draw(st.integers(0, spent), "cached")
    written = data.draw(st.integers(0, spent - cached), "written")
    usage = Usage(
        input_tokens=spent,
        cached_tokens=cached,
        cache_write_tokens=written,
        output_tokens=data.draw(st.integers(0, most_output), "output"),
    )
    assert price.picos(usage) <= price.bound_micros(most_input, most_output) * PICOS


@given(PRICES, TOKENS, TOKENS)
def test_a_bound_is_the_cost_of_the_most_expensive_call(price: Price, tokens: int, output: int) -> None:
    # With tiers, a bound may combine the rates of one tier with the length of another.
    flat = msgspec.structs.replace(price, tiers=())
    highest = max(
        flat.picos(Usage(input_tokens=tokens, output_tokens=output)),
        flat.picos(Usage(input_tokens=tokens, cached_tokens=tokens, output_tokens=output)),
        flat.picos(Usage(input_tokens=tokens, cache_write_tokens=tokens, output_tokens=output)),
    )
    assert flat.bound_micros(tokens, output) == -(-highest // PICOS)


@given(PRICES, TOKENS, TOKENS, TOKENS, TOKENS)
def test_a_bound_grows_with_what_it_bounds(
    price: Price, tokens: int, more: int, output: int, longer: int
) -> None:
    assert price.bound_micros(tokens, output) <= price.bound_micros(tokens + more, output + longer)


@given(PRICES, TOKENS, st.integers(-1_000, 10**9))
def test_the_affordable_output_is_the_longest_that_the_money_bounds(
    price: Price, tokens: int, micros: int
) -> None:
    longest = price.affordable_output(tokens, micros)
    if longest < 0:
        assert price.bound_micros(tokens, 0) > micros
    else:
        assert price.bound_micros(tokens, longest) <= micros
        assert price.bound_micros(tokens, longest + 1) > micros or longest >= 1 << 40


def test_affordable_output_assumes_the_tier_with_the_most_expensive_output() -> None:
    tiers = (Tier(above=10, input=1.0, output=50.0), Tier(above=20, input=1.0, output=2.0))
    price = Price(input=1.0, output=1.0, tiers=tiers)
    assert price.affordable_output(30, 130) == 2  # 130 - 30 = 100 micro-dollars at 50 a token
    assert price.affordable_output(30, 29) < 0


def test_the_affordable_output_of_a_free_model_has_no_limit() -> None:
    assert FREE.affordable_output(10**6, 0) > 10**9
    assert FREE.affordable_output(10**6, -1) < 0


@given(st.lists(st.integers(0, 10 * PICOS)))
def test_rounding_to_micro_dollars_keeps_the_exact_sum(bills: list[int]) -> None:
    cents = Cents()
    booked = [cents.micros(bill) for bill in bills]
    assert list(accumulate(booked)) == [exact // PICOS for exact in accumulate(bills)]
    assert all(0 <= micros <= -(-bill // PICOS) for micros, bill in zip(booked, bills, strict=True))


# -- the price list --------------------------------------------------------------------------------------


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Price]:
    """What the snapshot lists, with names that no later snapshot can drop."""
    names = (
        "anthropic/claude-haiku-4-5", "gemini/gemini-2.5-flash", "gemini/gemini-flash-latest", "openai/gpt-4o",
        "openai/gpt-4o-mini", "openai/gpt-5", "openai/gpt-5-mini", "openrouter/openai/gpt-oss-120b",
        "openrouter/qwen/qwen3-coder",
    )  # fmt: skip
    models = {name: Price(input=1.0 + number, output=20.0) for number, name in enumerate(names)}
    made = msgspec.structs.replace(snapshot(), models=models)
    monkeypatch.setattr(pricing, "snapshot", lambda: made)
    return models


def own(folder: Path, text: str) -> Path:
    path = folder / "prices.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_users_prices_take_precedence(tmp_path: Path, listed: Mapping[str, Price]) -> None:
    prices = PriceList(
        own(
            tmp_path,
            '["openai/gpt-5"]\ninput = 1\noutput = 2.5\nwindow = 9_000\n'
            '["ollama/big"]\ninput = 0.1\noutput = 0.1\n'
            '["openai/local"]\ninput = 0\noutput = 0\ntiers = [{above = 100, input = 1, output = 2}]\n',
        )
    )
    assert prices.of("openai/gpt-5") == Price(input=1.0, output=2.5, window=9_000)
    assert prices.of("ollama/big") == Price(input=0.1, output=0.1)
    local = prices.of("openai/local")
    assert local is not None
    assert local.picos(Usage(input_tokens=101, output_tokens=1)) == 103 * PICOS
    assert prices.of("openai/gpt-5-mini") == listed["openai/gpt-5-mini"]


def test_prices_passed_as_an_argument_take_precedence_over_the_file(tmp_path: Path) -> None:
    file = own(tmp_path, '["a/b"]\ninput = 1\noutput = 1\n["c/d"]\ninput = 1\noutput = 1\n')
    prices = PriceList(file, {"a/b": FREE})
    assert (prices.of("a/b"), prices.of("c/d")) == (FREE, Price(input=1.0, output=1.0))


def test_without_a_file_the_snapshot_is_used(tmp_path: Path) -> None:
    for name, price in snapshot().models.items():
        assert PriceList(tmp_path / "none.toml").of(name) == price


@pytest.mark.parametrize(
    "model",
    [
        "openai/no-such-model",
        "openai/gpt-5-2025",
        "openai/20250807",
        "gpt-5",
        "openrouter/qwen/no-such-model",
        "openrouter/openai/gpt-4o:extended",
        "openrouter/openai/gpt-5:online",
        "openrouter/no-such-maker/gpt-5",
        "openai/ft:gpt-4o-mini:company::id",
        "",
    ],
)
@pytest.mark.usefixtures("listed")
def test_an_unknown_model_has_no_price(model: str) -> None:
    assert PriceList().of(model) is None


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("openai/gpt-5", "openai/gpt-5"),
        ("openai/gpt-5-2025-08-07", "openai/gpt-5"),
        ("openai/gpt-5-mini-2025-08-07", "openai/gpt-5-mini"),
        ("anthropic/claude-haiku-4-5-20251001", "anthropic/claude-haiku-4-5"),
        ("anthropic/claude-haiku-4-5@20251001", "anthropic/claude-haiku-4-5"),
        ("anthropic/claude-haiku-4-5-latest", "anthropic/claude-haiku-4-5"),
        ("gemini/gemini-flash-latest", "gemini/gemini-flash-latest"),
        ("openrouter/openai/gpt-5", "openai/gpt-5"),
        ("openrouter/openai/gpt-5-2025-08-07", "openai/gpt-5"),
        ("openrouter/openai/gpt-5:nitro", "openai/gpt-5"),
        ("openrouter/anthropic/claude-haiku-4.5", "anthropic/claude-haiku-4-5"),
        ("openrouter/google/gemini-2.5-flash", "gemini/gemini-2.5-flash"),
        ("openrouter/openai/gpt-oss-120b", "openrouter/openai/gpt-oss-120b"),
        ("openrouter/qwen/qwen3-coder:floor", "openrouter/qwen/qwen3-coder"),
    ],
)
def test_a_model_is_found_under_all_its_names(model: str, name: str, listed: Mapping[str, Price]) -> None:
    assert PriceList().of(model) == listed[name]


@pytest.mark.parametrize(
    "model", ["offline/extractive", "ollama/qwen3:8b", "local/a.gguf", "openrouter/qwen/qwen3-coder:free"]
)
def test_free_models_have_a_price_of_zero(model: str) -> None:
    assert PriceList().of(model) == FREE


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('["a/b"]\ninput = -0.25\noutput = 1.0\n', "-0.25"),
        ('["a/b"]\ninput = nan\noutput = 1.0\n', "nan"),
        ('["a/b"]\ninput = 1.0\noutput = 200_000\n', "200000"),
        ('["a/b"]\ninput = "1"\noutput = 1.0\n', "'1'"),
        ('["a/b"]\ninput = 1.0\noutput = 1.0\nouptut = 1.0\n', "ouptut"),
        ('["a/b"]\ninput = 1.0\n', "output"),
        ('["a/b"]\ninput = 1.0\noutput = 1.0\nwindow = 0\n', "'window': 0"),
        ('["a/b"]\ninput = 1.0\noutput = 1.0\ntiers = [{above = 0, input = 1, output = 1}]\n', "'above': 0"),
        ('"a/b" = 1.0\n', "1.0"),
    ],
)
def test_a_price_that_cannot_be_used_is_named(tmp_path: Path, text: str, value: str) -> None:
    path = own(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        PriceList(path)
    message = str(caught.value)
    assert str(path) in message
    assert "'a/b'" in message
    assert value in message


@pytest.mark.parametrize("data", [b"input: 1\n", b'["a/b"\n', b"\xff\xfe", b"[a/b]\n"])
def test_a_file_that_is_not_toml_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "prices.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match="USD per million tokens") as caught:
        PriceList(path)
    assert str(path) in str(caught.value)
