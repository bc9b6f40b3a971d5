"""Paid calls in Postgres: a server that is away for a time, and the size of the table."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from harlm.errors import MemoryFailure
from harlm.stores.postgres import PostgresStores
from harlm.types import PaidCall, Usage
from tests.support.busy import eventually
from tests.support.postgres import PostgresServer, own_server, shared_server


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with own_server() as made:
        yield made


def call(key: str, text: str = "a reply", created: float = 1.0) -> PaidCall:
    return PaidCall(key=key, model="a/b", text=text, usage=Usage(calls=1), created=created)


def test_what_is_put_while_the_server_is_away_is_there_when_it_is_back(server: PostgresServer) -> None:
    url = server.database()
    calls = PostgresStores(url, "").calls()
    calls.put(call("before"))
    calls.flush()
    server.stop()
    calls.put(call("meanwhile"))
    assert calls.get("meanwhile") == call("meanwhile")
    with pytest.raises(MemoryFailure, match="does not answer"):
        calls.get("before")
    with pytest.raises(
        MemoryFailure, match=r"not kept in the shared store postgresql://postgres@.*stays in this process"
    ):
        calls.flush()
    assert "Is the server running" in str(calls.failure) or "refused" in str(calls.failure)
    server.start()
    with pytest.raises(MemoryFailure, match="1 times no earlier reply could be looked up"):
        calls.flush()
    calls.flush()
    assert eventually(lambda: answers(calls.get, "before"))
    calls.close()
    again = PostgresStores(url, "").calls()
    assert again.get("meanwhile") == call("meanwhile")
    again.close()


def answers(get: object, key: str) -> bool:
    try:
        return get(key) is not None  # type: ignore[operator]
    except MemoryFailure:
        return False


def test_a_crash_amid_puts_loses_nothing(server: PostgresServer) -> None:
    url = server.database()
    calls = PostgresStores(url, "").calls()
    for at in range(1_500):
        calls.put(call(f"k{at}", "text " * 50))
        if at == 700:
            server.stop()
        if at == 1_100:
            server.start()
    assert eventually(lambda: flushed(calls.flush), 20)
    calls.close()
    again = PostgresStores(url, "").calls()
    assert all(again.get(f"k{at}") for at in range(1_500))
    again.close()


def flushed(flush: object) -> bool:
    try:
        flush()  # type: ignore[operator]
    except MemoryFailure:
        return False
    return True


def test_the_least_used_calls_make_room() -> None:
    url = shared_server().database()
    calls = PostgresStores(url, "", max_bytes=1 << 20).calls()
    text = "".join(map(chr, range(33, 1_000)))
    for at in range(1_200):
        calls.put(call(f"k{at}", f"{at} {text}", created=float(at)))
        if at == 10:
            calls.put(call("k0", created=time.time()))  # used again, and lately
            calls.flush()
    calls.flush()
    with shared_server().admin(url.rpartition("/")[2]) as admin:
        row = admin.execute("SELECT sum(size), sum(length(value)) FROM harlm.calls").fetchone()
    assert row is not None
    assert row[0] <= 1 << 20
    assert calls.get("k0") is not None
    assert calls.get("k1") is None
    assert calls.get("k1199") is not None
    calls.close()


def test_a_call_that_is_too_large_is_left_out_and_told() -> None:
    calls = PostgresStores(shared_server().database(), "", max_bytes=1 << 20).calls()
    calls.put(call("k", "x" * 100_000))
    with pytest.raises(MemoryFailure, match="results were left out"):
        calls.flush()
    calls.close()
