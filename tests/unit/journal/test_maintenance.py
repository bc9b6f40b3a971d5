from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import pytest

from harlm.errors import MemoryFailure
from harlm.journal import CallJournal
from harlm.journal.maintenance import forget, held
from harlm.types import PaidCall, Usage


def put(file: Path, *keys: str, space: str = "", model: str = "a/b", created: float | None = None) -> None:
    created = time.time() if created is None else created
    with closing(CallJournal(file, space)) as journal:
        for key in keys:
            journal.put(PaidCall(key=key, model=model, text="x" * 300, usage=Usage(), created=created))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def test_the_contents_are_counted_by_namespace_and_model(file: Path) -> None:
    assert (held(file).size, held(file).rows) == (0, ())
    put(file, "a", "b")
    put(file, "a")
    put(file, "c", model="c/d")
    put(file, "a", space="other")
    contents = held(file)
    assert {(row.space, row.kind, row.model): (row.entries, row.uses) for row in contents.rows} == {
        ("", "call", "a/b"): (2, 1),
        ("", "call", "c/d"): (1, 0),
        ("other", "call", "a/b"): (1, 0),
    }
    assert contents.rows[0].size == 600
    assert contents.size > 600, "pages of tables and indexes count"


def test_calls_are_removed_all_or_by_their_last_use(file: Path) -> None:
    assert forget(file) == 0
    put(file, "old", "used", created=100.0)
    put(file, "used", "new")
    assert forget(file, time.time() - 60) == 1
    with closing(CallJournal(file)) as journal:
        assert [journal.get(key) is not None for key in ("old", "used", "new")] == [False, True, True]
    assert forget(file) == 2
    assert held(file).rows == ()


@pytest.mark.parametrize("command", [held, forget])
def test_a_file_that_cannot_be_used_is_an_error_that_says_what_to_do(file: Path, command: object) -> None:
    file.write_bytes(b"no database" * 500)
    assert callable(command)
    with pytest.raises(
        MemoryFailure, match=r"the journal in .*journal.db cannot be used \(.*\); try again, or"
    ):
        command(file)
