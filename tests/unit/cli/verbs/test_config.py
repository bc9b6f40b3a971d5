"""``harlm config show``: values and their origins."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.cli import harlm


def test_config_shows_values_and_origins() -> None:
    Path("harlm.toml").write_text("[engine]\nstrict = true\n")
    ran = harlm("config", "show", "--origin", environment={"HARLM_API_KEY": "sk-very-secret"})
    assert "engine.max_turns" in ran.out
    assert "harlm.toml sets engine.strict = True\n" in ran.err
    assert "# " + str(Path.cwd() / "harlm.toml") in ran.out
    assert "(set, hidden)" in ran.out
    assert "sk-very-secret" not in ran.out


def test_config_in_json_has_real_values() -> None:
    listing = json.loads(
        harlm("config", "show", "--format", "json", environment={"HARLM_API_KEY": "sk-very-secret"}).out
    )
    assert listing["engine.max_turns"] == {"value": 20, "origin": "default"}
    assert listing["models.offline"]["value"] is False
    assert listing["models.sub"]["value"] is None
    assert listing["models.api_key"] == {"value": "(set, hidden)", "origin": "env HARLM_API_KEY"}


def test_config_alone_shows_the_settings() -> None:
    assert harlm("config").out == harlm("config", "show").out


def test_a_setting_is_written_and_counts() -> None:
    path = harlm("config", "path")
    assert "does not exist yet" in path.err
    file = Path(path.out.strip())
    ran = harlm("config", "set", "engine.max_depth", "5")
    assert (ran.code, ran.err) == (0, f"{file}: engine.max_depth = 5\n")
    shown = [line.split() for line in harlm("config", "show", "--origin").out.splitlines()]
    assert ["engine.max_depth", "=", "5", "#", str(file)] in shown
    assert harlm("config", "path").err == ""


def test_a_negative_number_is_a_value() -> None:
    assert harlm("config", "set", "engine.seed", "-3").code == 0
    listing = json.loads(harlm("config", "show", "--format", "json").out)
    assert listing["engine.seed"]["value"] == -3


def test_a_setting_that_cannot_be_written_is_one_line() -> None:
    ran = harlm("config", "set", "engine.max_depth", "many")
    assert (ran.code, ran.err.count("\n")) == (3, 1)
    assert "config set: engine.max_depth = 'many': Expected `int`" in ran.err
