"""``harlm inspect``: what would be read, and what would be skipped."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.cli import harlm


def test_inspect_shows_what_would_be_read() -> None:
    Path("docs").mkdir()
    Path("docs/a.md").write_text("# Title\n" + "word " * 500)
    Path("docs/b.png").write_bytes(b"\x89PNG")
    ran = harlm("inspect", "docs")
    assert ran.code == 0
    assert "1 document (1 markdown)" in ran.out
    assert "docs/a.md" in ran.out
    assert "binary" in ran.out
    listing = json.loads(harlm("inspect", "docs", "--format", "json").out)
    assert listing["skipped"] == [{"name": "docs/b.png", "reason": "binary"}]
    assert 400 < listing["tokens"] < 700


def test_inspect_takes_standard_input() -> None:
    assert "1 document " in harlm("inspect", "-", stdin=b"some text").out
