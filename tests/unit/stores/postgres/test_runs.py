"""Journals of runs in Postgres: one holder at a time, what is committed when, and a server that is away for a time."""

from __future__ import annotations

from contextlib import suppress

import pytest

from harlm.errors import TraceError
from harlm.journal.rows import ReplyCame, RequestSent, TakenUpElsewhere
from harlm.stores.postgres import PostgresStores
from harlm.stores.postgres.runs import PostgresRun, PostgresRuns
from tests.support.busy import eventually
from tests.support.postgres import own_server, shared_server

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def sent(number: int) -> RequestSent:
    return RequestSent(number, 10, 10, 1, 0.0)


def reply(ordinal: int) -> ReplyCame:
    return ReplyCame("k", ordinal, "0", "sub", is_paid=True, reply=b"-x", error=None)


def taken_up(runs: PostgresRuns) -> PostgresRun:
    """The run, as soon as the server knows that its process is gone."""
    taken: list[PostgresRun] = []

    def take() -> bool:
        with suppress(TraceError):
            taken.append(runs.open(RUN))
        return bool(taken)

    assert eventually(take)
    return taken[0]


def test_a_request_is_committed_on_return_with_all_that_came_before_it() -> None:
    url = shared_server().database()
    runs = PostgresStores(url, "").runs()
    run = runs.open(RUN)
    run.write(reply(0))
    run.write(sent(1))
    with shared_server().admin(url.rpartition("/")[2]) as seen:
        row = seen.execute("SELECT count(*) FROM harlm.changes").fetchone()
    assert row == (2,)
    run.close()
    runs.close()


def test_only_one_process_holds_a_run_until_it_closes_it() -> None:
    url = shared_server().database()
    one, other = PostgresStores(url, "").runs(), PostgresStores(url, "").runs()
    elsewhere = PostgresStores(url, "another namespace").runs()
    run = one.open(RUN)
    assert run.before is None
    for runs in (one, other):
        with pytest.raises(TraceError, match=f"run {RUN} is open"):
            runs.open(RUN)
    elsewhere.open(RUN).close()
    run.close()
    again = other.open(RUN)
    assert again.before == run.holder
    for runs in (one, other, elsewhere):
        runs.close()


def test_a_run_is_free_when_its_process_is_gone() -> None:
    url = shared_server().database()
    one, other = PostgresStores(url, "").runs(), PostgresStores(url, "").runs()
    one.open(RUN).write(sent(1))
    one._link.close()  # as the kernel does for a process that was killed
    taken = taken_up(other)
    assert list(taken.kept().requests) == [1]
    taken.close()
    other.close()


def test_changes_wait_while_the_server_is_away_and_are_written_when_it_is_back() -> None:
    with own_server() as server:
        url = server.database()
        runs = PostgresStores(url, "").runs()
        run = runs.open(RUN)
        run.write(sent(1))
        server.stop()
        run.write(reply(0))
        run.write(sent(2))
        run.write(sent(3))
        assert "is not kept in the shared store postgresql://postgres@127.0.0.1" in str(run.failure)
        server.start()
        rows = run.kept()
        assert (list(rows.requests), len(rows.replies)) == ([1, 2, 3], 1)
        assert run.failure is None
        run.write(sent(4))
        other = PostgresStores(url, "").runs()
        with pytest.raises(TraceError, match="is open in another process"):
            other.open(RUN)
        other.close()
        runs.close()


def test_a_holder_that_was_away_too_long_can_write_no_more() -> None:
    url = shared_server().database()
    one, other = PostgresStores(url, "").runs(), PostgresStores(url, "").runs()
    run = one.open(RUN)
    run.write(sent(1))
    with shared_server().admin(url.rpartition("/")[2]) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    taken = taken_up(other)
    with pytest.raises(TakenUpElsewhere, match="taken up by another process"):
        run.write(sent(2))
    assert list(taken.kept().requests) == [1]
    for runs in (one, other):
        runs.close()


def test_files_of_a_run_come_back_and_an_unknown_run_has_none() -> None:
    runs = PostgresStores(shared_server().database(), "").runs()
    assert runs.files(RUN) == {}
    run = runs.open(RUN)
    run.put_files({"run.json": b"{}", "context.z": b"\0\xff"})
    run.put_files({"run.json": b"{1}"})
    assert runs.files(RUN) == {"run.json": b"{1}", "context.z": b"\0\xff"}
    run.close()
    runs.close()


def test_the_oldest_runs_make_room_but_none_of_the_last_day() -> None:
    url = shared_server().database()
    runs = PostgresStores(url, "", run_bytes=1_000).runs()
    names = [f"{RUN[:-1]}{at}" for at in range(4)]
    for name in names:
        run = runs.open(name)
        run.put_files({"context.z": bytes(600)})
        run.close()
    runs.close()
    with shared_server().admin(url.rpartition("/")[2]) as admin:
        for days, name in enumerate(reversed(names[:3]), start=2):
            admin.execute(
                "UPDATE harlm.runs SET opened = now() - make_interval(days => %s) WHERE run = %s",
                (days, name.encode()),
            )
    again = PostgresStores(url, "", run_bytes=1_500).runs()
    again.open(RUN).close()
    assert [bool(again.files(name)) for name in names] == [False, False, True, True]
    again.close()
