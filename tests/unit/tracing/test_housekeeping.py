"""Runs are removed oldest first; never an open or a pinned one, and nothing that is no run of ours."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from harlm import events
from harlm.errors import TraceError
from harlm.journal import JOURNAL, RunJournal
from harlm.redact import Redactor
from harlm.tracing.housekeeping import Housekeeper, named_run, pin, prune, remove, stored_runs
from harlm.tracing.jsonl import JsonlSink

NAMES = [f"01ARZ3NDEKTSV4RRFFQ69G5F{at:02}".replace("I", "J") for at in range(40)]
HOLD = """
import sys
from pathlib import Path
from harlm.events import Noted
from harlm.tracing.jsonl import JsonlSink
from harlm.journal import JOURNAL, RunJournal
from harlm.redact import Redactor
sink = JsonlSink(Path(sys.argv[1]), Redactor([]))
sink.emit(Noted(message="one"))
print("open", flush=True)
sys.stdin.read()
"""


def write(runs: Path, name: str, size: int = 10_000) -> JsonlSink:
    """An open run of about ``size`` bytes."""
    sink = JsonlSink(runs / name, Redactor([]))
    sink.emit(events.Noted(run=name, message="x" * min(size, 3_000)))
    (runs / name / "blobs" / "filled").write_bytes(b"x" * max(0, size - 3_000))
    return sink


def foreign(runs: Path) -> list[Path]:
    """Things beside runs that look a little like runs, and must stay."""
    (runs / "notes").mkdir()
    (runs / "notes" / "run.json").write_text("{}")
    (runs / NAMES[30]).mkdir()  # no file of a run in it
    (runs / NAMES[30] / "mine.txt").write_text("x")
    (runs / NAMES[31]).write_text("a file")
    outside = runs.parent / "outside"
    outside.mkdir()
    (outside / "run.json").write_text("{}")
    (runs / NAMES[32]).symlink_to(outside)
    return [
        runs / "notes" / "run.json", runs / NAMES[30] / "mine.txt", runs / NAMES[31], runs / NAMES[32] / "run.json"
    ]  # fmt: skip


class Runs(RuleBasedStateMachine):
    """Runs are opened, closed, pinned and pruned in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.runs = Path(self.folder.name) / "runs"
        self.runs.mkdir()
        self.foreign = foreign(self.runs)
        self.open: dict[str, JsonlSink] = {}
        self.pinned: set[str] = set()
        self.there: set[str] = set()

    @rule(name=st.sampled_from(NAMES[:12]), size=st.integers(0, 50_000))
    def opens(self, name: str, size: int) -> None:
        if name not in self.there:
            self.open[name] = write(self.runs, name, size)
            self.there.add(name)

    @precondition(lambda self: self.open)
    @rule(at=st.integers(0, 99))
    def closes(self, at: int) -> None:
        self.open.pop(sorted(self.open)[at % len(self.open)]).close()

    @precondition(lambda self: self.there)
    @rule(at=st.integers(0, 99), is_pinned=st.booleans())
    def pins(self, at: int, is_pinned: bool) -> None:
        name = sorted(self.there)[at % len(self.there)]
        pin(named_run(self.runs, name), is_pinned=is_pinned)
        (self.pinned.add if is_pinned else self.pinned.discard)(name)

    @rule(most=st.integers(0, 200_000), dry_run=st.booleans())
    def prunes(self, most: int, dry_run: bool) -> None:
        done = prune(self.runs, most, dry_run=dry_run)
        gone = [each.folder.name for each in done.removed]
        assert gone == sorted(gone)
        assert not set(gone) & (self.pinned | set(self.open))
        if not dry_run:
            self.there -= set(gone)
            left = {each.folder.name: each.size for each in stored_runs(self.runs)}
            assert sum(left.values()) == done.left
            may_go = left.keys() - self.pinned - self.open.keys()
            assert done.left <= most or not may_go
            assert not gone or all(name > max(gone) for name in may_go)

    @invariant()
    def what_should_be_there_is_there(self) -> None:
        assert {each.folder.name for each in stored_runs(self.runs)} == self.there
        assert all(each.exists() for each in self.foreign)

    def teardown(self) -> None:
        for sink in self.open.values():
            sink.close()
        self.folder.cleanup()


TestRuns = Runs.TestCase
TestRuns.settings = settings(max_examples=300 if os.environ.get("HARLM_FUZZ") else 25, deadline=None)


def test_a_run_of_another_process_is_open_until_that_process_ends_even_if_it_is_killed(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "runs" / NAMES[0]
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        assert not remove(named_run(tmp_path / "runs", "last"))
        assert prune(tmp_path / "runs", 0).open == 1
    finally:
        holder.kill()
        holder.communicate()
    assert len(prune(tmp_path / "runs", 0).removed) == 1
    assert not folder.exists()


def test_what_an_interrupted_removal_left_goes_with_the_next(tmp_path: Path) -> None:
    write(tmp_path, NAMES[0]).close()
    (tmp_path / NAMES[0]).rename(tmp_path / f".removed-{NAMES[0]}")
    (tmp_path / ".removed-else").mkdir()
    prune(tmp_path, None)
    assert [each.name for each in tmp_path.iterdir()] == [".removed-else"]


def test_what_a_killed_import_left_goes_after_a_day(tmp_path: Path) -> None:
    for name, age in ((".import-old", 90_000), (".import-new", 3_000), ("import-mine", 90_000)):
        (tmp_path / name / "blobs").mkdir(parents=True)
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    prune(tmp_path, None)
    assert sorted(each.name for each in tmp_path.iterdir()) == [".import-new", "import-mine"]


def test_runs_are_removed_by_age(tmp_path: Path) -> None:
    write(tmp_path, NAMES[0]).close()
    started = named_run(tmp_path, "last").started
    assert prune(tmp_path, None, started_before=started).removed == []
    assert len(prune(tmp_path, None, started_before=started + 1).removed) == 1


def test_a_run_that_is_written_prunes_the_others(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    for name in NAMES[:8]:
        write(runs, name, 200_000).close()
    keeper = Housekeeper(runs, 1_000_000)
    keeper.start()
    wait_until((tmp_path / "runs.tally").exists)
    assert [each.folder.name for each in stored_runs(runs)] == NAMES[4:8]
    write(runs, NAMES[9], 200_000).close()
    keeper.wrote(300_000)
    keeper.close()
    Housekeeper(runs, 1_000_000).start()
    wait_until(lambda: len(stored_runs(runs)) <= 4)
    assert [each.folder.name for each in stored_runs(runs)] == [*NAMES[5:8], NAMES[9]]


def wait_until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.02)


@pytest.mark.parametrize("name", ["01ZZ", "", "01ARZ3"])
def test_a_name_must_name_one_run(tmp_path: Path, name: str) -> None:
    write(tmp_path, NAMES[0]).close()
    write(tmp_path, NAMES[1]).close()
    with pytest.raises(TraceError, match="no single run"):
        named_run(tmp_path, name)


def test_the_journal_of_a_run_counts_with_its_log_and_goes_with_the_run(tmp_path: Path) -> None:
    write(tmp_path, NAMES[0]).close()
    (before,) = stored_runs(tmp_path)
    journal = RunJournal(before.folder / JOURNAL)
    for at in range(50):
        journal.choose("0", f"choice {at}", "x" * 1_000)
    log = before.folder / f"{JOURNAL}-wal"
    assert log.stat().st_size > 50_000
    (open_,) = stored_runs(tmp_path)
    assert open_.size >= before.size + log.stat().st_size + (before.folder / JOURNAL).stat().st_size
    journal.close()
    (closed,) = stored_runs(tmp_path)
    assert closed.size >= before.size + 50_000
    assert remove(closed)
    assert list(tmp_path.iterdir()) == []


def test_a_run_whose_journal_is_large_is_the_one_that_goes(tmp_path: Path) -> None:
    for name in NAMES[:2]:
        write(tmp_path, name).close()
    (tmp_path / NAMES[0] / JOURNAL).write_bytes(b"x" * 900_000)
    pruned = prune(tmp_path, 500_000)
    assert [each.folder.name for each in pruned.removed] == [NAMES[0]]
    assert pruned.left < 500_000
