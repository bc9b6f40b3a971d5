"""Paid calls in a file: kept over restarts, by namespace, within a size, in spite of faulty files."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from harlm import storage
from harlm.errors import MemoryFailure
from harlm.journal import CallJournal, InMemoryCalls
from harlm.journal.store import remove_unused
from harlm.memory import ColdStore
from harlm.storage import used_bytes
from harlm.types import Entry, PaidCall, Usage

USAGE = Usage(calls=1, input_tokens=7, output_tokens=3, cost_micros=15)


def call(key: str, text: str = "a reply", created: float = 12.5) -> PaidCall:
    return PaidCall(key=key, model="a/b", text=text, usage=USAGE, created=created)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "calls.db"


@contextmanager
def journal(file: Path, space: str = "", **more: object) -> Iterator[CallJournal]:
    with closing(CallJournal(file, space, **more)) as opened:  # type: ignore[arg-type] # as the journal takes them
        yield opened


def put(file: Path, *calls: PaidCall, space: str = "") -> None:
    with journal(file, space) as kept:
        for each in calls:
            kept.put(each)


def rows(file: Path, columns: str = "key") -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(f"SELECT {columns} FROM calls ORDER BY rowid").fetchall()


# -- keeping -----------------------------------------------------------------------------------------------


def test_calls_are_kept_over_restarts_in_a_file_that_is_the_users_alone(file: Path) -> None:
    put(file, call("k"))
    with journal(file) as again:
        assert again.get("k") == call("k")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_no_file_is_made_until_there_is_a_call(file: Path) -> None:
    with journal(file) as opened:
        assert opened.get("k") is None
        assert opened.failure is None
    assert not file.exists()


def test_namespaces_do_not_see_each_other(file: Path) -> None:
    put(file, call("k", "one's"), space="one")
    put(file, call("k", "other's"), call("o"), space="other")
    with journal(file, "one") as one, journal(file, "other") as other, journal(file) as unnamed:
        assert one.get("k") == call("k", "one's")
        assert other.get("k") == call("k", "other's")
        assert one.get("o") is None
        assert unnamed.get("k") is None


def test_two_journals_on_one_file_see_each_others_calls(file: Path) -> None:
    with journal(file) as one, journal(file) as other:
        one.put(call("a"))
        one.flush()
        assert other.get("a") == call("a")
        other.put(call("b"))
        other.flush()
        assert one.get("b") == call("b")


def test_two_threads_and_two_journals_on_one_file_lose_nothing(file: Path) -> None:
    with journal(file) as one, journal(file) as other:

        def work(number: int) -> None:
            for at in range(200):
                (one, other)[number % 2].put(call(f"{number}-{at}"))

        threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert len(rows(file)) == 800


def test_putting_a_known_call_again_counts_as_a_use(file: Path) -> None:
    put(file, call("k", created=100.0))
    put(file, call("k", "another reply", created=200.0))
    put(file, call("k", created=300.0))
    assert rows(file, "key, uses, created, used") == [("k", 2, 100.0, 300.0)]


def test_long_replies_are_compressed(file: Path) -> None:
    put(file, call("k", "word " * 20_000))
    (size,) = rows(file, "length(value)")[0]
    assert isinstance(size, int)
    assert size < 5_000


# -- size --------------------------------------------------------------------------------------------------


def test_the_least_reused_calls_are_removed_when_a_file_that_is_too_large_is_opened(file: Path) -> None:
    put(file, *(call(f"k{at}", os.urandom(20_000).hex()) for at in range(600)))
    put(file, call("k7"))
    with closing(sqlite3.connect(file)) as connection:
        full = used_bytes(connection)
    with journal(file, max_bytes=full // 2) as pruned:
        pruned.put(call("new"))
        pruned.flush()
        assert pruned.get("k7") is not None, "it was reused once"
        assert pruned.get("k0") is None
        assert pruned.get("new") is not None
    with closing(sqlite3.connect(file)) as connection:
        assert used_bytes(connection) <= full // 2 + 10_000


def test_a_file_that_fits_is_left_alone(file: Path) -> None:
    put(file, call("a"), call("b"))
    with journal(file, max_bytes=1 << 20) as opened:
        opened.put(call("c"))
    assert len(rows(file)) == 3


@pytest.mark.parametrize(("used_before", "removed", "left"), [(150.0, 1, "bc"), (1e9, 3, "")])
def test_calls_that_were_not_used_since_are_removed(
    file: Path, used_before: float, removed: int, left: str
) -> None:
    put(file, call("a", created=100.0), call("b", created=100.0), call("c", created=200.0))
    put(file, call("b", created=300.0))
    with closing(sqlite3.connect(file)) as connection:
        assert remove_unused(connection, used_before) == removed
        connection.commit()
    assert "".join(str(key) for (key,) in rows(file)) == left


# -- faulty files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"this is not a database at all" * 400, b"SQLite format 3\0" + os.urandom(9_000)],
    ids=["text", "noise"],
)
def test_a_file_that_is_not_a_database_is_set_aside(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with journal(file) as opened:
        assert opened.get("k") is None
        opened.put(call("k"))
        opened.flush()
        assert opened.get("k") == call("k")
    (aside,) = file.parent.glob("calls.db.broken-*[0-9]")
    assert aside.read_bytes()[:20] == content[:20]


def test_the_readable_calls_of_a_damaged_file_are_copied_to_the_new_one(file: Path) -> None:
    put(file, *(call(f"k{at}", f"reply {at} " * 40) for at in range(600)))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(file.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 8192] = b"\xa5" * 8192
    file.write_bytes(data)
    with journal(file) as opened:
        found = []
        for at in range(600):
            try:
                found.append(opened.get(f"k{at}"))
            except MemoryFailure:
                found.append(None)
            opened.put(call(f"new{at}"))
        opened.flush()
        assert opened.get("new599") == call("new599")
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (count,) = connection.execute("SELECT count(*) FROM calls WHERE key LIKE 'k%'").fetchone()
    assert list(file.parent.glob("calls.db.broken-*[0-9]"))
    assert 100 < count < 600


def test_a_file_of_a_newer_version_is_left_as_it_is(file: Path) -> None:
    put(file, call("newer"))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with journal(file) as opened:
        opened.put(call("k"))
        with pytest.raises(MemoryFailure, match="it has format 99, and this version reads up to 1"):
            opened.flush()
        assert opened.get("k") == call("k")
    assert rows(file) == [("newer",)]
    assert not list(file.parent.glob("*.broken-*"))


def test_calls_that_cannot_be_written_stay_readable_until_they_can(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harlm.storage.files._PATIENCE_S", 0.1)
    put(file, call("a"))
    with journal(file) as opened, closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        opened.put(call("b"))
        with pytest.raises(
            MemoryFailure, match=r"the journal of this run is not kept on disk \(database is locked\)"
        ):
            opened.flush()
        assert "database is locked" in (opened.failure or "")
        assert (opened.get("a"), opened.get("b")) == (call("a"), call("b"))
        holder.execute("ROLLBACK")
        opened.flush()
        assert not opened.failure
    assert rows(file) == [("a",), ("b",)]


def test_a_full_disk_is_an_error_and_loses_no_call(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def small(file: Path, schema: str, version: int) -> sqlite3.Connection:
        connection = storage.opened(file, schema, version)
        connection.execute("PRAGMA max_page_count = 20")
        return connection

    monkeypatch.setattr("harlm.journal.store.opened", small)
    texts = {f"k{at}": os.urandom(10_000).hex() for at in range(20)}
    with journal(file) as full:
        for key, text in texts.items():
            full.put(call(key, text))
        with pytest.raises(MemoryFailure, match=r"full.*Free some space, or use --no-cache"):
            full.flush()
        assert {key: (full.get(key) or call("")).text for key in texts} == texts


def test_a_folder_that_cannot_be_written_to_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "no folder").write_text("a file")
    with journal(tmp_path / "no folder" / "calls.db") as opened:
        opened.put(call("k"))
        with pytest.raises(MemoryFailure, match="the journal of this run is not kept on disk"):
            opened.flush()
        assert opened.get("k") == call("k")


def test_a_call_that_no_database_holds_delays_no_other(file: Path) -> None:
    with journal(file) as opened:
        opened.put(call("\ud800"))
        opened.put(call("k"))
        with pytest.raises(MemoryFailure):
            opened.flush()
        opened.put(call("l"))
        opened.flush()
    assert {key for (key,) in rows(file)} == {"k", "l"}


# -- calls of older versions -------------------------------------------------------------------------------


def older(key: str, value: str = "an old reply", kind: str = "reply") -> Entry:
    """An entry as versions before 0.2 kept them, calls among them."""
    return Entry(key=key, kind=kind, value=value, model="a/b", created=50.0, usage=USAGE)  # type: ignore[arg-type] # a kind


OLD_KEY = "c" * 48


@pytest.fixture
def memory_file(tmp_path: Path) -> Path:
    """A memory with two calls (48 characters of key), a reply of a run (32) and a note."""
    where = tmp_path / "memory.db"
    for space, text in (("", "an old reply"), ("other", "of another")):
        with closing(ColdStore(where, space)) as memory:
            memory.put(older(OLD_KEY, text))
    with closing(ColdStore(where)) as memory:
        for each in (older("d" * 48, "long " * 900), older("e" * 32), older("f" * 48, kind="note")):
            memory.put(each)
    return where


def test_a_new_journal_begins_with_the_calls_in_the_memory_of_older_versions(
    file: Path, memory_file: Path
) -> None:
    with journal(file, entries=memory_file) as opened:
        expected = PaidCall(key=OLD_KEY, model="a/b", text="an old reply", usage=USAGE, created=50.0)
        assert opened.get(OLD_KEY) == expected
        found = opened.get("d" * 48)
        assert found is not None
        assert found.text == "long " * 900
        assert opened.get("e" * 32) is None, "the reply of a sub-call of a run"
        assert opened.get("f" * 48) is None, "a note"
    with journal(file, "other", entries=memory_file) as other:
        found = other.get(OLD_KEY)
        assert found is not None
        assert found.text == "of another"


def test_a_journal_that_exists_takes_no_calls_over(file: Path, memory_file: Path) -> None:
    put(file, call("k"))
    with journal(file, entries=memory_file) as opened:
        assert opened.get(OLD_KEY) is None
        opened.put(call("l"))
    assert rows(file) == [("k",), ("l",)]


def test_the_memory_of_older_versions_stays_as_it_is(file: Path, memory_file: Path) -> None:
    with journal(file, entries=memory_file) as opened:
        assert opened.get(OLD_KEY) is not None
    with closing(ColdStore(memory_file)) as memory:
        entry = memory.get(OLD_KEY)
        assert entry is not None
        assert entry.value == "an old reply"


@pytest.mark.parametrize("content", [None, b"", b"not a database " * 500])
def test_a_memory_without_readable_calls_gives_an_empty_journal(
    file: Path, tmp_path: Path, content: bytes | None
) -> None:
    memory = tmp_path / "a folder, with %20 and a?.db"
    if content is not None:
        memory.write_bytes(content)
    with journal(file, entries=memory) as opened:
        assert opened.get(OLD_KEY) is None
        opened.put(call("k"))
    assert rows(file) == [("k",)]
    assert content is None or memory.read_bytes()[:9] == content[:9]


def test_a_file_that_has_an_unusual_name_is_read(file: Path, memory_file: Path) -> None:
    renamed = memory_file.rename(memory_file.with_name("a memory, 100 %20 and a?#.db"))
    with journal(file, entries=renamed) as opened:
        assert opened.get(OLD_KEY) is not None


# -- in memory ---------------------------------------------------------------------------------------------


def test_calls_in_memory_end_with_their_store() -> None:
    calls = InMemoryCalls()
    calls.put(call("k"))
    assert calls.get("k") == call("k")
    assert InMemoryCalls().get("k") is None
