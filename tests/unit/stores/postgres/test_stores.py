"""All stores of one database: vectors, namespaces, and several processes that write at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from harlm.stores.postgres import PostgresStores
from harlm.types import Entry, PaidCall, Usage
from tests.support.postgres import shared_server


def test_namespaces_share_nothing() -> None:
    url = shared_server().database()
    mine, other = PostgresStores(url, "mine"), PostgresStores(url, "other")
    calls, others = mine.calls(), other.calls()
    calls.put(PaidCall(key="k", model="a/b", text="mine", usage=Usage(), created=1.0))
    calls.flush()
    assert others.get("k") is None
    entries, foreign = mine.entries(), other.entries()
    entries.put(Entry(key="k", kind="reply", value="walnuts", run="R", created=1.0))
    entries.flush()
    assert [each.key for each in entries.search("walnuts", 5, run="R")] == ["k"]
    assert not foreign.search("walnuts", 5, run="R")
    for store in (calls, others, entries, foreign):
        store.close()


def test_two_that_write_the_same_keys_at_once_lose_nothing_and_wait_for_no_one() -> None:
    url = shared_server().database()

    def write(backwards: bool) -> None:
        stores = PostgresStores(url, "")
        calls, entries = stores.calls(), stores.entries()
        for at in sorted(range(600), reverse=backwards):
            calls.put(
                PaidCall(key=f"k{at}", model="a/b", text=f"reply {at}", usage=Usage(), created=time.time())
            )
            entries.put(
                Entry(key=f"k{at}", kind="reply", value=f"word{at} walnuts", run="R", created=time.time())
            )
        calls.flush()
        entries.flush()
        calls.close()
        entries.close()

    with ThreadPoolExecutor(2) as both:
        for done in [both.submit(write, backwards) for backwards in (False, True)]:
            done.result(60)
    stores = PostgresStores(url, "")
    calls, entries = stores.calls(), stores.entries()
    assert all(calls.get(f"k{at}") for at in range(600))
    assert [each.key for each in entries.search("word77", 5, run="R")] == ["k77"]
    assert len(entries.search("walnuts", 1_000, run="R")) == 600, "no passage is indexed twice"
    calls.close()
    entries.close()


def test_the_stores_of_one_process_take_four_connections_at_most() -> None:
    url = shared_server().database()
    stores = PostgresStores(url, "")
    calls, entries, vectors, runs = stores.calls(), stores.entries(), stores.vectors(), stores.runs()
    calls.put(PaidCall(key="k", model="a/b", text="x", usage=Usage(), created=1.0))
    entries.put(Entry(key="k", kind="reply", value="x", run="R", created=1.0))
    calls.flush()
    entries.flush()
    vectors.put({b"k": b"1234"})
    runs.open("R")
    assert (calls.get("k"), entries.get("k")) != (None, None)
    name = url.rpartition("/")[2]
    with shared_server().admin() as admin:
        row = admin.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", (name,)).fetchone()
    assert row == (4,)
    for each in (calls, entries, vectors, runs):
        each.close()
