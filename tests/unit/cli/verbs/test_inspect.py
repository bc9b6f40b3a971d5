"""``harlm inspect``: what would be read, and what would be skipped."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.cli import harlm
from tests.support.ole2 import in_a_circle
from tests.support.outlook_files import BODY, FILE, FILE_NAME, SUBJECT, msg


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


def test_an_outlook_message_is_read_and_its_attachments_are_told() -> None:
    data = msg(
        {SUBJECT: "Move", BODY: "The reading room moves on 4 May.\r\n"},
        attached=[
            {FILE: b"room,floor\nreading,2\n", FILE_NAME: "rooms.csv"},
            {FILE: b"\x89PNG\0", FILE_NAME: "p.png"},
        ],
    )
    Path("mails").mkdir()
    Path("mails/move.msg").write_bytes(data)
    listing = json.loads(harlm("inspect", "mails", "--format", "json").out)
    assert listing["documents"] == 2
    assert "mails/move.msg/rooms.csv" in harlm("inspect", "mails", "--all").out
    reason = "a mail attachment that is not text; save it to read it"
    assert listing["skipped"] == [{"name": "mails/move.msg/p.png", "reason": reason}]
    asked = harlm("ask", "When does the reading room move?", "mails")
    assert asked.code == 0
    assert "4 May" in asked.out
    assert "mails/move.msg:3" in asked.out


def test_a_damaged_outlook_message_is_left_out_with_its_reason() -> None:
    whole = msg({SUBJECT: "Move", BODY: "word " * 5000})
    Path("mails").mkdir()
    Path("mails/a.txt").write_text("text")
    Path("mails/cut.msg").write_bytes(whole[:700])
    Path("mails/circle.msg").write_bytes(in_a_circle(whole, "__substg1.0_1000001F"))
    ran = harlm("inspect", "mails", "--format", "json")
    reasons = {each["name"]: each["reason"] for each in json.loads(ran.out)["skipped"]}
    assert ran.code == 0
    assert "a part goes in a circle" in reasons["mails/circle.msg"]
    assert "is not an Outlook message that can be read" in reasons["mails/cut.msg"]
