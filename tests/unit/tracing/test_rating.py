"""The user's rating of a stored run."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from harlm import events
from harlm.errors import TraceError
from harlm.events import Answered, Judged
from harlm.redact import Redactor
from harlm.tracing.jsonl import JsonlSink, RunFolder, list_runs
from harlm.tracing.rating import judged_in, rate, rating_of
from harlm.types import Confidence
from tests.support.story import STORY

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def stored(folder: Path, story: list[events.Event]) -> RunFolder:
    sink = JsonlSink(folder / RUN, Redactor(()))
    for event in story:
        sink.emit(msgspec.structs.replace(event, run=RUN))
    sink.close()
    return RunFolder(folder / RUN)


def test_a_rating_is_kept_with_the_run_and_a_later_one_replaces_it(tmp_path: Path) -> None:
    folder = stored(tmp_path, STORY).folder
    assert rating_of(folder) is None
    for is_good in (True, False, False, True):
        rate(folder, is_good=is_good)
        assert rating_of(folder) is is_good
    assert list_runs(tmp_path) == [RUN]
    assert RunFolder(folder).result is not None


def test_what_is_no_rating_counts_as_none(tmp_path: Path) -> None:
    table = {
        b"good": True,
        b"bad\n": False,
        b" good ": True,
        b"": None,
        b"goodness": None,
        b"GOOD": None,
        b"\xff\xfe": None,
        b"x" * 100_000: None,
    }
    found = {}
    for data in table:
        (tmp_path / "rating").write_bytes(data)
        found[data] = rating_of(tmp_path)
    assert found == table
    assert rating_of(tmp_path / "none") is None
    (tmp_path / "run" / "rating").mkdir(parents=True)
    assert rating_of(tmp_path / "run") is None


def test_a_run_that_cannot_be_rated_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=f"run {RUN} cannot be rated .*check its folder"):
        rate(tmp_path / RUN, is_good=True)


def test_the_judgement_of_the_attempt_that_gave_the_answer_counts(tmp_path: Path) -> None:
    first = Judged(model="m", mode="direct", confidence=Confidence(), corpus="c", features={"fit": 0.5})
    doubtful = Judged(model="m", mode="full", confidence=Confidence(), corpus="c")
    answers = [each for each in STORY if isinstance(each, Answered)]
    assert [each.answer.mode for each in answers] == ["direct"]
    story = [each for each in STORY if not isinstance(each, Judged)]
    found = judged_in(stored(tmp_path, [*story, first, doubtful]))
    assert found is not None
    assert (found.mode, found.features) == ("direct", {"fit": 0.5})
    unfinished = [each for each in story if not isinstance(each, Answered)]
    last = judged_in(stored(tmp_path / "killed", [*unfinished, first, doubtful]))
    assert last is not None
    assert last.mode == "full", "without an answer the last attempt is all there is"


def test_a_run_without_an_answer_has_no_judgement(tmp_path: Path) -> None:
    assert judged_in(stored(tmp_path, STORY[:1])) is None


def test_a_damaged_run_is_an_error(tmp_path: Path) -> None:
    run = stored(tmp_path, STORY)
    (run.folder / "events.jsonl").write_bytes(b"{}\n")
    with pytest.raises(TraceError, match="cannot be read"):
        judged_in(run)
