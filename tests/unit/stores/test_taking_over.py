"""A run of another machine is taken up here: its folder, and the journal that is further."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from harlm.journal import JOURNAL
from harlm.journal.rows import RequestSent
from harlm.journal.run_file import RunFile
from harlm.stores.postgres import PostgresStores
from harlm.stores.postgres.runs import PostgresRuns
from harlm.stores.taking_over import held, is_run_id, put_files
from tests.support.postgres import shared_server

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def runs() -> PostgresRuns:
    return PostgresStores(shared_server().database(), "").runs()


def machine(folder: Path, name: str) -> Path:
    made = folder / name / RUN
    made.mkdir(parents=True)
    return made


def attempt(runs: PostgresRuns, folder: Path, *numbers: int, is_new: bool = False) -> list[int]:
    """One attempt that sends requests on a machine; what it knew at its beginning."""
    with (
        closing(held(runs, folder, is_new=is_new)) as shared,
        closing(RunFile(folder / JOURNAL, print)) as file,
    ):
        known = list(file.kept().requests)
        for number in numbers:
            change = RequestSent(number, 1, 1, 1, 0.0)
            file.write(change)
            shared.write(change)
    return known


def test_the_journal_that_is_further_counts(runs: PostgresRuns, tmp_path: Path) -> None:
    one, other = machine(tmp_path, "one"), machine(tmp_path, "other")
    assert attempt(runs, one, 1, 2, is_new=True) == []
    assert attempt(runs, one, 3) == [1, 2], "the same machine has its own file"
    assert attempt(runs, other, 4) == [1, 2, 3], "another one gets it from the store"
    assert attempt(runs, one, 5) == [1, 2, 3, 4], "the first one sees what the other has done"
    assert list(one.glob("journal.db.before-*")), "its own file stays under another name"
    runs.close()


def test_only_the_files_of_a_run_are_made(tmp_path: Path) -> None:
    put_files(tmp_path / "none", {"request.json": b"{}"})
    assert not (tmp_path / "none").exists()
    put_files(
        tmp_path / RUN, {"run.json": b"{}", "request.json": b"[]", "../evil": b"x", "events.jsonl": b"x"}
    )
    assert {file.name: file.read_bytes() for file in (tmp_path / RUN).iterdir()} == {
        "run.json": b"{}",
        "request.json": b"[]",
    }
    assert (tmp_path / RUN / "run.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "is_one"),
    [(RUN, True), (RUN[:-1], False), ("last", False), (f"../{RUN}", False), (f"{RUN}\n", False)],
)
def test_only_a_whole_id_names_a_run(name: str, is_one: bool) -> None:
    assert is_run_id(name) is is_one
