from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.types import FREE, PICOS, Price, Tier, Usage

RATES = st.floats(0, 100, allow_nan=False)
OPTIONAL = st.none() | RATES
TIERS = st.lists(
    st.builds(
        Tier, above=st.integers(1, 5_000), input=RATES, output=RATES, cached=OPTIONAL, cache_write=OPTIONAL
    ),
    max_size=3,
    unique_by=lambda tier: tier.above,
).map(tuple)
PRICES = st.builds(Price, input=RATES, output=RATES, cached=OPTIONAL, cache_write=OPTIONAL, tiers=TIERS)
TOKENS = st.integers(0, 10_000)

PRICE = Price(input=1.0, output=10.0, cached=0.1, cache_write=1.25)


def used(input_tokens: int, output_tokens: int = 0, *, cached: int = 0, written: int = 0) -> Usage:
    return Usage(
        calls=1,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cached_tokens=cached,
        cache_write_tokens=written,
    )


def test_a_dollar_for_a_million_tokens_is_a_micro_dollar_for_each() -> None:
    assert PRICE.picos(used(3, 2)) == (3 * 1 + 2 * 10) * PICOS


def test_cached_and_written_tokens_have_their_own_prices() -> None:
    assert PRICE.picos(used(100, cached=40, written=20)) == 40 * 1_000_000 + 40 * 100_000 + 20 * 1_250_000
    plain = Price(input=1.0, output=10.0)
    assert plain.picos(used(100, cached=40, written=20)) == 100 * PICOS


def test_no_more_tokens_are_cached_or_written_than_were_sent() -> None:
    assert PRICE.picos(used(10, cached=50, written=50)) == 10 * 100_000
    assert PRICE.picos(used(10, written=50)) == 10 * 1_250_000


def test_a_tier_applies_to_a_whole_call_whose_input_is_above_its_limit() -> None:
    price = Price(
        input=1.0,
        output=2.0,
        tiers=(Tier(above=200, input=5.0, output=6.0), Tier(above=100, input=3.0, output=4.0)),
    )
    assert [price.picos(used(size, 1)) // PICOS for size in (100, 101, 200, 201)] == [102, 307, 604, 1011]


@given(PRICES, TOKENS, TOKENS, st.data())
def test_no_call_costs_more_than_its_bound(
    price: Price, input_tokens: int, output_tokens: int, data: st.DataObject
) -> None:
    bound = price.bound_micros(input_tokens, output_tokens)
    usage = used(
        data.draw(st.integers(0, input_tokens)),
        data.draw(st.integers(0, output_tokens)),
        cached=data.draw(TOKENS),
        written=data.draw(TOKENS),
    )
    assert price.picos(usage) <= bound * PICOS


@given(PRICES, TOKENS, st.integers(0, 1_000_000))
def test_the_affordable_output_is_the_most_within_the_bound(
    price: Price, input_tokens: int, micros: int
) -> None:
    most = price.affordable_output(input_tokens, micros)
    if most < 0:
        assert price.bound_micros(input_tokens, 0) > micros
    else:
        assert price.bound_micros(input_tokens, most) <= micros
        if most < 1 << 40:
            assert price.bound_micros(input_tokens, most + 1) > micros


def test_a_free_model_allows_any_output() -> None:
    assert FREE.bound_micros(10**6, 10**6) == 0
    assert FREE.affordable_output(10**6, 0) > 10**9
    assert FREE.picos(used(10**6, 10**6)) == 0


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"input": 1}, "missing required field `output`"),
        ({"input": -1, "output": 1}, r">= 0.*\$\.input"),
        ({"input": 1, "output": 1, "imput": 1}, "unknown field `imput`"),
        (
            {"input": 1, "output": 1, "tiers": [{"above": 0, "input": 1, "output": 1}]},
            r"\$\.tiers\[0\]\.above",
        ),
    ],
)
def test_a_table_that_is_not_a_price_is_an_error(table: dict[str, object], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert(table, Price)


@given(price=PRICES, tokens=TOKENS, output=TOKENS, share=st.floats(0, 1))
def test_a_batch_costs_its_share_of_every_bill_and_never_more_than_its_bound(
    price: Price, tokens: int, output: int, share: float
) -> None:
    batched = msgspec.structs.replace(price, batch=share).in_batch
    usage = used(tokens, output, cached=tokens // 3, written=tokens // 4)
    assert batched.picos(usage) == pytest.approx(price.picos(usage) * share, abs=2 * (tokens + output) + 1)
    assert batched.picos(usage) <= batched.bound_micros(tokens, output) * PICOS
    assert (batched.window, len(batched.tiers)) == (price.window, len(price.tiers))


def test_a_batch_costs_half_unless_the_price_says_otherwise() -> None:
    assert PRICE.in_batch == Price(input=0.5, output=5.0, cached=0.05, cache_write=0.625)
    assert msgspec.convert({"input": 1, "output": 2, "batch": 1}, Price).in_batch.output == 2
