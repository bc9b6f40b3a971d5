"""The list of runs, and which names lead to a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm.errors import TraceError
from harlm.viewer.runs import folder_of, listed
from tests.support.told_runs import BEGUN, ENDED, sink_of, stored, tell

IDS = [f"01J0000000000000000000000{digit}" for digit in "123"]


def test_runs_are_listed_newest_first_with_their_state(tmp_path: Path) -> None:
    stored(tmp_path, [*BEGUN, *ENDED], IDS[0])
    stored(tmp_path, BEGUN, IDS[1])
    sink = sink_of(tmp_path, IDS[2])
    tell(sink, BEGUN, IDS[2])
    page = listed(tmp_path)
    sink.close()
    assert [(run.run, run.state) for run in page.runs] == [
        (IDS[2], "running"),
        (IDS[1], "stopped"),
        (IDS[0], "ok"),
    ]
    assert (page.runs[2].question, page.runs[2].calls, page.runs[2].used_tokens) == ("Which?", 1, 15)
    assert (page.total, page.offset) == (3, 0)


def test_pages_and_words(tmp_path: Path) -> None:
    for run in IDS:
        stored(tmp_path, [*BEGUN, *ENDED], run)
    assert [run.run for run in listed(tmp_path, offset=1, limit=1).runs] == [IDS[1]]
    assert listed(tmp_path, "WHICH").total == 3
    assert listed(tmp_path, "which nothing").total == 0
    assert [run.run for run in listed(tmp_path, IDS[0].lower()).runs] == [IDS[0]]


def test_a_damaged_run_is_listed_and_other_folders_are_not(tmp_path: Path) -> None:
    stored(tmp_path, BEGUN, IDS[0])
    (tmp_path / IDS[0] / "run.json").write_text("{")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "run.json").write_text("{}")
    assert [(run.run, run.state) for run in listed(tmp_path).runs] == [(IDS[0], "unreadable")]
    assert listed(tmp_path / "none").total == 0


@pytest.mark.parametrize(
    "run", ["", "..", "../x", "last", "01J", IDS[0].lower(), IDS[0] + "/..", "%2e%2e", "\x00" * 26]
)
def test_only_a_whole_id_leads_to_a_folder(tmp_path: Path, run: str) -> None:
    stored(tmp_path, BEGUN, IDS[0])
    with pytest.raises(TraceError, match="no id of a run"):
        folder_of(tmp_path, run)


def test_a_link_is_no_run(tmp_path: Path) -> None:
    real = stored(tmp_path / "elsewhere", BEGUN, IDS[0])
    (tmp_path / IDS[1]).symlink_to(real)
    with pytest.raises(TraceError, match="there is no run"):
        folder_of(tmp_path, IDS[1])
    assert folder_of(tmp_path / "elsewhere", IDS[0]) == real
