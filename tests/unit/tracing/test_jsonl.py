"""Stored runs: written event by event, and read back."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import msgspec
import pytest

from harlm import events
from harlm.errors import ConfigError, TraceError
from harlm.redact import Redactor
from harlm.schemas import schemas
from harlm.tracing.jsonl import JsonlSink, NoTrace, RunFolder, find_run, list_runs
from harlm.types import Answer
from tests.support import story

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
STORY = [each for each in story.STORY if not isinstance(each, events.Resumed)]  # one attempt


def stored(folder: Path, story: list[events.Event], *secrets: str) -> RunFolder:
    sink = JsonlSink(folder / RUN, Redactor(secrets))
    for event in story:
        sink.emit(msgspec.structs.replace(event, run=RUN))
    sink.close()
    return RunFolder(folder / RUN)


def test_stored_events_are_read_back(tmp_path: Path) -> None:
    run = stored(tmp_path, STORY)
    assert list(run.events()) == [msgspec.structs.replace(event, run=RUN) for event in STORY]
    assert run.record.question == STORY[0].question  # type: ignore[attr-defined] # the story begins with a question
    assert run.result is not None
    assert run.result.answer is not None


def test_every_line_has_the_envelope_and_only_its_owner_may_read(tmp_path: Path) -> None:
    run = stored(tmp_path, STORY)
    for line in (run.folder / "events.jsonl").read_text().splitlines():
        assert {"v", "seq", "ts", "run", "node", "parent", "kind"} <= json.loads(line).keys()
    assert stat.S_IMODE(run.folder.stat().st_mode) == 0o700
    for path in run.folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_long_values_are_stored_as_blobs(tmp_path: Path) -> None:
    run = stored(
        tmp_path, [events.Noted(message="x" * 10_000), events.Noted(message="x" * 10_000)][:1] + STORY
    )
    line = json.loads((run.folder / "events.jsonl").read_text().splitlines()[0])
    assert line["message"].keys() == {"blob", "bytes"}
    assert next(iter(run.events())).message == "x" * 10_000  # type: ignore[attr-defined] # it is a note


def test_secrets_are_never_written(tmp_path: Path) -> None:
    secret = "sk-abcdefghijkl"
    notes = [events.Noted(message=f"the key is {secret}"), events.Noted(message=f"{secret} " * 1000)]
    run = stored(tmp_path, [*notes, *STORY], secret)
    for path in run.folder.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path
    assert "[redacted]" in (run.folder / "events.jsonl").read_text()


def test_a_line_that_was_cut_off_is_skipped(tmp_path: Path) -> None:
    run = stored(tmp_path, STORY)
    with (run.folder / "events.jsonl").open("ab") as file:
        file.write(b'{"kind": "noted", "mess')
    assert len(list(run.events())) == len(STORY)


def test_a_failure_is_a_result(tmp_path: Path) -> None:
    run = stored(tmp_path, [STORY[0], events.Failed(error="boom", type="ModelError")])
    assert run.result is not None
    assert (run.result.error, run.result.error_type, run.result.answer) == ("boom", "ModelError", None)


def test_a_run_that_has_not_ended_has_no_result(tmp_path: Path) -> None:
    assert stored(tmp_path, STORY[:3]).result is None


def test_runs_are_found_by_the_beginning_of_their_id(tmp_path: Path) -> None:
    stored(tmp_path, STORY)
    assert list_runs(tmp_path) == [RUN]
    assert find_run(tmp_path, "last").folder.name == RUN
    assert find_run(tmp_path, RUN[:8].lower()).folder.name == RUN
    with pytest.raises(TraceError, match="no single run '01ZZ'"):
        find_run(tmp_path, "01ZZ")
    assert list_runs(tmp_path / "nothing") == []


def test_a_damaged_run_is_a_trace_error(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(TraceError, match="is not a file of a stored run"):
        RunFolder(tmp_path)
    run = stored(tmp_path, STORY)
    (run.folder / "events.jsonl").write_text('{"kind": "surprise"}\n')
    with pytest.raises(TraceError, match="cannot be read"):
        list(run.events())


def test_a_home_that_cannot_be_written_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        JsonlSink(tmp_path / "file" / RUN, Redactor([]))


def test_no_descriptor_left_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object, **__: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("harlm.tracing.jsonl.opened_events", none_left)
    with pytest.raises(ConfigError, match="close some files, or raise their limit"):
        JsonlSink(tmp_path / RUN, Redactor([]))


def test_a_sink_that_cannot_read_what_is_there_holds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(tmp_path, STORY)

    def none_left(*_: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr("harlm.tracing.jsonl._whole_lines", none_left)
        with pytest.raises(ConfigError, match="close some files"):
            JsonlSink(tmp_path / RUN, Redactor([]), is_new=False)
    JsonlSink(tmp_path / RUN, Redactor([]), is_new=False).close()  # it is not open


def test_without_a_trace_every_event_fails_with_the_reason(tmp_path: Path) -> None:
    sink = NoTrace(OSError(30, "Read-only file system"), tmp_path)
    with pytest.raises(OSError, match=f"'{tmp_path}': Read-only file system"):
        sink.emit(STORY[0])
    sink.close()


def test_stored_lines_have_the_fields_of_the_schema(tmp_path: Path) -> None:
    definitions = schemas()["event.json"]["$defs"]
    by_kind = {
        each["properties"]["kind"]["enum"][0]: each
        for each in definitions.values()
        if "kind" in each.get("properties", {})
    }
    run = stored(tmp_path, STORY)
    for line in (run.folder / "events.jsonl").read_text().splitlines():
        fields = json.loads(line)
        assert fields.keys() <= by_kind[fields["kind"]]["properties"].keys()


def test_answers_survive_the_trip_through_json() -> None:
    answer = Answer(text="x", data={"a": [1, None]}, run_id="R")
    assert msgspec.json.decode(msgspec.json.encode(answer), type=Answer) == answer


@pytest.mark.parametrize(
    ("secret", "text", "kept"),
    [
        ("  sk-with-blanks  ", "say sk-with-blanks", False),
        ('sk-"quoted"-key', 'say sk-"quoted"-key', False),
        ("ollama", "the ollama model", True),  # what servers without keys are given
        ("answer", "the answer is 7", True),
    ],
)
def test_keys_are_hidden_in_every_form_but_ordinary_words_are_not(
    tmp_path: Path, secret: str, text: str, kept: bool
) -> None:
    run = stored(tmp_path, [events.Noted(message=text), *STORY], secret)
    first = next(iter(run.events()))
    assert isinstance(first, events.Noted)
    assert (first.message == text) == kept
    assert ("[redacted]" in first.message) != kept


def test_new_folders_are_open_to_their_owner_only(tmp_path: Path) -> None:
    stored(tmp_path / "home" / "runs", STORY)
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "home" / "runs").stat().st_mode) == 0o700


# -- size --------------------------------------------------------------------------------------------------


def size_of(folder: Path) -> int:
    return sum(
        path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != "result.json"
    )


def started() -> events.Event:
    return msgspec.structs.replace(STORY[0], run=RUN, node="0")


@pytest.mark.parametrize("length", [10, 3_000, 50_000])
def test_a_trace_keeps_to_its_size_says_so_once_and_has_its_end(tmp_path: Path, length: int) -> None:
    told: list[events.Event] = []
    sink = JsonlSink(tmp_path / RUN, Redactor([]), max_bytes=1 << 20, on_cut=told.append)
    sink.emit(started())
    for number in range(20_000 if length == 10 else 1_000):
        sink.emit(events.CallFailed(call=number, error=f"{number}" + "x" * length, node="0", run=RUN))
    sink.emit(events.NodeFinished(status="ok", text="done", node="0", run=RUN))
    answer = Answer(text="the answer " * 100_000, run_id=RUN)
    sink.emit(events.Answered(answer=answer, node="0", run=RUN))
    sink.close()
    assert [type(event) for event in told] == [events.TraceCut]
    run = RunFolder(tmp_path / RUN)
    kept = list(run.events())
    assert [type(event) for event in kept[-2:]] == [events.NodeFinished, events.Answered]
    assert sum(isinstance(event, events.TraceCut) for event in kept) == 1
    assert size_of(tmp_path / RUN) - len(answer.text) < (1 << 20) + 20_000
    assert run.result is not None
    assert run.result.answer == answer


def test_equal_blobs_count_once(tmp_path: Path) -> None:
    sink = JsonlSink(tmp_path / RUN, Redactor([]), max_bytes=1 << 20)
    sink.emit(started())
    for _ in range(100):
        sink.emit(events.CellStarted(turn=1, code="x" * 50_000, node="0", run=RUN))
    sink.close()
    assert not any(isinstance(event, events.TraceCut) for event in RunFolder(tmp_path / RUN).events())


def test_a_line_that_a_full_disk_cut_off_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = JsonlSink(tmp_path / RUN, Redactor([]))
    sink.emit(started())
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        if len(data) > 20:
            return write(descriptor, data[:20])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            sink.emit(events.Noted(message="x" * 30 + "!", run=RUN))
    sink.emit(events.Noted(message="later", run=RUN))
    sink.close()
    assert [event.kind for event in RunFolder(tmp_path / RUN).events()] == ["run_started", "noted"]
