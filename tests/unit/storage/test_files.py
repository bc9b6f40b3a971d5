"""SQLite files: measured, made shorter, and moved aside when damaged."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from harlm.storage import least_used, opened, set_aside, shrink, transaction, used_bytes
from harlm.storage.files import file_bytes

SCHEMA = "CREATE TABLE pairs (key TEXT PRIMARY KEY, value TEXT) ; PRAGMA user_version = 3;"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pairs.db"


@pytest.mark.parametrize(
    ("error", "is_moved"),
    [
        (sqlite3.DatabaseError("file is not a database"), True),
        (IndexError("a span of a passage that does not exist"), True),
        (sqlite3.OperationalError("database is locked"), False),
        (sqlite3.ProgrammingError("closed"), False),
    ],
)
def test_only_damage_moves_a_file_aside(file: Path, error: Exception, is_moved: bool) -> None:
    file.write_bytes(b"x")
    file.with_name("pairs.db-wal").write_bytes(b"y")
    assert set_aside(file, error) is is_moved
    assert file.exists() is not is_moved
    assert len(list(file.parent.glob("pairs.db.broken-*-wal"))) == int(is_moved)


def test_a_missing_file_cannot_be_moved_aside(file: Path) -> None:
    assert not set_aside(file, sqlite3.DatabaseError("damaged"))


def test_free_pages_are_not_used_bytes(file: Path) -> None:
    with closing(opened(file, SCHEMA, 3)) as connection:
        connection.executemany("INSERT INTO pairs VALUES (?, ?)", ((str(n), "x" * 500) for n in range(500)))
        full = used_bytes(connection)
        connection.execute("DELETE FROM pairs")
        assert full > 250_000
        assert used_bytes(connection) < full / 10


def test_two_files_that_are_set_aside_in_one_moment_are_both_kept(tmp_path: Path) -> None:
    file = tmp_path / "kept.db"
    for text in ("first", "second"):
        file.write_text(text, encoding="utf-8")
        assert set_aside(file, sqlite3.DatabaseError("malformed"))
    assert sorted(each.read_text(encoding="utf-8") for each in tmp_path.iterdir()) == ["first", "second"]


def test_free_pages_are_given_back(file: Path) -> None:
    with closing(opened(file, SCHEMA, 3)) as connection:
        connection.executemany("INSERT INTO pairs VALUES (?, ?)", ((str(n), "x" * 5_000) for n in range(400)))
        connection.execute("DELETE FROM pairs")
        shrink(connection, 1_000_000)
        assert file_bytes(connection) <= 1_000_000 + 256 * 4096
        shrink(connection, 0)
        assert file_bytes(connection) < 100_000


def test_a_transaction_that_fails_leaves_nothing(file: Path) -> None:
    with closing(opened(file, SCHEMA, 3)) as connection:
        with suppress(sqlite3.IntegrityError), transaction(connection):
            connection.execute("INSERT INTO pairs VALUES ('a', 'b')")
            connection.execute("INSERT INTO pairs VALUES ('a', 'c')")
        assert connection.execute("SELECT count(*) FROM pairs").fetchone() == (0,)


def test_the_least_used_rows_are_named_and_those_of_the_last_minutes_last() -> None:
    now = time.time()
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE rows (size INTEGER, uses INTEGER, used REAL)")
        for size, uses, used in [(10, 0, now), (20, 3, 5.0), (30, 0, 9.0), (40, 0, 7.0)]:
            connection.execute("INSERT INTO rows VALUES (?, ?, ?)", (size, uses, used))
        select = "SELECT rowid, size FROM rows"
        assert least_used(connection, select, 9, 35) == ([(4,)], 40)
        assert least_used(connection, select, 9, 1_000) == ([(4,), (3,), (2,)], 90)
        assert least_used(connection, select, 2, 1_000) == ([(4,), (3,)], 70)
        connection.execute("DELETE FROM rows WHERE rowid > 1")
        assert least_used(connection, select, 9, 1_000) == ([(1,)], 10)
        connection.execute("DELETE FROM rows")
        assert least_used(connection, select, 9, 1_000) == ([], 0)
