from __future__ import annotations

import os
from pathlib import Path

import pytest

from harlm.config import Config, load
from harlm.errors import ConfigError

HARMLESS = "[engine]\nstrict = true\n"
WITHIN_PYPROJECT = "[tool.harlm.engine]\nstrict = true\n"


def loaded(tmp_path: Path, user: str = "") -> Config:
    user_file = tmp_path / "user.toml"
    if user:
        user_file.write_text(user)
    return load(flags={}, environment={}, folder=tmp_path, user_file=user_file).config


def test_pyproject_counts_if_there_is_no_harlm_toml(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[project]\nname='x'\n{WITHIN_PYPROJECT}")
    assert loaded(tmp_path).engine.strict
    (tmp_path / "harlm.toml").write_text("")
    assert not loaded(tmp_path).engine.strict


def test_the_user_file_may_set_a_base_url(tmp_path: Path) -> None:
    assert loaded(tmp_path, "[models]\nbase_url = 'http://mine/v1'").models.base_url == "http://mine/v1"


@pytest.mark.parametrize("file", ["harlm.toml", "user.toml"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[engine]\nconcurency = 3", "Did you mean 'engine.concurrency'"),
        ("[engine]\nstrict = 'maybe'", "strict = 'maybe'"),
        ("concurrency = 3", "settings must be in sections"),
        ("[engine", "is not valid TOML"),
    ],
)
def test_an_error_names_the_file_and_the_setting(tmp_path: Path, file: str, text: str, said: str) -> None:
    (tmp_path / file).write_text(text)
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path)
    assert said in str(caught.value)
    assert file in str(caught.value)


@pytest.mark.parametrize(
    ("file", "text"),
    [("user.toml", HARMLESS), ("harlm.toml", HARMLESS), ("pyproject.toml", WITHIN_PYPROJECT)],
)
def test_a_file_that_may_not_be_read_counts_as_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str
) -> None:
    (tmp_path / file).write_text(text)
    assert loaded(tmp_path) != Config()
    opened = os.open

    def guarded(path: str | Path, flags: int, *rest: int) -> int:
        if Path(path).name == file:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, flags, *rest)

    monkeypatch.setattr(os, "open", guarded)
    assert loaded(tmp_path) == Config()


@pytest.mark.parametrize(
    "text",
    ["[project\nname=", "\0", "a = " + "[" * 100_000, "x = " + "9" * 10_000],
    ids=["cut off", "binary", "deep", "a huge number"],
)
def test_a_broken_pyproject_of_other_tools_concerns_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert loaded(tmp_path) == Config()


def test_a_broken_pyproject_that_mentions_harlm_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"{WITHIN_PYPROJECT}\n[project\n")
    with pytest.raises(ConfigError, match=r"pyproject\.toml is not valid TOML"):
        loaded(tmp_path)


@pytest.mark.parametrize("text", ["tool = 3 # harlm", "[tool]\nharlm = 3", "[tool.harlm]\nengine = 3"])
def test_a_section_that_is_no_table_is_an_error_or_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    if text.startswith("tool"):
        assert loaded(tmp_path) == Config()
    else:
        with pytest.raises(ConfigError, match="settings must be in sections"):
            loaded(tmp_path)


@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "large"])
def test_a_pyproject_that_is_no_ordinary_file_counts_as_absent(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "pyproject.toml"
    match kind:
        case "pipe":
            os.mkfifo(file)
        case "folder":
            file.mkdir()
        case "link":
            (tmp_path / "elsewhere.toml").write_text(WITHIN_PYPROJECT)
            file.symlink_to("elsewhere.toml")
        case "large":
            file.write_text(f"{WITHIN_PYPROJECT}#{'x' * (1 << 20)}")
    assert loaded(tmp_path) == Config()
