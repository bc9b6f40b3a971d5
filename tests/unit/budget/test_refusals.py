"""The messages of refusals."""

from __future__ import annotations

import pytest

from harlm.budget import UNLIMITED, Caps
from harlm.budget.refusals import in_debt, out_of_time, spent, too_deep
from harlm.errors import CallLimit, CostLimit, DeadlineExceeded, DepthLimit, TokenLimit
from harlm.types import Amounts

CAPS = Caps(tokens=10_000, micros=2_000_000, calls=7).amounts
USED = Amounts(9_500, 1_500_000, 7)


@pytest.mark.parametrize(
    ("at", "kind", "said"),
    [
        (
            0,
            TokenLimit,
            "9,500 tokens of 10,000 tokens are used, and the next call may take 800 tokens; raise --max-tokens",
        ),
        (1, CostLimit, "$1.5 of $2 are used, and the next call may take $0.75; raise --max-cost"),
        (2, CallLimit, "7 calls of 7 calls are used, and the next call may take 1 calls; raise --max-calls"),
    ],
    ids=["tokens", "money", "calls"],
)
def test_a_refusal_names_usage_limit_and_flag(at: int, kind: type[Exception], said: str) -> None:
    refusal = spent(at, CAPS, USED, Amounts(), Amounts(800, 750_000, 1))
    assert type(refusal) is kind
    assert str(refusal) == said


def test_a_refusal_names_the_finishing_reserve() -> None:
    refusal = spent(0, CAPS, Amounts(tokens=7_000), Amounts(tokens=2_500), Amounts(tokens=800))
    assert "7,000 tokens of 10,000 tokens are used and 2,500 tokens kept for the answer, and" in str(refusal)


@pytest.mark.parametrize(("at", "used", "allowed"), [(0, 9_500, 10_000), (1, 1.5, 2.0), (2, 7, 7)])
def test_the_figures_of_a_refusal_are_in_the_units_of_its_limit(at: int, used: float, allowed: float) -> None:
    refusal = spent(at, CAPS, USED, Amounts(), USED)
    assert (refusal.used, refusal.allowed) == (used, allowed)


def test_a_debt_names_the_first_currency_that_is_owed() -> None:
    refusal = in_debt(CAPS, Amounts(9_000, 2_250_000, 3), Amounts(0, 250_000, 1))
    assert isinstance(refusal, CostLimit)
    assert "$0.25 beyond the limit of $2, so nothing more is spent" in str(refusal)
    assert (refusal.used, refusal.allowed) == (2.25, 2.0)


def test_an_unlimited_currency_is_shown_as_no_limit() -> None:
    refusal = in_debt(Caps().amounts, Amounts(UNLIMITED, 0, 1), Amounts(5, 0, 0))
    assert "5 tokens beyond the limit of no limit" in str(refusal)


def test_time_and_depth_name_their_flags() -> None:
    late = out_of_time(90.5, 90.0)
    assert isinstance(late, DeadlineExceeded)
    assert str(late) == "the time limit of 90 s has passed; raise --timeout"
    assert (late.limit, late.used, late.allowed) == ("seconds", 90.5, 90.0)
    deep = too_deep(4, 3)
    assert isinstance(deep, DepthLimit)
    assert str(deep) == "depth 4 is greater than the allowed 3; raise --max-depth"
    assert (deep.limit, deep.used, deep.allowed) == ("depth", 4, 3)
