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


def test_pyproject_counts_when_there_is_no_file_of_our_own(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname='x'\n[tool.harlm.engine]\nmax_depth = 2\n")
    assert loaded(tmp_path)[0].engine.max_depth == 2


@pytest.mark.parametrize(
    "setting",
    [
        "[models]\napi_key = 'sk-123456'",
        "[models]\nbase_url = 'http://evil'",
        "[models]\nproxy = 'http://evil'",
        "[models]\nca_bundle = '/tmp/evil.pem'",
        "[models]\noffline = false",
        "[models]\nroot = 'openai/x@http://evil/v1'",
        "[models]\nsub = 'http://evil/v1#x'",
        "[models]\nfallback = 'openai/x@http://evil/v1'",
        "[models]\neconomy = 'http://evil/v1#x'",
        "[budget]\nusd = 1000",
        "[budget]\nprices = 'free.toml'",
        "[sandbox]\nmemory_mb = 100000",
        "[tracing]\nhome = '/tmp/evil'",
    ],
)
def test_a_project_file_may_not_lead_anything_astray(tmp_path: Path, setting: str) -> None:
    (tmp_path / "harlm.toml").write_text(setting)
    with pytest.raises(ConfigError, match="a project file may not"):
        loaded(tmp_path)


def test_the_user_file_may(tmp_path: Path) -> None:
    assert (
        loaded(tmp_path, user="[models]\nbase_url = 'http://mine/v1'")[0].models.base_url == "http://mine/v1"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[engine]\nconcurency = 3", "Did you mean 'engine.concurrency'"),
        ("[engine]\nconcurrency = 0", "concurrency = 0"),
        ("[engine]\nmode = 'fast'", "mode = 'fast'"),
        ("concurrency = 3", "settings must be in sections"),
        ("[engine", "is not valid TOML"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_file(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "harlm.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path)
    assert said in str(caught.value)
    assert "harlm.toml" in str(caught.value)


def test_a_bad_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"env HARLM_CONCURRENCY: engine.concurrency = 'many'"):
        loaded(tmp_path, environment={"HARLM_CONCURRENCY": "many"})


def test_an_empty_variable_is_none(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("seed", [2**63, -(2**63) - 1, 10**30])
def test_a_seed_has_64_bits(tmp_path: Path, seed: int) -> None:
    with pytest.raises(ConfigError, match=r"engine\.seed = "):
        loaded(tmp_path, flags={"engine.seed": seed})
    assert loaded(tmp_path, flags={"engine.seed": -(2**63)})[0].engine.seed == -(2**63)


@pytest.mark.parametrize("method", ["is_file", "read_text"])
@pytest.mark.parametrize("file", ["user.toml", "harlm.toml", "pyproject.toml"])
def test_a_file_that_may_not_be_read_counts_as_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, method: str
) -> None:
    (tmp_path / file).write_text("[engine]\nmax_turns = 7\n")
    allowed = getattr(Path, method)

    def guarded(path: Path, **options: str) -> object:
        if path.name == file:
            raise PermissionError(13, "Permission denied", str(path))
        return allowed(path, **options)

    monkeypatch.setattr(Path, method, guarded)
    assert loaded(tmp_path)[0] == Config()


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
