"""A run is read as far as it is written."""

from __future__ import annotations

from pathlib import Path

from harlm.events import Resumed
from harlm.viewer.lines import Damage
from harlm.viewer.reading import RunReading, warnings_of
from tests.support.told_runs import BEGUN, ENDED, call, sink_of, stored, tell


def test_a_run_is_followed_while_it_is_written(tmp_path: Path) -> None:
    sink = sink_of(tmp_path)
    tell(sink, [*BEGUN, call(1, 1, 2)[0]])
    reading = RunReading(tmp_path / "01J00000000000000000000000")
    reading.follow()
    assert (reading.is_open, reading.story.head.state) == (True, "running")
    assert [span.state for span in reading.story.whole().spans] == ["running"]
    tell(sink, [call(1, 1, 2)[1], *ENDED], first=4)
    sink.close()
    assert not reading.follow()
    assert (reading.is_open, reading.story.head.state) == (False, "ok")
    assert [span.state for span in reading.story.news().spans] == ["ok"]


def test_a_killed_run_has_stopped_and_so_has_what_it_was_doing(tmp_path: Path) -> None:
    reading = RunReading(stored(tmp_path, [*BEGUN, call(1, 1, 2)[0]]))
    reading.follow()
    story = reading.story.whole()
    assert (story.head.state, story.spans[0].state, story.nodes[0].status) == (
        "stopped",
        "stopped",
        "stopped",
    )


def test_of_a_run_that_was_taken_up_again_the_last_attempt_is_shown(tmp_path: Path) -> None:
    again = (3.0, "0", Resumed(calls=1, cost_micros=5))
    reading = RunReading(stored(tmp_path, [*BEGUN, *call(1, 1, 2), again, *BEGUN, *call(2, 4, 5), *ENDED]))
    reading.follow()
    story = reading.story.whole()
    assert (story.head.attempts, len(story.spans), story.head.answer) == (2, 1, "this one")
    assert story.spans[0].start >= 0


def test_the_answer_is_known_from_the_result_if_its_event_is_lost(tmp_path: Path) -> None:
    folder = stored(tmp_path, [*BEGUN, *ENDED])
    lines = (folder / "events.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "events.jsonl").write_bytes(b"".join(lines[:2]))
    reading = RunReading(folder)
    reading.follow()
    assert (reading.story.head.state, reading.story.head.answer) == ("ok", "this one")


def test_a_file_that_was_replaced_is_read_again(tmp_path: Path) -> None:
    folder = stored(tmp_path, [*BEGUN, *call(1, 1, 2)])
    reading = RunReading(folder)
    reading.follow()
    lines = (folder / "events.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "events.jsonl").write_bytes(b"".join(lines[:2]))
    assert reading.follow()
    assert reading.story.whole().spans == []


def test_a_folder_without_events_says_so(tmp_path: Path) -> None:
    (tmp_path / "01J00000000000000000000000").mkdir()
    reading = RunReading(tmp_path / "01J00000000000000000000000")
    reading.follow()
    assert reading.story.head.warnings == ["no events of this run can be read"]


def test_damage_is_told_in_words() -> None:
    said = " ".join(warnings_of(Damage(lines=2, unknown=1, newer=4, first="line 3: odd")))
    for words in ("format 4", "2 events are damaged", "line 3: odd", "1 events are of kinds"):
        assert words in said
    assert warnings_of(Damage()) == []
