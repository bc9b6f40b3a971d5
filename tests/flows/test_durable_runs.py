"""Whole runs that are killed, stopped or short of room: taken up again they answer the same, and pay for nothing twice."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from harlm import HARLM, Answer, ContextError, Interrupted, TraceError, events
from harlm.cli import exit_code
from harlm.errors import StorageFull
from harlm.interruption import Interruption
from harlm.journal import JOURNAL, run_file
from harlm.testing import ChatServer, EventLog, FaultyServer, Request
from tests.support.busy import eventually
from tests.support.durable import (
    AGAIN,
    CHILD,
    ITEM,
    NUMBERED,
    RIGHT,
    asking,
    came_back,
    client,
    counted,
    folder_of_run,
    killed_after,
    paid_twice,
    root,
    run_named,
    wait_for,
)
from tests.support.fault_runs import Held
from tests.support.processes import descendants

LOOP = root(ITEM, AGAIN, "FINAL(x[-1])")
WITH_CHILD = root(f"{ITEM}\n{CHILD}", AGAIN, "FINAL(x[-1])")


# -- killed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requests", "reply", "options"),
    [
        (1, LOOP, []),
        (6, LOOP, ["--no-cache"]),
        (15, LOOP, []),
        (14, WITH_CHILD, ["--no-cache"]),
        (6, LOOP, ["--branches", "2", "--no-cache"]),
    ],
)  # fmt: skip
def test_a_killed_run_answers_the_same_and_pays_for_nothing_twice_that_had_come_back(
    clean_environment: Path, requests: int, reply: object, options: list[str]
) -> None:
    with ChatServer(reply, latency_s=0.05) as server:  # type: ignore[arg-type] # a reply
        killed_after(server, requests, *options)
        folder = folder_of_run(clean_environment)
        known = came_back(folder)
        answer = HARLM().resume("last")
        assert answer.text == RIGHT
        assert answer.run_id == folder.name
        assert paid_twice(server, reply, known, drafts=2 if "--branches" in options else 1) == []
        certain, unknown = counted(folder)  # one that was killed or cancelled may never have been sent
        assert answer.usage.calls == certain + unknown
        assert certain <= len(server.requests)
        again = len(server.requests)
        assert HARLM().replay("last").difference is None
        assert len(server.requests) == again


@dataclass(frozen=True)
class Killed:
    """A run that was killed in its second turn, and how often its server had been asked."""

    server: ChatServer
    home: Path
    cwd: Path
    run: str
    known: set[str]

    def resume(self, **how: object) -> Answer:
        return HARLM(home=str(self.home)).resume(self.run, **how)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    with ChatServer(LOOP, latency_s=0.02) as server, pytest.MonkeyPatch.context() as patched:
        home, cwd = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("cwd")
        patched.chdir(cwd)
        killed_after(server, 15, "--no-cache", home=home)
        run = folder_of_run(home)
        yield Killed(server, home, cwd, run.name, came_back(run))


@pytest.fixture
def killed(original: Killed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Killed:
    """A copy of the killed run; its server has forgotten what came before."""
    shutil.copytree(original.home, tmp_path / "home")
    shutil.copytree(original.cwd, tmp_path / "cwd")
    monkeypatch.chdir(original.cwd)
    del original.server.requests[:]
    return Killed(original.server, tmp_path / "home", original.cwd, original.run, original.known)


def asked_again(killed: Killed) -> set[str]:
    """The replies that came from the server, though the journal of the killed run had them."""
    return {str(LOOP(each)) for each in killed.server.requests} & killed.known


def test_a_killed_run_has_most_of_its_replies(original: Killed) -> None:
    assert len(original.known) >= 10


def damage(journal: Path, how: str) -> None:
    data = journal.read_bytes()
    if how == "truncated":
        journal.write_bytes(data[: len(data) // 2])
    elif how == "noise":
        journal.write_bytes(data[:4096] + b"\xa5" * (len(data) - 4096))
    elif how == "no database":
        journal.write_bytes(b"no database" * 500)
    else:
        journal.unlink()


@pytest.mark.parametrize("how", ["truncated", "noise", "no database", "gone"])
def test_a_damaged_journal_is_set_aside_and_what_it_held_comes_from_the_trace(
    killed: Killed, how: str
) -> None:
    folder = folder_of_run(killed.home)
    damage(folder / JOURNAL, how)
    answer = killed.resume()
    assert answer.text == RIGHT
    assert asked_again(killed) == set()
    assert answer.usage.calls >= len(killed.known) + len(killed.server.requests)
    assert len(list(folder.glob("journal.db.broken-*"))) == (how != "gone")
    with closing(sqlite3.connect(folder / JOURNAL)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_changed_document_is_named_and_refused_unless_that_is_accepted(
    killed: Killed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = folder_of_run(killed.home) / "request.json"
    request.write_text(request.read_text("utf-8").replace(str(killed.cwd), str(tmp_path / "cwd")), "utf-8")
    monkeypatch.chdir(tmp_path / "cwd")
    Path("a.txt").write_text("another text", encoding="utf-8")
    with pytest.raises(ContextError, match=r"'a\.txt' changed since run"):
        killed.resume()
    assert killed.server.requests == []
    assert killed.resume(accept_changes=True).text == RIGHT


def test_one_of_two_that_take_up_a_run_at_once_gets_it(killed: Killed) -> None:
    async def both() -> list[object]:
        runs = [HARLM(home=str(killed.home)).aresume(killed.run) for _ in range(2)]
        return list(await asyncio.gather(*runs, return_exceptions=True))

    got = asyncio.run(both())
    (answer,) = (each for each in got if isinstance(each, Answer))
    (refusal,) = (each for each in got if isinstance(each, TraceError))
    assert answer.text == RIGHT
    assert "is open in another process" in str(refusal)
    assert asked_again(killed) == set()


def test_a_run_with_its_answer_is_not_taken_up_again(killed: Killed) -> None:
    killed.resume()
    before = len(killed.server.requests)
    with pytest.raises(TraceError, match="has its answer"):
        killed.resume()
    assert len(killed.server.requests) == before


@pytest.mark.parametrize("file", ["request.json", JOURNAL])
def test_what_a_newer_version_wrote_is_refused_and_left_as_it_is(killed: Killed, file: str) -> None:
    folder = folder_of_run(killed.home)
    if file == JOURNAL:
        with closing(sqlite3.connect(folder / JOURNAL)) as connection:
            connection.execute("PRAGMA user_version = 99")
    else:
        asked = json.loads((folder / file).read_bytes())
        (folder / file).write_text(json.dumps(asked | {"v": 99}), encoding="utf-8")
    before = (folder / file).read_bytes()
    with pytest.raises(TraceError, match="newer HARLM") as raised:
        killed.resume()
    assert exit_code(raised.value) == 8
    assert (folder / file).read_bytes() == before
    assert killed.server.requests == []
    assert not list(folder.glob("*.broken-*"))


# -- stopped -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_answers_with_what_it_has_and_says_how_to_go_on(
    clean_environment: Path, number: int, code: int
) -> None:
    reply = root(ITEM, NUMBERED, "FINAL('done ' + chain[:5])")
    with ChatServer(reply, latency_s=0.1) as server:
        process = asking(server)
        try:
            wait_for(server, 17)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
        assert process.returncode == code, err
        assert out.strip(), "the partial answer"
        assert "this answer is partial: the run was stopped" in err
        assert "Traceback" not in err
        run = run_named(err)
        known = came_back(clean_environment / "runs" / run)
        answer = HARLM().resume(run)
        assert answer.text == "done reply"
        assert paid_twice(server, reply, known) == []


def test_a_process_that_is_paused_goes_on() -> None:
    with ChatServer(LOOP, latency_s=0.05) as server:
        process = asking(server)
        try:
            wait_for(server, 5)
            process.send_signal(signal.SIGSTOP)
            assert eventually(lambda: server.in_flight == 0)
            time.sleep(0.5)
            process.send_signal(signal.SIGCONT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, out.strip()) == (0, RIGHT), err


async def test_a_parent_with_ten_thousand_queued_calls_that_is_cancelled_leaves_nothing() -> None:
    reply = root("x = llm_query_batched([f'item {at}' for at in range(10_000)])", "FINAL(x[0])")
    held = Held()
    with FaultyServer(reply, faults=lambda each: held if each.model == "sub" else None) as server:
        before = descendants(os.getpid())
        running = asyncio.create_task(client(server, cache=False).aask("What?", "a text"))
        assert await asyncio.to_thread(eventually, lambda: held.seen >= 8, 60)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        asked = held.seen
        assert await asyncio.to_thread(eventually, lambda: not held.open)
        assert await asyncio.to_thread(eventually, lambda: descendants(os.getpid()) <= before)
        assert held.seen == asked < 1_000


# -- the disk ------------------------------------------------------------------------------------------------


def test_on_a_full_disk_nothing_more_is_sent_and_the_run_goes_on_when_there_is_room(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def small(file: Path) -> sqlite3.Connection:
        connection = connected(file)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 3}")
        return connection

    connected = run_file.connected
    with ChatServer(LOOP) as server:
        with monkeypatch.context() as full:
            full.setattr(run_file, "connected", small)
            with pytest.raises(StorageFull, match="free some space, then `harlm runs resume") as raised:
                client(server, cache=False).ask("What?", "a text " * 200)
        assert exit_code(raised.value) == 4
        partial = raised.value.partial
        assert partial is not None
        assert partial.status == "partial"
        folder = folder_of_run(clean_environment)
        with closing(sqlite3.connect(folder / JOURNAL)) as connection:
            (written,) = connection.execute("SELECT count(*) FROM requests").fetchone()
        assert 1 < len(server.requests) <= written
        known = came_back(folder)
        assert client(server).resume(partial.run_id).text == RIGHT
        assert paid_twice(server, LOOP, known) == []


# -- clocks and the event loop -------------------------------------------------------------------------------


def test_a_wall_clock_that_jumps_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real, jumps = time.time, count()
    stop = Interruption()

    def reply(request: Request) -> str:
        next(jumps)
        if "again" in request.prompt:
            stop.request()
        return str(LOOP(request))

    monkeypatch.setattr(time, "time", lambda: real() + (3_600 if next(jumps) % 3 else -3_600))
    with ChatServer(reply) as server:
        with pytest.raises(Interrupted) as raised:
            client(server).ask("What?", "a text", interruption=stop)
        assert raised.value.partial is not None
        assert client(server).resume("last").text == RIGHT
        assert client(server).ask("What?", "a text").text == RIGHT


def test_a_callback_that_blocks_the_event_loop_costs_time_only() -> None:
    class Slow(EventLog):
        def emit(self, event: events.Event) -> None:
            super().emit(event)
            if isinstance(event, events.CellStarted) and len(self.of(events.CellStarted)) == 1:
                time.sleep(2)

    log = Slow()
    with ChatServer(LOOP) as server:
        assert client(server).ask("What?", "a text", sinks=[log]).text == RIGHT
    assert log.of(events.CallFailed) == []
