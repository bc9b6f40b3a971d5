from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.memory.rows import COLUMNS, GET, connected, entry_of, index, insert_one, place_of, storable
from harlm.types import Entry, Usage


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    opened = connected(tmp_path / "memory.db")
    yield opened
    opened.close()


def entry(key: str = "k", value: str | bytes = "walnuts", run: str = "R", question: str = "") -> Entry:
    usage = Usage(calls=1, input_tokens=7, cost_micros=None)
    return Entry(
        key=key, kind="reply", value=value, run=run, question=question, node="0.1", depth=1, model="a/b", tokens=3,
        created=12.5, usage=usage,
    )  # fmt: skip


def passages(connection: sqlite3.Connection, query: str) -> list[int]:
    rows = connection.execute("SELECT rowid FROM passages WHERE passages MATCH ? ORDER BY rowid", (query,))
    return [row[0] for row in rows]


@pytest.mark.parametrize("value", ["", "short", "long " * 5_000, "\ud800 half", b"", b"\x00\xff" * 4_000])
def test_a_row_becomes_the_entry_that_was_written(connection: sqlite3.Connection, value: str | bytes) -> None:
    written = entry(value=value)
    insert_one(connection, "space", written)
    assert entry_of(connection.execute(GET, ("space", "k")).fetchone()) == written
    assert connection.execute(GET, ("other", "k")).fetchone() is None


def test_an_entry_of_a_run_is_found_by_its_words_and_its_question(connection: sqlite3.Connection) -> None:
    found = insert_one(connection, "", entry(question="what of figs?"))
    assert found is not None
    number, place, written = found
    assert (number, place, written.key) == (1, place_of("", "R"), "k")
    index(connection, [found])
    assert passages(connection, f"place : {place} AND text : walnuts") == [1]
    assert passages(connection, "question : figs") == [1]
    assert passages(connection, "pears") == []


def test_writing_an_entry_again_counts_a_use_and_indexes_it_once(connection: sqlite3.Connection) -> None:
    assert insert_one(connection, "", entry()) is not None
    assert insert_one(connection, "", entry(value="another value")) is None
    assert insert_one(connection, "", entry(run="S")) is not None, "another run may find it as well"
    rows = connection.execute(f"SELECT uses, {COLUMNS} FROM entries").fetchall()
    assert [(row[0], entry_of(row[1:]).value) for row in rows] == [(2, "walnuts")]


def test_an_entry_without_a_run_is_not_indexed(connection: sqlite3.Connection) -> None:
    assert insert_one(connection, "", entry(run="")) is None
    assert connection.execute(GET, ("", "k")).fetchone() is not None


def test_a_long_entry_has_several_passages_and_its_question_with_the_first(
    connection: sqlite3.Connection,
) -> None:
    found = insert_one(connection, "", entry(value="A sentence of words.\n\n" * 300, question="figs?"))
    assert found is not None
    index(connection, [found])
    assert len(passages(connection, "sentence")) > 3
    assert passages(connection, "figs") == [1]


def test_runs_and_namespaces_have_places_of_their_own() -> None:
    places = {place_of(space, run) for space in ("", "a", "ab") for run in ("", "a", "b", "ab")}
    assert len(places) == 12
    assert all(place.isalnum() for place in places), "one word for the index"


@given(st.text())
def test_every_text_can_be_stored(text: str) -> None:
    stored = storable(text)
    assert stored.encode().decode() == stored
    assert len(stored) == len(text)


def test_lone_surrogates_are_replaced() -> None:
    assert storable("a \ud800 b") == "a ? b"


def test_a_damaged_row_is_an_error_of_its_value(connection: sqlite3.Connection) -> None:
    insert_one(connection, "", entry())
    connection.execute("UPDATE entries SET usage = 'no JSON'")
    with pytest.raises(ValueError, match="JSON"):
        entry_of(connection.execute(GET, ("", "k")).fetchone())


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "memory.db"
    opened = connected(file)
    opened.execute("PRAGMA user_version = 99")
    opened.close()
    with pytest.raises(sqlite3.DatabaseError, match="format 99"):
        connected(file)
