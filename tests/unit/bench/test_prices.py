"""Prices by name, and exact bills."""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm.errors import ConfigError
from harlm.testing import Tokens
from harlm.types import Price, Usage
from harlm_bench import prices


def test_a_price_is_found_with_a_provider_and_a_date_around_the_name() -> None:
    listing = prices.snapshot()
    assert (
        listing.of("gpt-5")
        == listing.of("openai/gpt-5-2025-08-07")
        == Price(input=1.25, cached=0.125, output=10.0)
    )
    assert listing.of("gpt-5-unheard-of") is None


def test_a_bill_agrees_with_that_of_harlm() -> None:
    price = Price(input=0.25, cached=0.025, output=2.0)
    usage = Usage(calls=1, input_tokens=1_234, output_tokens=77, cached_tokens=1_000)
    assert prices.picos(price, Tokens(1_234, 1_000, 77)) == price.picos(usage)
    without = Price(input=0.45, output=1.8)
    assert prices.picos(without, Tokens(10, 10, 0)) == 10 * 450_000


def test_a_file_of_another_form_is_refused_with_its_name(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    with pytest.raises(ConfigError, match=r"mine\.toml"):
        prices.read(file)
    file.write_text('date = "2026-01-01"\n[models.mine]\ninput = "much"\n')
    with pytest.raises(ConfigError, match=r"mine\.toml cannot be used as prices"):
        prices.read(file)
    file.write_text('date = "2026-01-01"\n[models.mine]\ninput = 1\noutput = 2\n')
    assert prices.read(file).of("x/mine") == Price(input=1, output=2)
