from __future__ import annotations

from pathlib import Path

import pytest

from harlm.config import Config, load
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


def test_pyproject_counts_if_there_is_no_harlm_toml(tmp_path: Path) -> None:
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
def test_a_project_file_may_not_set_what_a_hostile_repository_could_abuse(
    tmp_path: Path, setting: str
) -> None:
    (tmp_path / "harlm.toml").write_text(setting)
    with pytest.raises(ConfigError, match="a project file may not"):
        loaded(tmp_path)


def test_the_user_file_may_set_a_base_url(tmp_path: Path) -> None:
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
def test_an_error_names_the_file_and_the_setting(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "harlm.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path)
    assert said in str(caught.value)
    assert "harlm.toml" in str(caught.value)


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
