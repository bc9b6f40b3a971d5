from __future__ import annotations

from pathlib import Path

import pytest

from harlm.config import Config, load, overridden, setting_names
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
    settings = load(flags=flags or {}, environment=environment or {}, folder=tmp_path, user_file=user_file)
    return settings.config, dict(settings.origins)


def test_defaults_need_nothing(tmp_path: Path) -> None:
    config, origins = loaded(tmp_path)
    assert config == Config()
    assert config.models.root == "offline/extractive"
    assert origins == {}


def test_flag_beats_environment_beats_project_beats_user(tmp_path: Path) -> None:
    (tmp_path / "harlm.toml").write_text("[engine]\nconcurrency = 3\nmax_turns = 7\nmax_depth = 1\n")
    config, origins = loaded(
        tmp_path,
        flags={"engine.concurrency": 5},
        environment={"HARLM_CONCURRENCY": "4", "HARLM_MODEL": "openai/x"},
        user="[engine]\nconcurrency = 2\nmax_turns = 6\nshown_chars = 900\n",
    )
    assert (config.engine.concurrency, config.engine.max_turns, config.engine.shown_chars) == (5, 7, 900)
    assert origins["engine.concurrency"] == "flag engine.concurrency"
    assert origins["models.root"] == "env HARLM_MODEL"
    assert origins["engine.max_turns"].endswith("harlm.toml")
    assert origins["engine.shown_chars"].endswith("user.toml")


def test_a_bad_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"env HARLM_CONCURRENCY: engine.concurrency = 'many'"):
        loaded(tmp_path, environment={"HARLM_CONCURRENCY": "many"})


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    assert loaded(tmp_path, environment={"HARLM_MODEL": " "})[0].models.root == "offline/extractive"


def test_keys_are_never_shown(tmp_path: Path) -> None:
    settings = load(
        flags={},
        environment={"HARLM_API_KEY": "sk-very-secret"},
        folder=tmp_path,
        user_file=tmp_path / "none",
    )
    assert "sk-very-secret" not in repr(settings.config)
    assert "sk-very-secret" not in str(settings.rows())
    assert ("models.api_key", "(set, hidden)", "env HARLM_API_KEY") in settings.rows()


def test_every_setting_has_a_row(tmp_path: Path) -> None:
    settings = load(flags={}, environment={}, folder=tmp_path, user_file=tmp_path / "none")
    assert [name for name, _, _ in settings.rows()] == setting_names()


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
    settings = load(
        flags={"models.api_key": "sk-very-secret", "loading.include": ("*.md",)},
        environment={},
        folder=tmp_path,
        user_file=tmp_path / "none",
    )
    shown = settings.shown()
    assert (shown["engine.max_turns"], shown["models.sub"], shown["loading.include"]) == (20, None, ("*.md",))
    assert shown["models.api_key"] == "(set, hidden)"
    assert settings.origin("engine.max_turns") == "default"


def test_a_bad_duration_names_its_origin(tmp_path: Path) -> None:
    said = r"env HARLM_TIMEOUT: budget.seconds: invalid duration 'soon': use 90s, 5m or 1h30m"
    with pytest.raises(ConfigError, match=said):
        loaded(tmp_path, environment={"HARLM_TIMEOUT": "soon"})
    assert loaded(tmp_path, environment={"HARLM_TIMEOUT": "1h30m"})[0].budget.seconds == 5_400


def test_an_unknown_flag_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"flag engine\.turns: unknown setting 'engine\.turns'\. Did you mean"
    ):
        loaded(tmp_path, flags={"engine.turns": 3})
    with pytest.raises(ConfigError, match="`harlm config show` lists all settings"):
        loaded(tmp_path, flags={"zzz.qqq": 3})
