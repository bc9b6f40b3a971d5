"""A setting is written into the user's file, and nothing else in it changes."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.config.editing import set_in_file, with_setting
from harlm.errors import ConfigError

FILE = Path("config.toml")

WHOLE = """\
# mine
[models]   # which
root = "openai/a"  # the "best" one
sub = 'openai/#b'

[loading]
exclude = [
    "a#b",  # why
    "c",
]
include = ["x"]

[engine]
max_turns = 5
"""


@pytest.mark.parametrize(
    ("name", "value", "old", "new"),
    [
        ("models.root", '"offline/extractive"', '"openai/a"  # the', '"offline/extractive"  # the'),
        ("models.sub", '"x"', "'openai/#b'", '"x"'),
        ("models.offline", "true", "'openai/#b'\n", "'openai/#b'\noffline = true\n"),
        ("loading.exclude", "[]", '[\n    "a#b",  # why\n    "c",\n]', "[]"),
        ("loading.include", '["y"]', '["x"]', '["y"]'),
        ("engine.seed", "3", "max_turns = 5\n", "max_turns = 5\nseed = 3\n"),
        ("budget.usd", "inf", "max_turns = 5\n", "max_turns = 5\n\n[budget]\nusd = inf\n"),
    ],
)
def test_one_value_changes_and_everything_else_stays(name: str, value: str, old: str, new: str) -> None:
    assert with_setting(WHOLE, name, value, FILE) == WHOLE.replace(old, new, 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "[engine]\nseed = 3\n"),
        ("[engine]", "[engine]\nseed = 3\n"),
        ("engine.seed = 1\n", "engine.seed = 3\n"),
        ("engine . seed = 1 # x\n", "engine . seed = 3  # x\n"),
        ("[engine]\r\nseed = 1\r\n", "[engine]\r\nseed = 3\r\n"),
        ("[ engine ]\n  seed=1\n", "[ engine ]\n  seed= 3\n"),
        ("[models]\nroot = '''\n[engine]\nseed = 1\n'''\n", None),
        ("engine = {seed = 1}\n", None),
        ("engine = {max_turns = 9}\n", None),
        ('[engine]\n"seed" = 1\n', None),
        ('["engine"]\nseed = 1\n', None),
    ],
)
def test_ways_to_write_a_file(before: str, after: str | None) -> None:
    if after is None:
        with pytest.raises(
            ConfigError, match=r"cannot be changed by itself; write seed = … under \[engine\] by hand"
        ):
            with_setting(before, "engine.seed", "3", FILE)
    else:
        assert with_setting(before, "engine.seed", "3", FILE) == after


_LINES = st.sampled_from(
    [
        "[engine]",
        "[models]",
        "seed = 1",
        "seed = 2 # a",
        "root = 'x'",
        "# c",
        "",
        "max_turns = 3",
        'sub = """',
        '"""',
    ]
)


@given(st.lists(_LINES, max_size=8))
def test_a_file_is_changed_in_this_value_alone_or_not_at_all(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        expected = tomllib.loads(text)
        expected.setdefault("engine", {})["seed"] = 7
        edited = with_setting(text, "engine.seed", "7", FILE)
    except (ValueError, TypeError, ConfigError):
        return
    assert tomllib.loads(edited) == expected


@pytest.mark.parametrize(
    ("name", "text", "written"),
    [
        ("models.root", "openai/gpt-5", "openai/gpt-5"),
        ("models.offline", "true", True),
        ("engine.max_depth", "4", 4),
        ("engine.seed", "-1", -1),
        ("budget.usd", "0.5", 0.5),
        ("budget.usd", "inf", float("inf")),
        ("budget.seconds", "5m", 300.0),
        ("loading.exclude", '["a", "b"]', ["a", "b"]),
        ("loading.exclude", "*.lock", ["*.lock"]),
        ("loading.exclude", "[a-z].txt", ["[a-z].txt"]),
    ],
)
def test_a_typed_value_is_written_as_its_kind(tmp_path: Path, name: str, text: str, written: object) -> None:
    file = tmp_path / "new" / "config.toml"
    set_in_file(file, name, text)
    section, key = name.split(".")
    assert tomllib.loads(file.read_text())[section][key] == written
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("models.rot", "x", r"config set: unknown setting 'models.rot'. Did you mean 'models.root'"),
        ("root", "x", r"config set: unknown setting 'root'"),
        ("engine.max_depth", "44", r"config set: engine.max_depth = '44'"),
        ("engine.mode", "fast", r"config set: engine.mode = 'fast'"),
        ("models.base_url", "garbage", r"models.base_url = 'garbage' is not an http or https URL"),
        ("engine.seed", "null", r"to unset it, remove its line from"),
    ],
)
def test_what_cannot_be_set_is_refused_and_nothing_is_written(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        set_in_file(tmp_path / "config.toml", name, text)
    assert not (tmp_path / "config.toml").exists()


def test_a_key_is_written_but_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    assert set_in_file(file, "models.api_key", "sk-1") == "models.api_key = (set, hidden)"
    assert "sk-1" in file.read_text()


def test_a_damaged_file_is_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[engine")
    with pytest.raises(ConfigError, match="is not valid TOML"):
        set_in_file(file, "engine.seed", "3")
    assert file.read_text() == "[engine"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("")
    (tmp_path / "config.toml").symlink_to("real")
    set_in_file(tmp_path / "config.toml", "engine.seed", "3")
    assert (tmp_path / "config.toml").is_symlink()
    assert "seed = 3" in (tmp_path / "real").read_text()
    assert os.listdir(tmp_path) in (["real", "config.toml"], ["config.toml", "real"])  # noqa: PTH208 - only names


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        set_in_file(tmp_path / "file" / "config.toml", "engine.seed", "3")
