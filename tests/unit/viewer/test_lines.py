"""Events are read line by line, and damage is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm.errors import TraceError
from harlm.events import CallFinished, CallStarted, CellStarted, Resumed
from harlm.viewer.lines import LineReader, blob_of, latest_attempt, read_blob, stored_fields
from tests.support.told_runs import BEGUN, ENDED, call, stored, usage

LONG = "x" * 10_000


def test_lines_are_read_once_and_in_order(tmp_path: Path) -> None:
    reader = LineReader(stored(tmp_path, [*BEGUN, *call(1, 1, 2), *ENDED]))
    kinds = [line.event.kind for line in reader.lines()]
    assert kinds == [
        "run_started",
        "node_started",
        "call_started",
        "call_finished",
        "node_finished",
        "answer",
    ]
    assert list(reader.lines()) == []
    assert (reader.read_to, reader.number) == (reader.size(), 6)


def test_a_line_that_is_still_written_waits_for_its_rest(tmp_path: Path) -> None:
    folder = stored(tmp_path, [*BEGUN, *call(1, 1, 2)])
    file = folder / "events.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    reader = LineReader(folder)
    assert len(list(reader.lines())) == 3
    file.write_bytes(whole)
    (last,) = reader.lines()
    assert isinstance(last.event, CallFinished)
    assert reader.damage.lines == 0


def test_long_texts_stay_where_they_are_and_what_shows_is_read(tmp_path: Path) -> None:
    long_code = (1.0, "0", CellStarted(turn=1, code=LONG))
    folder = stored(tmp_path, [*BEGUN, long_code])
    *_, line = LineReader(folder).lines()
    assert isinstance(line.event, CellStarted)
    assert (line.event.code, line.blobs["code"]) == ("", 10_002)
    ((_, fields),) = stored_fields(folder, {3: line.at})
    there = blob_of(fields["code"])
    assert there is not None
    assert read_blob(folder, there[0]) == LONG


def test_damage_is_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    folder = stored(tmp_path, [*BEGUN, *call(1, 1, 2)])
    file = folder / "events.jsonl"
    first, second, third, fourth = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(
        first
        + b"{not json}\n"
        + second.replace(b'"v":1', b'"v":9').replace(b"node_started", b"flown")
        + b"[1]\n"
        + third
        + fourth
    )
    reader = LineReader(folder)
    assert [line.event.kind for line in reader.lines()] == ["run_started", "call_started", "call_finished"]
    damage = reader.damage
    assert (damage.lines, damage.unknown, damage.newer) == (2, 1, 9)
    assert damage.first.startswith("line 2: ")


def test_a_line_without_an_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    folder = stored(tmp_path, BEGUN)
    with (folder / "events.jsonl").open("ab") as file:
        for _ in range(10):
            file.write(b"x" * (1 << 20))
    reader = LineReader(folder)
    assert len(list(reader.lines())) == 2
    assert reader.damage.lines == 1


def test_a_blob_that_is_gone_damages_one_event(tmp_path: Path) -> None:
    many = tuple(event for _, _, event in call(1, 1, 2, text=LONG))
    folder = stored(tmp_path, [*BEGUN, (1, "0", many[0]), (2, "0", many[1])])
    for blob in (folder / "blobs").iterdir():
        blob.unlink()
    assert len(list(LineReader(folder).lines())) == 4  # texts are not read
    assert isinstance(many[0], CallStarted)


@pytest.mark.parametrize("name", ["../run.json", "..%2frun.json", "a" * 31, "A" * 32, "", "/etc/passwd"])
def test_no_other_name_leads_to_a_file(tmp_path: Path, name: str) -> None:
    folder = stored(tmp_path, BEGUN)
    with pytest.raises(TraceError, match="no name of a blob"):
        read_blob(folder, name)


def test_links_are_not_followed(tmp_path: Path) -> None:
    folder = stored(tmp_path, BEGUN)
    (tmp_path / "secret").write_text('"secret"')
    (folder / "blobs" / ("a" * 32)).symlink_to(tmp_path / "secret")
    with pytest.raises(TraceError, match="cannot be read"):
        read_blob(folder, "a" * 32)


def test_what_looks_like_a_reference_is_one_only_if_it_is() -> None:
    assert blob_of({"blob": "a" * 32, "bytes": 3}) == ("a" * 32, 3)
    others: list[object] = [
        {"blob": "x", "bytes": 3},
        {"blob": 1, "bytes": 3},
        {"blob": "a" * 32},
        "text",
        None,
        [],
    ]
    for value in others:
        assert blob_of(value) is None


def test_attempts_are_counted(tmp_path: Path) -> None:
    again = (3.0, "0", Resumed(calls=1, cost_micros=5))
    folder = stored(tmp_path, [*BEGUN, again, *BEGUN])
    at, attempts = latest_attempt(folder)
    assert attempts == 1
    assert (folder / "events.jsonl").read_bytes()[at:].startswith(b'{"kind":"resumed"')
    assert latest_attempt(tmp_path / "none") == (0, 0)
    assert usage().calls == 1
