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
