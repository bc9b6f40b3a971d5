"""A whole training: hold out, fit, measure, refuse what is worth nothing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

import msgspec
import pytest

from harlm.config import Config
from harlm.errors import ConfigError, ContextError
from harlm.events import Answered, Judged, RunStarted
from harlm.home import router_file, runs_of
from harlm.redact import Redactor
from harlm.router.features import NAMES
from harlm.router.model import load, save, shipped
from harlm.tracing.jsonl import JsonlSink
from harlm.tracing.rating import rate
from harlm.types import Answer, Confidence, Mode
from harlm_train.correction import corrected
from harlm_train.examples import from_runs
from harlm_train.fitting import is_held_out
from harlm_train.training import LEAST_OWN, Made, error, told_of, train_from, trained_from_runs
from tests.support.routing import head_of, router_model
from tests.unit.train import made

_TWO: tuple[Mode, ...] = ("direct", "plan")


def parted(mode: Mode, features: Mapping[str, float], text: str) -> float:
    """Where the strategy fits, plan is right, and else direct."""
    return float((features["fit"] > 0.5) == (mode == "plan"))


def turned(mode: Mode, features: Mapping[str, float], text: str) -> float:
    """The same, and the opposite on the texts that are held out to measure."""
    right = parted(mode, features, text)
    return 1 - right if is_held_out(text, 5, 7_919) else right


@cache
def trained() -> Made:
    return train_from(made.drawn(parted, 130, modes=_TWO))


def test_a_router_that_has_learned_its_tasks_is_worth_nearly_what_the_oracle_is() -> None:
    quality = trained().model.quality
    assert quality is not None
    assert quality.tasks > 20
    assert 0.8 < quality.gain <= 1
    assert quality.calibration_error < 0.2


def test_a_training_says_what_the_router_is_worth() -> None:
    told = "\n".join(trained().told)
    for words in ("SIMULATED: ", "an answer worth $1: router ", "always ", "oracle ", "calibration error "):
        assert words in told
    many = told_of(trained().model, made.drawn(parted, 20, seed=6, modes=_TWO), (0.1, 1.0, 10.0))
    assert len(many) == 5


def test_a_router_that_loses_to_a_fixed_mode_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"worth less than always \w+ on \d+ tasks .*not written; .*engine.mode"
    ):
        train_from(made.drawn(turned, 130, modes=_TWO))


def test_too_few_examples_are_an_error() -> None:
    for texts in (0, 5):
        with pytest.raises(ContextError, match="run more questions in every mode"):
            train_from(made.drawn(parted, texts, modes=_TWO))


# -- a user's own runs ---------------------------------------------------------------------------------------


def stored(number: int, mode: Mode, *, is_good: bool, propensity: float = 1.0, **features: float) -> None:
    """A run of this home, as a client leaves it, and rated."""
    name = f"01ARZ3NDEKTSV4RRFFQ69G{number:04}"
    sink = JsonlSink(runs_of(Config()) / name, Redactor(()))
    judged = Judged(
        model="m",
        mode=mode,
        confidence=Confidence(),
        corpus="corpus",
        features={**dict.fromkeys(NAMES, 0.0), **features},
        propensity=propensity,
    )
    started = RunStarted(question="Q?", root_model="m", sub_model="m", documents=1, characters=9, tokens=3)
    for event in (started, judged, Answered(answer=Answer(text="x", mode=mode, run_id=name))):
        sink.emit(msgspec.structs.replace(event, run=name))
    sink.close()
    rate(runs_of(Config()) / name, is_good=is_good)


@pytest.fixture
def config(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Settings with the home of the test."""
    monkeypatch.setattr("harlm.home.home_of", lambda _: clean_environment)
    return Config()


def test_rated_runs_correct_the_router_that_ships(config: Config) -> None:
    """It expects much of plan; here plan is always bad."""
    for number in range(36):
        stored(number, "plan", is_good=False, fit=number / 36)
    found = trained_from_runs(config)
    examples = from_runs(runs_of(config))
    assert found.model.heads == corrected(shipped(), examples).heads
    assert error(found.model, examples) < error(shipped(), examples)
    assert found.model.origins[-1].label == "OWN RUNS"
    assert "36 rated runs give a correction" in found.told[0]


def test_the_users_own_router_is_corrected_if_there_is_one(config: Config) -> None:
    save(router_model({"plan": head_of(2.0)}), router_file(config))
    for number in range(24):
        stored(number, "plan", is_good=False)
    found = trained_from_runs(config).model
    assert set(found.heads) == {"plan"}
    assert found.heads["plan"].base == 2.0
    assert load(router_file(config)).heads["plan"].correction is None


def test_too_few_rated_runs_are_an_error_that_says_how_to_rate(config: Config) -> None:
    for number in range(LEAST_OWN - 1):
        stored(number, "plan", is_good=True)
    with pytest.raises(
        ConfigError, match=r"19 rated runs are too few: rate at least 20 with `harlm runs rate"
    ):
        trained_from_runs(config)


def test_no_rated_run_is_an_error(config: Config) -> None:
    with pytest.raises(ContextError, match="is rated; rate some"):
        trained_from_runs(config)


def test_what_does_not_predict_other_runs_is_refused(config: Config) -> None:
    """The router knows already that half are good, and no feature says which."""
    save(router_model({"plan": head_of(0.0)}), router_file(config))
    for number in range(60):
        stored(
            number,
            "plan",
            is_good=(number % 3 == 0) != (number >= 30),
            fit=float(number % 3 == 0),
            log_tokens=float(number),
        )
    with pytest.raises(
        ConfigError, match=r"predicts others of them worse .*nothing is written; rate more runs"
    ):
        trained_from_runs(config)


def test_a_corrected_router_that_one_mode_would_beat_is_refused(config: Config) -> None:
    """It is very sure of plan, and a few runs say otherwise: full is better, but the correction does not go as far."""
    save(router_model({"plan": head_of(4.0), "full": head_of(-4.0)}), router_file(config))
    for number in range(12):
        stored(number, "plan", is_good=number % 2 == 0)
        stored(100 + number, "full", is_good=number % 3 != 0)
    with pytest.raises(
        ConfigError, match=r"would have had 50% good answers and always full 67%, so it is not written"
    ):
        trained_from_runs(config)


def test_runs_of_a_mode_that_the_own_router_does_not_know_do_not_break_the_training(config: Config) -> None:
    save(router_model({"full": head_of(0.0)}), router_file(config))
    for number in range(24):
        stored(number, "plan", is_good=number % 2 == 0)
    with suppress(ConfigError):  # a refusal is as good
        trained_from_runs(config)
