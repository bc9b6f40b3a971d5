"""A journal that is damaged or gone is made again from what the trace knows; one that is whole stays as it is."""

from __future__ import annotations

import os
import resource
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harlm.errors import ConfigError, TraceError
from harlm.journal import JOURNAL, Recovered, RecoveredCall, RecoveredReply, RunJournal, opened_journal
from harlm.types import Amounts, Completion, Usage

USAGES = [Usage(calls=1, input_tokens=at, output_tokens=3, cost_micros=15) for at in range(40)]


def reply(at: int) -> Completion:
    return Completion(text=f"reply {at} " * 60, model="a/b", usage=USAGES[at])


FOUND = Recovered(
    replies=[
        RecoveredReply(key=f"k{at}", ordinal=0, node="0", role="sub", completion=reply(at), is_paid=True)
        for at in range(40)
    ],
    calls=[
        RecoveredCall("t", "send", "{}"),
        RecoveredCall("t", "send", "{}"),
        RecoveredCall("u", "send", '{"to": 1}'),
    ],
    bills=[("a/b", usage) for usage in USAGES],
)


def write(folder: Path, count: int = 40) -> None:
    """The journal of the run that ``FOUND`` tells of, as far as its first replies."""
    with closing(RunJournal(folder / JOURNAL)) as journal:
        for at in range(count):
            number = journal.sent(Amounts(100, 50, 1))
            journal.settled(number, Amounts(at + 3, 15, 1), "a/b", USAGES[at])
            journal.replied(f"k{at}", journal.ask(f"k{at}"), reply(at), node="0", role="sub", is_paid=True)
        if count:
            for each in FOUND.calls:
                number = journal.calling(each.key, each.tool, each.arguments, is_pure=False)
                journal.called(number, "sent", "")


def check(folder: Path, *, doubtful: int) -> None:
    """It has every reply and every bill once."""
    for found in (lambda: FOUND, None):
        with closing(opened_journal(folder, found=found)) as journal:
            assert sorted(usage.input_tokens for _, usage in journal.earlier.spent) == list(range(40))
            assert len(journal.earlier.doubtful) == doubtful
            for at in range(40):
                kept = journal.known(f"k{at}")
                assert kept is not None
                assert kept.completion == reply(at)
                assert journal.known(f"k{at}") is None


@pytest.mark.parametrize("count", [0, 25, 40])
def test_what_a_whole_journal_lacks_is_put_back(tmp_path: Path, count: int) -> None:
    write(tmp_path, count)
    check(tmp_path, doubtful=0 if count else 3)
    assert not list(tmp_path.glob("*.broken-*"))


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _holes(data: bytes) -> bytes:
    """Every second page but the first is noise."""
    return b"".join(
        data[at : at + 4096] if at < 4096 or at // 4096 % 2 else b"\xa5" * 4096
        for at in range(0, len(data), 4096)
    )


@pytest.mark.parametrize("damage", [_half, _holes, lambda data: b"\0" * len(data), lambda data: data[:100]])
def test_a_damaged_journal_is_set_aside_and_made_again(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    write(tmp_path)
    file = tmp_path / JOURNAL
    damaged = damage(file.read_bytes())
    file.write_bytes(damaged)
    check(tmp_path, doubtful=3)
    (aside,) = tmp_path.glob("journal.db.broken-*[0-9]")
    assert aside.stat().st_size == len(damaged)


@pytest.mark.parametrize("what", ["gone", "empty"])
def test_a_journal_that_is_gone_is_made_again(tmp_path: Path, what: str) -> None:
    if what == "empty":
        (tmp_path / JOURNAL).touch()
    check(tmp_path, doubtful=3)


@pytest.mark.parametrize(
    ("column", "table"), [("reply", "replies"), ("usage", "requests"), ("value", "tools")]
)
def test_a_value_that_cannot_be_read_is_damage(tmp_path: Path, column: str, table: str) -> None:
    write(tmp_path)
    with closing(sqlite3.connect(tmp_path / JOURNAL)) as connection, connection:
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE number = 2", (b"z\xa5\xa5",))
    check(tmp_path, doubtful=3)
    assert list(tmp_path.glob("journal.db.broken-*"))


@settings(max_examples=15)
@given(st.floats(0, 1))
def test_a_log_that_lost_its_end_costs_nothing(part: float) -> None:
    with TemporaryDirectory() as folder:
        journal = RunJournal(Path(folder, JOURNAL))
        for at in range(40):
            number = journal.sent(Amounts(100, 50, 1))
            journal.settled(number, Amounts(at + 3, 15, 1), "a/b", USAGES[at])
            journal.replied(f"k{at}", 0, reply(at), node="0", role="sub", is_paid=True)
        for name in (JOURNAL, f"{JOURNAL}-wal"):  # as after a kill: the log was never written into the file
            (Path(folder, "killed") / name).parent.mkdir(exist_ok=True)
            (Path(folder, "killed") / name).write_bytes(Path(folder, name).read_bytes())
        journal.close()
        log = Path(folder, "killed", f"{JOURNAL}-wal")
        log.write_bytes(log.read_bytes()[: int(part * log.stat().st_size)])
        with closing(opened_journal(Path(folder, "killed"), found=lambda: FOUND)) as again:
            assert all(again.known(f"k{at}") for at in range(40))
            paid = [usage for _, usage in again.earlier.spent if not usage.estimated]
            assert sorted(each.input_tokens for each in paid) == list(range(40))


def test_a_new_run_asks_no_trace(tmp_path: Path) -> None:
    with closing(opened_journal(tmp_path)) as journal:
        assert journal.is_kept


@pytest.mark.parametrize("found", [None, lambda: FOUND])
def test_the_journal_of_a_newer_version_is_left_as_it_is(
    tmp_path: Path, found: Callable[[], Recovered] | None
) -> None:
    write(tmp_path)
    with closing(sqlite3.connect(tmp_path / JOURNAL)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = (tmp_path / JOURNAL).read_bytes()
    with pytest.raises(TraceError, match=r"newer HARLM \(it has format 99"):
        opened_journal(tmp_path, found=found)
    assert (tmp_path / JOURNAL).read_bytes() == before
    assert not list(tmp_path.glob("*.broken-*"))


def test_without_descriptors_the_limit_is_named(tmp_path: Path) -> None:
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 1, usual[1]))
    try:
        with pytest.raises(ConfigError, match="ulimit -n"):
            opened_journal(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, usual)
    opened_journal(tmp_path).close()


def test_a_file_that_cannot_be_opened_is_named_and_left(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).mkdir()
    with pytest.raises(TraceError, match=f"the journal of run {tmp_path.name} cannot be opened"):
        opened_journal(tmp_path, found=lambda: FOUND)
    assert (tmp_path / JOURNAL).is_dir()
