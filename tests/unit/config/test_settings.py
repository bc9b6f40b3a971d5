from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harlm.config import Config, load, overridden, setting_names
from harlm.config.settings import _ENVIRONMENT, checked_value
from harlm.errors import ConfigError


def loaded(
    tmp_path: Path,
    flags: dict[str, object] | None = None,
    environment: dict[str, str] | None = None,
    user: str = "",
) -> tuple[Config, dict[str, str]]:
    user_file = tmp_path / "user.toml"
    if user:
        user_file.write_text(user)
    made = load(flags=flags or {}, environment=environment or {}, folder=tmp_path, user_file=user_file)
    return made.config, dict(made.origins)


def test_defaults_need_nothing(tmp_path: Path) -> None:
    config, origins = loaded(tmp_path)
    assert config == Config()
    assert config.models.root == "offline/extractive"
    assert origins == {}


def test_flag_beats_environment_beats_user(tmp_path: Path) -> None:
    config, origins = loaded(
        tmp_path,
        flags={"engine.concurrency": 5},
        environment={"HARLM_CONCURRENCY": "4", "HARLM_MODEL": "openai/x"},
        user="[engine]\nconcurrency = 2\nmax_turns = 6\nshown_chars = 900\n",
    )
    assert (config.engine.concurrency, config.engine.max_turns, config.engine.shown_chars) == (5, 6, 900)
    assert origins["engine.concurrency"] == "flag engine.concurrency"
    assert origins["models.root"] == "env HARLM_MODEL"
    assert origins["engine.shown_chars"].endswith("user.toml")


def test_a_bad_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"env HARLM_CONCURRENCY: engine.concurrency = 'many'"):
        loaded(tmp_path, environment={"HARLM_CONCURRENCY": "many"})


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    assert loaded(tmp_path, environment={"HARLM_MODEL": " "})[0].models.root == "offline/extractive"


def test_keys_are_never_shown(tmp_path: Path) -> None:
    made = load(
        flags={},
        environment={"HARLM_API_KEY": "sk-very-secret"},
        folder=tmp_path,
        user_file=tmp_path / "none",
    )
    assert "sk-very-secret" not in repr(made.config)
    assert "sk-very-secret" not in str(made.rows())
    assert ("models.api_key", "(set, hidden)", "env HARLM_API_KEY") in made.rows()


def test_every_setting_has_a_row(tmp_path: Path) -> None:
    made = load(flags={}, environment={}, folder=tmp_path, user_file=tmp_path / "none")
    assert [name for name, _, _ in made.rows()] == setting_names()


def test_overriding_replaces_only_what_is_given() -> None:
    base = overridden(Config(), {"engine.max_turns": 5, "engine.seed": None})
    assert base.engine.max_turns == 5
    assert base.engine.concurrency == 32
    with pytest.raises(ConfigError, match=r"max_turns = 0"):
        overridden(base, {"engine.max_turns": 0})


@pytest.mark.parametrize(
    "value", ["garbage", "ftp://x/v1", "http://", "http://x:port/v1", "http://[::1", "http://a b"]
)
@pytest.mark.parametrize("name", ["models.base_url", "models.proxy"])
def test_an_address_is_a_url_with_a_host(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError, match="http or https URL with a host") as caught:
        loaded(tmp_path, flags={name: value})
    assert f"{name} = {value!r}" in str(caught.value)
    assert loaded(tmp_path, flags={name: "https://[::1]:8000/v1"})


def test_values_are_shown_as_they_are(tmp_path: Path) -> None:
    made = load(
        flags={"models.api_key": "sk-very-secret", "loading.include": ("*.md",)},
        environment={},
        folder=tmp_path,
        user_file=tmp_path / "none",
    )
    shown = made.shown()
    assert (shown["engine.max_turns"], shown["models.sub"], shown["loading.include"]) == (20, None, ("*.md",))
    assert shown["models.api_key"] == "(set, hidden)"
    assert made.origin("engine.max_turns") == "default"


def test_a_bad_duration_names_its_origin(tmp_path: Path) -> None:
    said = r"env HARLM_TIMEOUT: budget.seconds: invalid duration 'soon': use 90s, 5m or 1h30m"
    with pytest.raises(ConfigError, match=said):
        loaded(tmp_path, environment={"HARLM_TIMEOUT": "soon"})
    assert loaded(tmp_path, environment={"HARLM_TIMEOUT": "1h30m"})[0].budget.seconds == 5_400


def test_bytes_that_are_not_utf_8_may_stand_in_paths_only(tmp_path: Path) -> None:
    made = load(
        flags={"loading.include": ("\udcff*",)},
        environment={"HARLM_HOME": "/\udcff"},
        folder=tmp_path,
        user_file=tmp_path / "none",
    )
    assert made.config.tracing.home == "/\udcff"
    assert json.dumps(made.shown()).isascii()
    assert ("tracing.home", '"/\\\\udcff"', "env HARLM_HOME") in made.rows()
    with pytest.raises(ConfigError, match="Expected text in UTF-8 without control characters"):
        loaded(tmp_path, environment={"HARLM_MODEL": "openai/\udcff"})


def test_an_unknown_flag_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"flag engine\.turns: unknown setting 'engine\.turns'\. Did you mean"
    ):
        loaded(tmp_path, flags={"engine.turns": 3})
    with pytest.raises(ConfigError, match="`harlm config show` lists all settings"):
        loaded(tmp_path, flags={"zzz.qqq": 3})


_ODD = st.sampled_from(
    ["nan", "inf", "-inf", "1e308", "1e999", "0x10", "9" * 5_000, "\u0663", "1_000", "", " ", "\x7f"]
)


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(sorted(_ENVIRONMENT)), _ODD | st.text(max_size=12), max_size=3))
def test_any_environment_gives_settings_or_one_clear_error(environment: dict[str, str]) -> None:
    said = _error_of(environment)
    assert said == "" or said.startswith("env HARLM_")
    assert len(said) < 1_000


def _error_of(environment: dict[str, str]) -> str:
    folder = Path("nowhere")
    try:
        load(flags={}, environment=environment, folder=folder, user_file=folder / "none").rows()
    except ConfigError as error:
        return str(error)
    return ""


def test_the_address_of_a_store_is_shown_without_what_may_be_secret(tmp_path: Path) -> None:
    url = "postgresql://me:s3cr3t-word@db:5433/harlm?sslpassword=s3cr3t-word"
    made = load(flags={}, environment={"HARLM_STORE": url}, folder=tmp_path, user_file=tmp_path / "none.toml")
    assert made.config.memory.store == url
    assert ("memory.store", '"postgresql://db:5433/harlm"', "env HARLM_STORE") in made.rows()
    assert "s3cr3t-word" not in repr(made.config)
    assert "s3cr3t-word" not in checked_value("memory.store", url, "config set")[1]
    for broken in (f"{url}\0", "s3cr3t-word" * 1_000):
        with pytest.raises(ConfigError) as refused:
            load(
                flags={"memory.store": broken},
                environment={},
                folder=tmp_path,
                user_file=tmp_path / "none.toml",
            )
        assert "s3cr3t-word" not in str(refused.value)
