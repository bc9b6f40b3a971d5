"""The simulated model served alone."""

from __future__ import annotations

import json
import socket
import urllib.request
from pathlib import Path

import pytest

from harlm.errors import ConfigError
from harlm_bench.simulator.backend import Simulated
from harlm_bench.simulator.server import SimulatedServer, write_windows
from harlm_bench.simulator.store import Store
from tests.support.simulated import PERFECT, TINY, post

WINDOW = TINY.window(1, 600)


def backend() -> Simulated:
    return Simulated({"sim": PERFECT}, Store.of([WINDOW]), [TINY], scale=0.0001)


def get(url: str) -> dict[str, object]:
    with urllib.request.urlopen(url, timeout=10) as response:
        told: dict[str, object] = json.load(response)
    return told


def test_any_client_is_answered_and_told_what_it_owes() -> None:
    served = backend()
    assert served.label.kind == "SIMULATED"
    assert "perfect v1" in served.label.detail
    with SimulatedServer(served, ["sim"]) as server:
        asked = WINDOW.questions[0]
        assert post(server.base_url, f"{WINDOW.text}\n\nQuestion: {asked.text}").text == asked.gold
        assert post(server.base_url, "hello", model="other").status == 404
        models = get(f"{server.base_url}/models")
        used = get(f"{server.base_url}/usage")
    assert models["data"] == [{"id": "sim", "object": "model", "owned_by": "simulated"}]
    assert (used["calls"], used["refused"]) == (1, 1)
    assert used["micro_usd"] == server.usage().micro_usd != 0


def test_a_port_that_is_taken_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port}"), SimulatedServer(backend(), ["sim"], port):
            pass


def test_the_texts_and_questions_are_written_for_other_clients(tmp_path: Path) -> None:
    places = write_windows([WINDOW], tmp_path)
    place = places[WINDOW.id]
    assert (place / "documents" / "0000_notes.txt").read_text(encoding="utf-8") == WINDOW.text
    questions = [json.loads(line) for line in (place / "questions.jsonl").read_text().splitlines()]
    assert [each["gold"] for each in questions] == [each.gold for each in WINDOW.questions]
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        write_windows([WINDOW], blocked)
