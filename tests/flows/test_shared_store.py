"""Machines that share a store: replies, runs that are taken up elsewhere, and a server that goes away."""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm.cli import exit_code
from harlm.errors import ConfigError, TraceError
from harlm.events import Noted
from harlm.testing import ChatServer, EventLog, Request
from tests.support.durable import AGAIN, ITEM, RIGHT, client, folder_of_run, killed_after, root
from tests.support.postgres import PASSWORD, own_server, shared_server

REPLY = root(ITEM, AGAIN, "FINAL(x[3])")


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> str:
    made = shared_server().database()
    monkeypatch.setenv("HARLM_STORE", made)
    return made


def at_home(home: Path) -> Path:
    """A home of another machine."""
    home.mkdir(mode=0o700, exist_ok=True)
    return home


def test_a_reply_that_one_machine_paid_for_is_reused_on_another(url: str, tmp_path: Path) -> None:
    with ChatServer(REPLY) as server:
        first = client(server, home=at_home(tmp_path / "one")).ask("What?", "a text")
        asked = len(server.requests)
        second = client(server, home=at_home(tmp_path / "other")).ask("What?", "a text")
        assert (first.text, second.text) == (RIGHT, RIGHT)
        assert len(server.requests) == asked
    assert not (tmp_path / "one" / "journal.db").exists()
    assert not (tmp_path / "one" / "memory.db").exists()


def test_a_run_whose_machine_is_lost_is_taken_up_on_another_by_its_id(
    url: str, tmp_path: Path, clean_environment: Path
) -> None:
    with ChatServer(REPLY) as server:
        killed_after(server, 8)
        run = folder_of_run(clean_environment).name
        clean_environment.rename(tmp_path / "lost")
        here = at_home(tmp_path / "here")
        first = [each.prompt for each in server.requests]
        answer = client(server, home=here, cache=False).resume(run)
        assert answer.text == RIGHT
        again = [
            each.prompt
            for each in server.requests[len(first) :]
            if each.model == "sub" and each.prompt in first
        ]
        assert len(again) <= 4, "only what was in flight is asked for again"
        assert answer.usage.calls >= len(server.requests)
        with pytest.raises(TraceError, match="has its answer"):
            client(server, home=here).resume(run)


def test_a_server_that_goes_away_costs_a_run_its_reuse_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with own_server() as postgres:
        monkeypatch.setenv("HARLM_STORE", postgres.database())
        stopped: list[int] = []

        def reply(request: Request) -> str:
            if request.prompt == "item 3" and not stopped:
                stopped.append(1)
                postgres.stop()
            return str(REPLY(request))

        log = EventLog()
        with ChatServer(reply) as server:
            answer = client(server).ask("What?", "a text", sinks=[log])
            assert answer.text == RIGHT
            told = " ".join(event.message for event in log.events if isinstance(event, Noted))
            assert "is not kept in the shared store postgresql://" in told
            assert "no other machine could take this run up" in told
            with pytest.raises(ConfigError, match="cannot be opened") as refused:
                client(server).ask("What?", "a text")
            assert exit_code(refused.value) == 3
            asked = len(server.requests)
            postgres.start()
            assert client(server).ask("What?", "a text").text == RIGHT
            assert asked < len(server.requests) <= 2 * asked


def test_no_password_is_told_or_stored(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    postgres = shared_server()
    database = postgres.database().rpartition("/")[2]
    right = postgres.url(database, f"harlm:{PASSWORD}")
    monkeypatch.setenv("HARLM_STORE", right)
    with ChatServer(root(f"print('{right}')", "FINAL('done')")) as server:
        assert client(server).ask("What?", f"the store is {right}").text == "done"
        for wrong, said in (
            (right.replace(PASSWORD, "wrong-pass-word"), "password authentication failed"),
            (right.replace(database, "nothing"), 'database "nothing" does not exist'),
            (right.replace(str(postgres.port), "1"), "(?i)connection.*refused"),
        ):
            monkeypatch.setenv("HARLM_STORE", wrong)
            with pytest.raises(ConfigError, match=said) as refused:
                client(server).ask("What?", "a text")
            assert PASSWORD not in str(refused.value)
            assert "wrong-pass-word" not in str(refused.value)
    stored = [file for file in clean_environment.rglob("*") if file.is_file()]
    assert stored
    assert not [file for file in stored if PASSWORD.encode() in file.read_bytes()]
