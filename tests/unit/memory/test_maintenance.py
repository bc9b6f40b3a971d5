"""Maintenance of a file of entries: contents, removing, and copying from a damaged file."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from harlm.errors import MemoryFailure
from harlm.memory import ColdStore
from harlm.memory.maintenance import forget, held, take_over
from harlm.memory.rows import connected
from harlm.types import Entry, EntryKind


def entry(
    key: str,
    value: str | bytes = "a text about walnuts",
    *,
    kind: EntryKind = "reply",
    model: str = "",
    created: float | None = None,
) -> Entry:
    created = time.time() if created is None else created
    return Entry(key=key, kind=kind, value=value, run="R", model=model, created=created)


def put(file: Path, *entries: Entry, space: str = "") -> None:
    with closing(ColdStore(file, space)) as store:
        for each in entries:
            store.put(each)


def keys(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as connection:
        return {key for (key,) in connection.execute("SELECT key FROM entries")}


def check_index(file: Path) -> None:
    """Raise if the full-text index does not match what it indexed."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("INSERT INTO passages (passages) VALUES ('integrity-check')")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "memory.db"


def test_the_contents_are_counted_by_namespace_kind_and_model(file: Path) -> None:
    assert held(file).rows == ()
    assert held(file).size == 0
    put(file, entry("a", "x" * 300, model="a/b"), entry("b", "y" * 300, model="a/b"), entry("c", kind="note"))
    put(file, entry("a", model="a/b"), space="other")
    put(file, entry("a"))
    contents = held(file)
    assert {(row.space, row.kind, row.model): (row.entries, row.uses) for row in contents.rows} == {
        ("", "reply", "a/b"): (2, 1),
        ("", "note", ""): (1, 0),
        ("other", "reply", "a/b"): (1, 0),
    }
    assert [row.size for row in contents.rows] == sorted((row.size for row in contents.rows), reverse=True)
    assert contents.size > 10_000, "pages of tables and indexes count"


def test_entries_are_removed_all_or_by_their_last_use(file: Path) -> None:
    assert forget(file) == 0
    put(file, entry("old", kind="note", created=100.0), entry("new"))
    assert forget(file, time.time() - 60) == 1
    assert [row.kind for row in held(file).rows] == ["reply"]
    assert forget(file) == 1
    assert held(file).rows == ()
    check_index(file)


def test_an_old_entry_that_was_used_lately_is_kept(file: Path) -> None:
    put(file, entry("used", created=100.0), entry("unused", created=100.0))
    put(file, entry("used"))
    assert forget(file, time.time() - 60) == 1
    assert keys(file) == {"used"}


def test_the_space_of_removed_entries_is_given_back(file: Path) -> None:
    put(file, *(entry(f"k{at}", os.urandom(4_000)) for at in range(200)))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    full = file.stat().st_size
    forget(file)
    assert file.stat().st_size < full / 4


@pytest.mark.parametrize("command", [held, forget])
def test_a_file_that_cannot_be_used_is_an_error_that_says_what_to_do(file: Path, command: object) -> None:
    file.write_bytes(b"no database" * 500)
    assert callable(command)
    with pytest.raises(
        MemoryFailure, match=r"the memory in .*memory.db cannot be used \(.*\); try again, or"
    ):
        command(file)


def test_the_entries_with_the_fewest_uses_are_removed_when_a_large_file_is_opened(file: Path) -> None:
    put(file, *(entry(f"k{at}", os.urandom(12_000).hex()) for at in range(200)))
    put(file, entry("k7"))
    full = held(file).size
    with closing(ColdStore(file, max_bytes=full // 2)) as pruned:
        pruned.put(entry("new"))
        pruned.flush()
        assert pruned.get("k7") is not None
        assert pruned.get("k0") is None
    assert held(file).size <= full // 2 + 100_000
    check_index(file)


def test_the_readable_entries_of_a_damaged_file_are_copied_and_can_be_searched(
    file: Path, tmp_path: Path
) -> None:
    put(file, *(entry(f"k{at}", f"walnut number {at} " * 20, created=50.0) for at in range(400)))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute("SELECT max(rootpage) FROM sqlite_master").fetchone()
    data = bytearray(file.read_bytes())
    middle = max(int(page), len(data) // 4096 // 4) * 4096
    data[middle : middle + 8192] = b"\xa5" * 8192
    file.write_bytes(data)
    fresh = tmp_path / "fresh.db"
    with closing(connected(fresh)) as connection:
        take_over(connection, file)
    copied = keys(fresh)
    assert len(copied) > 100
    check_index(fresh)
    with closing(ColdStore(fresh)) as store:
        key = min(copied)
        found = store.get(key)
        assert found is not None
        assert found.created == 50.0
        assert store.search(f"number {key[1:]}", 1, run="R")[0].key in copied


def test_nothing_is_copied_from_a_file_that_is_not_a_database(file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"no database" * 500)
    with closing(connected(tmp_path / "fresh.db")) as connection:
        take_over(connection, file)
        take_over(connection, tmp_path / "missing.db")
    assert keys(tmp_path / "fresh.db") == set()
    assert not (tmp_path / "missing.db").exists()
