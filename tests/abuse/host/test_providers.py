"""Providers that echo the key, or write to a terminal; and answers that cannot be delivered."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from harlm.home import user_config_file
from harlm.testing import ScriptedServer
from tests.support.cli import Ran, harlm, on_terminal

pytestmark = pytest.mark.timeout(300)
_KEY = "sk-user-key-000000000001"
_SPOOFS = {
    "right to left": "\u202e", "isolates": "\u2066\u2069", "zero width": "\u200b\u200d", "a mark of the order": "\ufeff",
    "tags": "\U000e0041\U000e007f", "an escape": "\x1b[2J", "C1": "\x9b2J", "a bell": "\x07",
}  # fmt: skip


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one text, of a user who is not patient."""
    file = user_config_file()
    file.parent.mkdir(parents=True)
    file.write_text("[models]\nretries = 1\n", encoding="utf-8")
    place = tmp_path / "here"
    place.mkdir()
    (place / "text.txt").write_text("The zebra sits here.", encoding="utf-8")
    monkeypatch.chdir(place)
    return place


def _asked(server: ScriptedServer, *more: str) -> Ran:
    environment = {"HARLM_API_KEY": _KEY}
    model = f"openai/test@{server.url}/v1"
    return harlm(
        "ask", "where is the zebra?", "text.txt", "--mode", "direct", "-m", model, *more, environment=environment
    )  # fmt: skip


def _echoes(status: int, kind: str) -> web.Response:
    body = {
        "text": f"your key {_KEY} is wrong",
        "html": f"<html><title>{_KEY}</title></html>",
        "json": f'{{"error": {{"message": "key {_KEY}", "code": "{_KEY}"}}}}',
        "escaped": '{"error": {"message": "key ' + "".join(f"\\u{ord(c):04x}" for c in _KEY) + '"}}',
    }[kind]
    return web.Response(status=status, text=body, content_type="text/html" if kind == "html" else "application/json")  # fmt: skip


@pytest.mark.parametrize(
    ("status", "kind"), [(200, "html"), (200, "json"), (401, "text"), (401, "escaped"), (403, "json")]
)
def test_a_key_that_a_provider_echoes_is_neither_kept_nor_shown(
    clean_environment: Path, status: int, kind: str
) -> None:
    """F16."""
    with ScriptedServer(lambda _: _echoes(status, kind)) as server:
        _unseen(_asked(server), clean_environment)
        assert server.requests


def test_a_key_in_a_reply_is_neither_kept_nor_shown(clean_environment: Path) -> None:
    """F16."""
    with ScriptedServer(lambda _: f"the zebra has the key {_KEY}") as server:
        ran = _asked(server)
        assert ran.code == 0, ran.err
        _unseen(ran, clean_environment)


def _unseen(ran: Ran, home: Path) -> None:
    assert _KEY not in ran.out + ran.err
    kept = [file for file in home.rglob("*") if file.is_file() and _KEY.encode() in file.read_bytes()]
    assert kept == []


def test_nothing_that_a_model_writes_changes_how_a_terminal_shows_it(clean_environment: Path) -> None:
    """F22."""
    spoofed = "".join(f"{name}: {text}|\n" for name, text in _SPOOFS.items())
    with ScriptedServer(lambda _: f"In the text: {spoofed}") as server:
        ran = on_terminal(
            "ask", "where is the zebra?", "text.txt", "--mode", "direct", "-m", f"openai/test@{server.url}/v1", "--quiet",
        )  # fmt: skip
    shown = ran.err.partition("In the text")[2]
    found = [name for name, text in _SPOOFS.items() if text in shown]
    assert "In the text" in ran.err
    assert found == []


def test_an_answer_that_cannot_be_written_is_printed() -> None:
    """F23."""
    with ScriptedServer(lambda _: "the zebra answer") as server:
        ran = _asked(server, "-o", "/dev/full")
    assert "the zebra answer" in ran.out + ran.err
