"""Entries in Postgres: they rank as in SQLite, and those of this process stay readable while the server is away."""

from __future__ import annotations

from pathlib import Path

from harlm.memory import ColdStore
from harlm.stores.postgres import PostgresStores
from harlm.stores.postgres.entries import marks_of, place_number
from harlm.types import Entry
from tests.support.postgres import own_server, shared_server

TEXTS = {
    "a": "The contract with the harbour ends in March. Walnuts are stored there.",
    "b": "Walnuts, walnuts and walnuts.",
    "c": "A long text about ships. " * 60 + "The contracts are signed in March.",
    "d": "E-mail from the naïve captain: 漢字 and MARCH.",
    "e": "Nothing of this matters.",
}


def entry(key: str, text: str, run: str = "R") -> Entry:
    return Entry(key=key, kind="reply", value=text, run=run, question=f"about {key}?", created=1.0)


def test_a_search_finds_what_the_file_finds_in_its_order(tmp_path: Path) -> None:
    cold, shared = ColdStore(tmp_path / "memory.db"), PostgresStores(shared_server().database(), "").entries()
    for store in (cold, shared):
        for key, text in TEXTS.items():
            store.put(entry(key, text))
            store.put(entry(f"{key}-other", text, run="other"))
        store.flush()
    for query in (
        "walnuts",
        "contract march",
        "signed contracts",
        "email",
        "naive captain",
        "漢字",
        "ships walnuts march",
        "zebra",
    ):
        expected = [
            (each.key, each.start, each.end, round(each.score, 6)) for each in cold.search(query, 10, run="R")
        ]
        found = [
            (each.key, each.start, each.end, round(each.score, 6))
            for each in shared.search(query, 10, run="R")
        ]
        assert found == expected, query
    cold.close()
    shared.close()


def test_own_entries_are_read_and_searched_while_the_server_is_away() -> None:
    with own_server() as server:
        store = PostgresStores(server.database(), "").entries()
        store.put(entry("a", "walnuts before"))
        store.flush()
        server.stop()
        store.put(entry("b", "walnuts meanwhile"))
        assert store.get("a") == entry("a", "walnuts before")
        assert store.get("b") == entry("b", "walnuts meanwhile")
        assert {each.key for each in store.search("walnuts", 5, run="R")} == {"a", "b"}
        server.start()
        assert {each.key for each in store.search("walnuts", 5, run="R")} == {"a", "b"}
        store.close()


def test_marks_are_of_one_run_and_of_stems() -> None:
    place = place_number("", "R")
    assert marks_of(place, "contracts") == marks_of(place, "Contract")
    assert not set(marks_of(place, "contract")) & set(marks_of(place_number("", "other"), "contract"))
    assert place_number("mine", "R") != place_number("", "R")


def test_an_entry_that_no_one_searches_is_read_by_its_key() -> None:
    store = PostgresStores(shared_server().database(), "").entries()
    store.put(entry("list", "handles", run=""))
    store.flush()
    assert store.get("list") == entry("list", "handles", run="")
    assert not store.search("handles", 5, run="")
    store.close()
