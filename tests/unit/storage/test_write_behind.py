"""A file with its own writing thread: nothing that is acknowledged is lost, and nothing stops the run."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import pytest

from harlm.errors import MemoryFailure
from harlm.storage import StoreRoom, WriteBehind, opened

SCHEMA = "CREATE TABLE pairs (key TEXT PRIMARY KEY, value TEXT) ; PRAGMA user_version = 3;"

Pair = tuple[str, object]


class Pairs:
    """A table of pairs, which removes the first ones to make room."""

    noun = "pairs"
    growth = 2

    def __init__(self, max_bytes: int = 1 << 40) -> None:
        self.max_bytes = max_bytes

    def connect(self, file: Path) -> sqlite3.Connection:
        return opened(file, SCHEMA, 3)

    def key_of(self, item: Pair) -> str:
        return item[0]

    def insert(self, connection: sqlite3.Connection, items: Sequence[Pair]) -> None:
        connection.executemany("INSERT OR IGNORE INTO pairs VALUES (?, ?)", items)

    def size_of(self, item: Pair) -> int:
        return len(item[1]) + 200 if isinstance(item[1], str) else 200

    def remove(self, connection: sqlite3.Connection, rows: int, size: int) -> int:
        going = connection.execute("SELECT rowid, length(value) FROM pairs LIMIT ?", (rows,)).fetchall()
        count = next(
            (at for at in range(len(going)) if sum(row[1] for row in going[:at]) >= size), len(going)
        )
        connection.executemany("DELETE FROM pairs WHERE rowid = ?", ((row[0],) for row in going[:count]))
        return sum(row[1] for row in going[:count])

    def row_bytes(self, connection: sqlite3.Connection) -> int:
        return int(connection.execute("SELECT total(length(value)) FROM pairs").fetchone()[0])

    def compact(self, connection: sqlite3.Connection, pages: int) -> bool:
        return False

    def take_over(self, connection: sqlite3.Connection, damaged: Path) -> None:
        connection.execute("INSERT INTO pairs VALUES ('from', ?)", (damaged.name,))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pairs.db"


@pytest.fixture
def store(file: Path) -> Iterator[WriteBehind[Pair]]:
    store: WriteBehind[Pair] = WriteBehind(file, Pairs())
    yield store
    store.close()


def rows(file: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT key, value FROM pairs ORDER BY key").fetchall()


def test_a_flushed_item_is_in_the_file_of_the_user_alone(store: WriteBehind[Pair], file: Path) -> None:
    store.put(("a", "1"))
    store.flush()
    assert rows(file) == [("a", "1")]
    assert store.all_waiting() == []
    assert file.stat().st_mode & 0o077 == 0


def test_an_item_can_be_read_before_it_is_written(store: WriteBehind[Pair]) -> None:
    with store.lock:  # the writer needs it to take an item off the waiting ones
        store.put(("a", "1"))
        assert store.waiting("a") == ("a", "1")
        assert store.all_waiting() == [("a", "1")]
    store.flush()
    assert store.waiting("a") is None
    assert store.read("SELECT value FROM pairs WHERE key = ?", ("a",)) == [("1",)]


def test_the_first_item_under_a_key_stays(store: WriteBehind[Pair], file: Path) -> None:
    with store.lock:
        store.put(("a", "1"))
        store.put(("a", "2"))
        assert store.waiting("a") == ("a", "1")
    store.flush()
    store.put(("a", "3"))
    store.flush()
    assert rows(file) == [("a", "1")]


def test_without_items_there_is_no_file(store: WriteBehind[Pair], file: Path) -> None:
    assert store.read("SELECT * FROM pairs", ()) == []
    store.flush()
    store.close()
    assert not file.exists()


def test_closing_writes_the_remaining_items(store: WriteBehind[Pair], file: Path) -> None:
    for number in range(600):
        store.put((f"{number:03}", "x"))
    store.close()
    assert len(rows(file)) == 600
    store.close()
    assert store.read("SELECT * FROM pairs", ()) == []
    with pytest.raises(MemoryFailure, match="this pairs is closed"):
        store.put(("late", "x"))


def test_items_of_many_threads_are_all_written(store: WriteBehind[Pair], file: Path) -> None:
    def put(thread: int) -> None:
        for number in range(50):
            store.put((f"{thread}.{number}", "x"))
        store.flush()

    threads = [threading.Thread(target=put, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows(file)) == 200


def test_an_item_that_cannot_be_stored_does_not_stop_the_others(store: WriteBehind[Pair], file: Path) -> None:
    store.put(("bad", 1 << 70))  # SQLite stores 64 bits
    store.put(("good", "1"))
    with suppress(MemoryFailure):  # raised if the bad item is in the same transaction as the flush
        store.flush()
    store.put(("later", "2"))
    store.flush()
    assert rows(file) == [("good", "1"), ("later", "2")]
    assert store.waiting("bad") == ("bad", 1 << 70)
    assert store.failure is None


def test_without_a_folder_items_stay_in_memory_until_there_is_one(tmp_path: Path) -> None:
    file = tmp_path / "missing" / "pairs.db"
    store: WriteBehind[Pair] = WriteBehind(file, Pairs())
    store.put(("a", "1"))
    with pytest.raises(
        MemoryFailure, match=r"it stays in this process .* Free some space, or use --no-cache"
    ):
        store.flush()
    assert store.waiting("a") == ("a", "1")
    assert "not kept on disk" in (store.failure or "")
    file.parent.mkdir()
    store.flush()
    assert store.failure is None
    assert rows(file) == [("a", "1")]
    store.close()


def test_a_damaged_file_is_moved_aside_and_its_rows_are_taken_over(file: Path) -> None:
    file.write_bytes(b"this is not a database" * 100)
    store: WriteBehind[Pair] = WriteBehind(file, Pairs())
    store.put(("a", "1"))
    store.flush()
    (aside,) = file.parent.glob("pairs.db.broken-*")
    assert rows(file) == [("a", "1"), ("from", aside.name)]
    store.close()


def test_a_file_that_was_removed_is_made_again(store: WriteBehind[Pair], file: Path) -> None:
    store.put(("a", "1"))
    store.flush()
    for part in file.parent.glob("pairs.db*"):
        part.unlink()
    store.put(("b", "2"))
    store.flush()
    assert rows(file) == [("b", "2")]


def test_a_file_of_another_format_cannot_be_read(store: WriteBehind[Pair], file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE pairs (key)")
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(sqlite3.DatabaseError, match="it has format 2, not the current format 3"):
        opened(file, SCHEMA, 3)


def test_a_table_that_is_missing_says_what_to_do(store: WriteBehind[Pair], file: Path) -> None:
    store.put(("a", "1"))
    store.flush()
    with pytest.raises(
        MemoryFailure,
        match=r"pairs\.db cannot be read \(no such table: missing\); try again, move the file away",
    ):
        store.read("SELECT * FROM missing", ())
    assert store.read("SELECT key FROM pairs", ()) == [("a",)]


def size_with_wal(file: Path) -> int:
    return sum(each.stat().st_size for each in (file, file.with_name(f"{file.name}-wal")) if each.exists())


@pytest.mark.parametrize("megabytes", [1, 8])
def test_a_file_with_its_wal_keeps_to_its_size_while_it_is_written(file: Path, megabytes: int) -> None:
    most = 0
    with closing(WriteBehind(file, Pairs(megabytes << 20))) as store:
        for number in range(160):
            store.put((str(number), "x" * megabytes * 10_000))
            if number % 20 == 0:
                store.flush()
                most = max(most, size_with_wal(file))
        assert most <= 1.1 * (megabytes << 20)
        assert len(store.read("SELECT key FROM pairs", ())) > 10, "the newest are there"


def test_a_file_that_is_larger_than_its_new_size_shrinks(file: Path) -> None:
    with closing(WriteBehind(file, Pairs())) as store:
        for number in range(400):
            store.put((str(number), "x" * 20_000))
    assert file.stat().st_size > 8_000_000
    with closing(WriteBehind(file, Pairs(1 << 20))) as store:
        store.put(("new", "x"))
    assert size_with_wal(file) < 1 << 20
    assert ("new", "x") in rows(file)


def test_a_file_of_an_earlier_version_shrinks_as_well(file: Path) -> None:
    with closing(sqlite3.connect(file)) as old:
        old.executescript(f"PRAGMA journal_mode = WAL; {SCHEMA}")
        old.executemany("INSERT INTO pairs VALUES (?, ?)", ((str(at), "x" * 20_000) for at in range(200)))
        old.commit()
    with closing(WriteBehind(file, Pairs(1 << 20))) as store:
        store.put(("new", "x"))
    assert size_with_wal(file) < 1 << 20


def test_an_item_larger_than_its_share_is_left_out_and_told_once(file: Path) -> None:
    with closing(WriteBehind(file, Pairs(1 << 20))) as store:
        store.put(("large", "x" * 900_000))
        store.put(("small", "x"))
        store.flush()
        assert rows(file) == [("small", "x")]
        with pytest.raises(MemoryFailure, match=r"1 of more than 0.0156 MB.* memory.max_mb is 1$"):
            store.tell_left_out()
        store.tell_left_out()


def test_items_that_cannot_be_written_take_a_bounded_memory(tmp_path: Path) -> None:
    store: WriteBehind[Pair] = WriteBehind(tmp_path / "missing" / "pairs.db", Pairs())
    for number in range(300):
        store.put((str(number), f"{number}" + "x" * 1_000_000))
    assert sum(len(str(value)) for _, value in store.all_waiting()) <= 66 << 20
    with suppress(MemoryFailure):
        store.flush()
    assert not store.is_behind, "no caller waits for a disk that takes nothing"
    with pytest.raises(MemoryFailure, match="could not be written fast enough"):
        store.tell_left_out()
    store.close()


async def test_callers_wait_for_a_disk_that_is_slow(file: Path) -> None:
    with closing(WriteBehind(file, Pairs())) as store:
        with store.lock:  # the writer needs it to take items off the waiting ones
            for number in range(20):
                store.put((str(number), "x" * 1_000_000))
            assert store.is_behind
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(StoreRoom(store).wait(), 0.1)
        await StoreRoom(store).wait()
        assert not store.is_behind
