"""Profiles that cannot be used are refused with what is wrong."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from harlm.errors import ConfigError
from harlm_bench.simulator import profile

GOOD = files("harlm_bench.simulator").joinpath("profiles/gpt-5-like.toml").read_text(encoding="utf-8")


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(GOOD.replace("gpt-5-like", "mine"))
    assert profile.load(str(file)).id == "mine"
    assert profile.load(str(file)).digest != profile.load("gpt-5-like").digest


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("window =", "windows =", "windows"),
        ("rho = 0.7", "rho = 7", "rho"),
        ("[curves.label]", "[curves.labels]", "labels"),
        ("version = 2", "version =", "not a profile"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(ConfigError, match=words):
        profile.load(str(file))


def test_an_unknown_name_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gpt-5-like"):
        profile.load("gpt-9")
    with pytest.raises(ConfigError, match="cannot be read"):
        profile.load(str(tmp_path / "absent.toml"))
