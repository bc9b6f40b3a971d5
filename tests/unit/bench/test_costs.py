from __future__ import annotations

import pytest

from harlm.errors import ConfigError
from harlm.types import Price
from harlm_bench import costs
from harlm_bench.suites import SYSTEMS, Entry, Load
from tests.unit.bench.made import result

_LOADS = (Load(task="oolong", tokens=100_000, windows=2, questions=5),)
_PRICE = Price(input=1.0, output=10.0)


def test_the_more_expensive_model_is_taken_for_every_token() -> None:
    prices = {"large": _PRICE, "small": Price(input=0.1, output=0.4)}
    found = costs.predict(_LOADS, (SYSTEMS["base"],), prices, window=128_000)
    assert (found.questions, found.prompt, found.completion) == (10, 1_000_000, 15_000)
    assert found.usd == pytest.approx(1.0 + 0.15)


def test_one_call_cannot_read_more_than_a_window() -> None:
    found = costs.predict(_LOADS, (SYSTEMS["base"],), {"m": _PRICE}, window=50_000)
    assert found.prompt == 10 * 50_000


def test_what_an_earlier_run_has_asked_is_not_asked_again() -> None:
    base = Entry(key="base", role="base", reads=1.0, name="base")
    done = [result("base", task="oolong", tokens=100_000, question=f"q{n}") for n in range(4)]
    other = [result("base", task="oolong", tokens=8_192), result("another", task="oolong", tokens=100_000)]
    found = costs.predict(_LOADS, (base,), {"m": _PRICE}, 128_000, [*done, *other])
    assert (found.questions, found.prompt) == (6, 600_000)


def test_a_budget_covers_what_was_spent_before() -> None:
    costs.confirm(_prediction(1.15), budget_usd=1.2, is_agreed=False, spent_usd=0.05)
    with pytest.raises(
        ConfigError, match=r"more than --budget-usd 1\.2 with the \$0\.06 that were spent before"
    ):
        costs.confirm(_prediction(1.15), budget_usd=1.2, is_agreed=False, spent_usd=0.06)
    nothing = costs.Prediction(questions=0, prompt=0, completion=0, usd=None)
    costs.confirm(nothing, budget_usd=None, is_agreed=False)


def test_a_model_without_a_price_has_no_known_cost() -> None:
    found = costs.predict(_LOADS, (SYSTEMS["rlms"],), {"m": _PRICE, "sub": None}, window=50_000)
    assert found.usd is None
    assert "no price is known" in str(found)


def _prediction(usd: float | None) -> costs.Prediction:
    return costs.Prediction(questions=10, prompt=1_000_000, completion=15_000, usd=usd)


@pytest.mark.parametrize(
    ("usd", "budget", "said"),
    [
        (1.15, None, r"about \$1\.15\. Agree with --yes, or .*--budget-usd"),
        (1.15, 1.0, r"more than --budget-usd 1\. Choose fewer"),
        (None, 5.0, r"--budget-usd 5 cannot be kept\. Put the model's price"),
        (None, None, "--yes"),
    ],
)
def test_nothing_is_spent_that_was_not_agreed_to(usd: float | None, budget: float | None, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        costs.confirm(_prediction(usd), budget_usd=budget, is_agreed=False)
    costs.confirm(_prediction(usd), budget_usd=budget, is_agreed=True)


def test_a_budget_that_covers_the_cost_is_an_agreement() -> None:
    costs.confirm(_prediction(1.15), budget_usd=1.2, is_agreed=False)
    costs.confirm(_prediction(0.0), budget_usd=None, is_agreed=False)
