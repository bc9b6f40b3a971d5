"""A run is open as long as a writer lives."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harlm.tracing.run_lock import held_closed, opened_events


def test_a_run_is_open_while_any_writer_has_it(tmp_path: Path) -> None:
    run = tmp_path / "run"
    writers = [opened_events(run, lambda: run.mkdir(exist_ok=True)) for _ in range(2)]
    for writer in writers:
        with held_closed(run) as is_closed:
            assert not is_closed
        os.close(writer)
    with held_closed(run) as is_closed:
        assert is_closed


def test_a_folder_without_events_is_closed_and_a_link_is_left_alone(tmp_path: Path) -> None:
    with held_closed(tmp_path) as is_closed:
        assert is_closed
    (tmp_path / "events.jsonl").symlink_to(tmp_path / "elsewhere")
    with held_closed(tmp_path) as is_closed:
        assert not is_closed


def test_a_run_that_is_removed_before_it_is_locked_is_made_again(tmp_path: Path) -> None:
    run, made = tmp_path / "run", 0

    def make() -> None:
        nonlocal made
        made += 1
        run.mkdir()
        if made == 1:  # another process removes it: the folder is another by the time of the lock
            run.rename(tmp_path / "removed")
            run.mkdir()
            (run / "events.jsonl").symlink_to(tmp_path / "removed" / "events.jsonl")
            (run / "events.jsonl").unlink()

    run.parent.mkdir(exist_ok=True)
    opened = opened_events(run, make)
    assert os.path.samestat(os.fstat(opened), (run / "events.jsonl").stat())
    os.close(opened)


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        opened_events(tmp_path / "missing" / "run", lambda: None)
