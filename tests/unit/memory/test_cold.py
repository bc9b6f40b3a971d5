"""The cold tier and faulty files: acknowledged entries are kept, and failures are reported."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from harlm.errors import MemoryFailure
from harlm.memory import cold, rows
from harlm.memory.cold import ColdStore
from harlm.memory.maintenance import held
from harlm.types import Entry


def entry(key: str, value: str | bytes = "a text about walnuts", run: str = "R") -> Entry:
    return Entry(key=key, kind="reply", value=value, run=run, created=time.time())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "memory.db"


def test_entries_are_found_after_a_restart(file: Path) -> None:
    store = ColdStore(file)
    store.put(entry("a"))
    store.close()
    again = ColdStore(file)
    assert again.get("a") is not None
    assert [each.key for each in again.search("walnuts", 3, run="R")] == ["a"]
    again.close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_namespaces_do_not_see_each_other(file: Path) -> None:
    one, other = ColdStore(file, "one"), ColdStore(file, "other")
    one.put(entry("a"))
    other.put(entry("b"))
    one.flush()
    other.flush()
    assert one.get("b") is None
    assert other.get("a") is None
    assert [each.key for each in one.search("walnuts", 5, run="R")] == ["a"]
    assert [each.key for each in other.search("walnuts", 5, run="R")] == ["b"]
    one.close()
    other.close()


def test_a_key_of_another_run_is_found_in_this_one_once_it_is_put_again(file: Path) -> None:
    store = ColdStore(file)
    store.put(entry("a", run="one"))
    store.put(entry("a", run="other"))
    store.flush()
    for run in ("one", "other"):
        assert [each.key for each in store.search("walnuts", 5, run=run)] == ["a"]
    store.close()
    (row,) = held(file).rows
    assert (row.entries, row.uses) == (1, 1)


def test_a_damaged_file_is_set_aside_and_its_readable_entries_are_copied(file: Path) -> None:
    store = ColdStore(file)
    for at in range(400):
        store.put(entry(f"k{at}", f"walnut number {at} " * 20))
    store.close()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(file.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 8192] = os.urandom(8192)
    file.write_bytes(data)
    again = ColdStore(file)
    for at in range(400):
        again.put(entry(f"new{at}", "fresh " * 50))
        again.get(f"k{at}")
    again.flush()
    assert again.get("new399") is not None
    again.close()
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (count,) = connection.execute("SELECT count(*) FROM entries WHERE key LIKE 'k%'").fetchone()
    assert count == 400 or (list(file.parent.glob("memory.db.broken-*[0-9]")) and count > 100)


@pytest.mark.parametrize(
    "content",
    [b"this is not a database at all" * 400, b"SQLite format 3\0" + os.urandom(9_000)],
    ids=["text", "noise"],
)
def test_a_file_that_is_not_a_database_is_set_aside(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    store = ColdStore(file)
    assert store.get("a") is None
    store.put(entry("a"))
    store.flush()
    assert store.get("a") is not None
    store.close()
    (aside,) = file.parent.glob("memory.db.broken-*[0-9]")
    assert aside.read_bytes()[:20] == content[:20]


def test_a_file_of_a_newer_version_is_left_as_it_is(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.execute("CREATE TABLE kept (x)")
    connection.close()
    store = ColdStore(file)
    store.put(entry("a"))
    with pytest.raises(MemoryFailure, match="it has format 99"):
        store.flush()
    assert store.get("a") is not None
    store.close()
    assert not list(file.parent.glob("*.broken-*"))


def test_a_file_that_was_removed_while_open_is_created_again(file: Path) -> None:
    store = ColdStore(file)
    store.put(entry("a"))
    store.flush()
    for part in ("", "-wal", "-shm"):
        Path(f"{file}{part}").unlink(missing_ok=True)
    store.put(entry("b"))
    store.flush()
    store.close()
    again = ColdStore(file)
    assert again.get("b") is not None
    again.close()


def test_entries_that_cannot_be_written_stay_in_memory_and_the_failure_is_reported(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harlm.storage.files._PATIENCE_S", 0.1)
    store = ColdStore(file)
    store.put(entry("a"))
    store.flush()
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    store.put(entry("b"))
    with pytest.raises(MemoryFailure, match=r"not kept on disk \(database is locked\).*--no-cache"):
        store.flush()
    assert store.get("b") is not None
    assert {each.key for each in store.search("walnuts", 5, run="R")} == {"a", "b"}
    holder.execute("ROLLBACK")
    holder.close()
    store.flush()
    store.close()
    again = ColdStore(file)
    assert again.get("b") is not None
    again.close()


def test_a_full_disk_is_reported_and_loses_no_entry(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connected = rows.connected

    def small(where: Path) -> sqlite3.Connection:
        connection = connected(where)
        connection.execute("PRAGMA max_page_count = 40")
        return connection

    monkeypatch.setattr(cold, "connected", small)
    store = ColdStore(file)
    for at in range(20):
        store.put(entry(f"k{at}", os.urandom(40_000)))
    with pytest.raises(MemoryFailure, match="full"):
        store.flush()
    assert all(store.get(f"k{at}") is not None for at in range(20))
    store.close()


def test_an_entry_that_no_database_holds_delays_no_other(file: Path) -> None:
    store = ColdStore(file)
    store.put(entry("with it"))
    store.put(Entry(key="a", kind="reply", value="x", run="R", tokens=1 << 80))
    with pytest.raises(MemoryFailure, match="too large"):
        store.flush()
    store.put(entry("b"))
    store.flush()
    assert store.get("a") is not None
    store.close()
    again = ColdStore(file)
    assert [again.get(key) is not None for key in ("a", "b", "with it")] == [False, True, True]
    again.close()


def test_a_folder_that_cannot_be_written_to_is_reported(tmp_path: Path) -> None:
    (tmp_path / "no folder").write_text("a file")
    store = ColdStore(tmp_path / "no folder" / "memory.db")
    store.put(entry("a"))
    with pytest.raises(MemoryFailure, match="not kept on disk"):
        store.flush()
    assert store.get("a") is not None
    store.close()


def test_two_threads_and_two_stores_on_one_file_lose_nothing(file: Path) -> None:
    stores = [ColdStore(file), ColdStore(file)]

    def work(number: int) -> None:
        for at in range(300):
            stores[number % 2].put(entry(f"{number}-{at}"))

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    for store in stores:
        store.close()
    (row,) = held(file).rows
    assert row.entries == 1_200


def test_very_large_entries_and_bytes_are_kept(file: Path) -> None:
    store = ColdStore(file)
    large = "The walnuts are in the cellar. " * 3_400_000  # 105 MB
    store.put(entry("large", large))
    store.flush()  # more than this does not wait for the disk in memory
    store.put(entry("bytes", os.urandom(1_000_000)))
    store.flush()
    found = store.get("large")
    assert found is not None
    assert found.value == large
    assert store.search("cellar", 1, run="R")[0].key == "large"
    store.close()


_WRITER = """
import sys, time
from pathlib import Path
from harlm.memory.cold import ColdStore
from harlm.types import Entry
store = ColdStore(Path(sys.argv[1]))
at = 0
while True:
    for _ in range(7):
        store.put(Entry(key=f"{sys.argv[2]}-{at}", kind="reply", value=f"walnut {at} " * 60, run="R"))
        at += 1
    store.flush()
    print(at, flush=True)
"""


def test_a_killed_process_loses_nothing_that_was_acknowledged(file: Path) -> None:
    """Four times here; 100 times in perf/memory.py."""
    acknowledged: dict[str, int] = {}
    for number in range(4):
        command = [sys.executable, "-c", _WRITER, str(file), str(number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(3 + number):
                acknowledged[str(number)] = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            rest = writer.stdout.read().split()
        if rest and rest[-1].isdigit():
            acknowledged[str(number)] = max(acknowledged[str(number)], int(rest[-1]))
    store = ColdStore(file)
    missing = [
        f"{name}-{at}"
        for name, count in acknowledged.items()
        for at in range(count)
        if store.get(f"{name}-{at}") is None
    ]
    store.close()
    assert missing == []
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
