from __future__ import annotations

import math

import msgspec
import pytest

from harlm.config import Config, ModelSettings, overridden, setting_names
from harlm.errors import ConfigError


@pytest.mark.parametrize("seed", [2**63, -(2**63) - 1, 10**30])
def test_a_seed_has_64_bits(seed: int) -> None:
    with pytest.raises(ConfigError, match=r"engine\.seed = "):
        overridden(Config(), {"engine.seed": seed})
    assert overridden(Config(), {"engine.seed": -(2**63)}).engine.seed == -(2**63)


def test_the_defaults_are_within_their_bounds() -> None:
    assert msgspec.convert(msgspec.to_builtins(Config()), Config) == Config()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("models.window", 1023),
        ("models.retries", 21),
        ("models.patience_s", 0),
        ("loading.max_file_mb", 0),
        ("engine.max_turns", 1),
        ("engine.max_depth", 17),
        ("engine.branches", 0),
        ("engine.branches", 9),
        ("engine.branching", "after rejection"),
        ("engine.value_per_second", -0.01),
        ("engine.value_of_answer", math.inf),
        ("engine.value_of_answer", math.nan),
        ("sandbox.tier", "s4"),
        ("sandbox.open_repls", 0),
        ("budget.usd", -0.01),
        ("budget.tokens", 0),
        ("memory.summaries", "none"),
        ("memory.max_mb", 0),
        ("memory.max_mb", 10**9),
        ("sandbox.memory_mb", 10**18),
        ("models.window", 10**12),
        ("budget.tokens", 10**30),
        ("budget.usd", math.nan),
        *(
            (name, value)
            for name in setting_names()
            if name.endswith(("_s", "seconds"))
            for value in (0, -1, math.nan, math.inf, 1e308)
        ),
        ("models.root", "openai/x\0"),
        ("tracing.home", "a\nb"),
        ("loading.include", ("a\x1b",)),
    ],
)
def test_a_value_out_of_its_bounds_is_named(name: str, value: object) -> None:
    with pytest.raises(ConfigError) as caught:
        overridden(Config(), {name: value})
    assert f"{name} = {value!r}: " in str(caught.value)


def test_a_value_of_any_size_is_named_in_short() -> None:
    for name, value in {
        "budget.tokens": 10**5_000,
        "models.sub": "x" * 10**6,
        "engine.mode": ["y"] * 9_999,
    }.items():
        with pytest.raises(ConfigError) as caught:
            overridden(Config(), {name: value})
        assert str(caught.value).startswith(f"{name}: {name} = ")
        assert len(str(caught.value)) < 500


def test_a_key_that_cannot_be_used_is_not_shown() -> None:
    with pytest.raises(ConfigError, match=r"models\.api_key = \(set, hidden\): ") as caught:
        overridden(Config(), {"models.api_key": "sk-secret\n"})
    assert "sk-secret" not in str(caught.value)


def test_setting_names_are_unique_and_belong_to_a_section() -> None:
    names = setting_names()
    assert len(names) == len(set(names))
    assert {name.split(".")[0] for name in names} == set(Config.__struct_fields__)


def test_the_key_is_not_part_of_the_repr() -> None:
    assert (
        repr(ModelSettings(root="openai/x", api_key="sk-secret"))
        == "ModelSettings(root='openai/x', sub=None)"
    )


def test_sections_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Config().engine.max_turns = 5  # type: ignore[misc] # frozen


@pytest.mark.parametrize(("given", "held"), [("0.7", 0.7), (2, 2.0), ("server", "server")])
def test_a_temperature_is_a_number_or_left_to_the_server(given: object, held: object) -> None:
    assert Config().models.temperature == 0
    assert overridden(Config(), {"models.temperature": given}).models.temperature == held


@pytest.mark.parametrize("given", [2.1, -1, "warm", float("nan")])
def test_other_temperatures_are_refused(given: object) -> None:
    with pytest.raises(ConfigError, match=r"models\.temperature"):
        overridden(Config(), {"models.temperature": given})
