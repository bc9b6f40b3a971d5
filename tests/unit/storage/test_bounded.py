"""Memory and journal keep to their size with the WAL, whatever is written, by any number of processes."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from harlm.errors import MemoryFailure
from harlm.journal import CallJournal
from harlm.memory import ColdStore
from harlm.types import Entry, PaidCall, Usage

MB = 1 << 20
ROOT = Path(__file__).parents[3]
IS_LONG = bool(os.environ.get("HARLM_FUZZ"))
WRITE = """
import sys
from pathlib import Path
from tests.unit.storage.test_bounded import write
write(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
"""


def size_of(file: Path) -> int:
    """Bytes of a file with its WAL."""
    size = 0
    for each in (file, file.with_name(f"{file.name}-wal")):
        with suppress(OSError):
            size += each.stat().st_size
    return size


def text(chance: random.Random, size: int) -> str:
    kind = chance.choice(("words", "short", "same", "hex"))
    if kind == "hex":
        return chance.randbytes(size // 2).hex()
    if kind == "same":
        return "word " * (size // 5)
    letters = "abcdefghijklmnopqrstuvwxyz" + ("" if kind == "short" else " ")
    half = "".join(chance.choices(letters, k=max(1, min(size, 4_000))))
    if kind == "short":
        half = " ".join(half[at : at + 2] for at in range(0, len(half), 2))
    return (half * (size // len(half) + 1))[:size]


def write(kind: str, file: Path, seed: int, rows: int, megabytes: int = 1) -> None:
    """Write rows of all sizes into a file of at most ``megabytes``."""
    chance = random.Random(seed)
    store = (ColdStore if kind == "memory" else CallJournal)(file, max_bytes=megabytes * MB)
    with closing(store):
        for number in range(rows):
            put(store, f"{seed}-{number}", text(chance, chance.choice((50, 2_000, 9_000, 14_000, 1_000_000))))
            if number % 8 == 0:
                with suppress(MemoryFailure):  # rows that are too large
                    store.flush()


def put(store: ColdStore | CallJournal, key: str, value: str, created: float | None = None) -> None:
    created = time.time() if created is None else created
    if isinstance(store, ColdStore):
        store.put(Entry(key=key, kind="reply", value=value, run=f"R{key[:1]}", question="q", created=created))
    else:
        store.put(PaidCall(key=key, model="m", text=value, usage=Usage(), created=created))


@pytest.mark.parametrize("kind", ["memory", "journal"])
def test_processes_that_write_together_keep_to_the_size(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "rows.db"
    rows = "1500" if IS_LONG else "40"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE, kind, str(file), str(seed), rows], cwd=ROOT)
        for seed in range(3)
    ]
    most = 0
    while any(writer.poll() is None for writer in writers):
        most = max(most, size_of(file))
        time.sleep(0.002)
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert 0 < most <= 1.1 * MB
    assert [each.name for each in tmp_path.iterdir()] == ["rows.db"], "nothing was taken for damaged"


@pytest.mark.parametrize("kind", ["memory", "journal"])
def test_rows_that_were_used_again_stay_and_the_newest_is_there(tmp_path: Path, kind: str) -> None:
    chance = random.Random(1)
    file = tmp_path / "rows.db"
    with closing((ColdStore if kind == "memory" else CallJournal)(file, max_bytes=2 * MB)) as store:
        for _ in range(2):
            put(store, "again", "a value that is used", created=50.0)
        for number in range(60):
            put(store, f"n{number}", chance.randbytes(10_000).hex(), created=100.0 + number)
        store.flush()
        assert store.get("again") is not None
        assert store.get("n59") is not None
        assert store.get("n0") is None


class Stores(RuleBasedStateMachine):
    """Two stores over one file: what is written, read again and searched, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.file = Path(self.folder.name) / "rows.db"
        self.stores = [ColdStore(self.file, max_bytes=MB) for _ in range(2)]
        self.values: dict[str, str] = {}

    @rule(at=st.integers(0, 1), size=st.sampled_from((10, 3_000, 13_000, 900_000)), count=st.integers(1, 12))
    def puts(self, at: int, size: int, count: int) -> None:
        for _ in range(count):
            key = f"k{len(self.values)}"
            self.values[key] = text(random.Random(len(self.values)), size)
            put(self.stores[at], key, self.values[key])

    @rule(at=st.integers(0, 1))
    def flushes(self, at: int) -> None:
        with suppress(MemoryFailure):  # rows that are too large
            self.stores[at].flush()

    @rule(at=st.integers(0, 1), number=st.integers(0, 99))
    def gets(self, at: int, number: int) -> None:
        key = f"k{number}"
        found = self.stores[at].get(key)
        assert found is None or found.value == self.values[key]

    @rule(at=st.integers(0, 1))
    def searches(self, at: int) -> None:
        for found in self.stores[at].search("word", 5, run="Rk"):
            assert "word" in self.values[found.key]

    @invariant()
    def the_file_keeps_to_its_size(self) -> None:
        assert size_of(self.file) <= 1.1 * MB
        assert not list(self.file.parent.glob("*.broken-*"))

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        self.folder.cleanup()


TestStores = Stores.TestCase
TestStores.settings = settings(
    max_examples=200 if IS_LONG else 5, stateful_step_count=50 if IS_LONG else 12, deadline=None
)
