"""Estimates from settings and a context alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm.config import Config, overridden
from harlm.errors import ConfigError
from harlm.estimate import estimate_run, known_models
from harlm.testing import ScriptedModel
from harlm.types import Context, Mode, Price, Task


def settings(**flags: object) -> Config:
    return overridden(Config(), {name.replace("__", "."): value for name, value in flags.items()})


def task(question: str, text: str = "The code is 4711. " * 50, mode: Mode | None = None) -> Task:
    return Task(question=question, context=Context.of_text(text, name="text"), mode=mode or "auto")


def test_a_named_model_has_the_window_and_price_of_the_list() -> None:
    root, sub = known_models(settings(models__root="openai/gpt-5", models__sub="openai/gpt-5-mini"))
    assert (root.name, sub.name) == ("openai/gpt-5", "openai/gpt-5-mini")
    assert root.price is not None
    assert root.price.window == root.window
    assert sub.price is not None
    assert sub.price.input < root.price.input


def test_the_sub_model_is_the_root_model_by_default() -> None:
    root, sub = known_models(settings(models__root="openai/gpt-5"))
    assert root == sub


def test_a_model_at_another_address_has_no_listed_window() -> None:
    at_home, _ = known_models(settings(models__root="openai/gpt-5@http://127.0.0.1:9/v1"))
    listed, _ = known_models(settings(models__root="openai/gpt-5"))
    assert at_home.window < listed.window
    given, _ = known_models(settings(models__root="openai/gpt-5", models__window=7_000))
    assert given.window == 7_000


def test_model_objects_and_callables_are_known_by_their_names() -> None:
    model = ScriptedModel([])
    prices = {"callable/<lambda>": Price(input=3, output=4)}
    root, sub = known_models(Config(), root=model, sub=lambda prompt: "x", prices=prices)
    assert (root.name, root.window, root.price) == (model.name, model.window, None)
    assert (sub.name, sub.price) == ("callable/<lambda>", prices["callable/<lambda>"])


def test_a_name_that_is_no_model_name_is_refused() -> None:
    with pytest.raises(ConfigError, match="'gpt-5' cannot be used"):
        known_models(settings(models__root="gpt-5"))


def test_prices_come_from_the_users_file(clean_environment: Path) -> None:
    file = clean_environment / "config" / "harlm" / "prices.toml"
    file.parent.mkdir(parents=True)
    file.write_text('["openai/mine"]\ninput = 2.0\noutput = 8.0\n')
    root, _ = known_models(settings(models__root="openai/mine"))
    assert root.price == Price(input=2.0, output=8.0)


def test_the_router_chooses_unless_the_task_names_a_mode() -> None:
    models = known_models(settings(models__root="openai/gpt-5"))
    assert estimate_run(task("What is the code?"), Config(), *models).chosen == "direct"
    assert estimate_run(task("What is the code?", mode="full"), Config(), *models).chosen == "full"


def test_the_estimate_has_the_class_of_the_question_and_the_limit() -> None:
    models = known_models(settings(models__root="openai/gpt-5"))
    small = estimate_run(task("Summarise it"), settings(budget__usd=0.001), *models)
    assert (small.growth, small.limit_micros) == ("linear", 1_000)
    assert small.tokens > 100
    assert small.is_beyond_limit
    unlimited = estimate_run(task("What is the code?"), settings(budget__usd=2e9), *models)
    assert unlimited.limit_micros is None
    assert not unlimited.is_beyond_limit
