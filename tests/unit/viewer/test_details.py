"""Texts of one event, long texts, and search."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from harlm.errors import TraceError
from harlm.events import CellStarted
from harlm.viewer.details import blob, event_with_texts, find_words
from harlm.viewer.lines import LineReader
from tests.support.told_runs import BEGUN, Told, call, stored

LONG = "start " + "x" * 300_000 + " needle"


def offsets_of(folder: Path) -> dict[int, int]:
    return {line.event.seq: line.at for line in LineReader(folder).lines()}


def test_an_event_is_told_with_references_to_its_long_texts(tmp_path: Path) -> None:
    code: Told = (1, "0", CellStarted(turn=1, code=LONG))
    folder = stored(tmp_path, [*BEGUN, *call(1, 1, 2), code])
    offsets = offsets_of(folder)
    assert event_with_texts(folder, 4, offsets[4])["text"] == "reply"
    reference = cast("dict[str, object]", event_with_texts(folder, 5, offsets[5])["code"])
    text = cast("str", blob(folder, str(reference["blob"]))["value"])
    assert text.startswith("start xxx")
    assert text.endswith("more characters)")
    assert len(text) < 201_000


def test_words_are_found_in_prompts_replies_code_and_long_texts(tmp_path: Path) -> None:
    code: Told = (1, "0", CellStarted(turn=1, code=LONG))
    folder = stored(tmp_path, [*BEGUN, *call(1, 1, 2, text="It is HERE, is it?"), code])
    offsets = offsets_of(folder)
    (found,) = find_words(folder, offsets, "here").found
    assert (found.seq, found.field, found.before, found.words, found.after) == (
        4,
        "text",
        "It is ",
        "HERE",
        ", is it?",
    )
    assert [(each.seq, each.field) for each in find_words(folder, offsets, "needle").found] == [(5, "code")]
    assert [each.field for each in find_words(folder, offsets, "prompt 1").found] == ["messages"]
    assert find_words(folder, offsets, " ").found == []
    assert find_words(folder, offsets, ".*").found == []  # words, not patterns


def test_many_places_are_cut(tmp_path: Path) -> None:
    calls = [each for number in range(600) for each in call(number, 1, 2)]
    folder = stored(tmp_path, [*BEGUN, *calls])
    found = find_words(folder, offsets_of(folder), "reply")
    assert (len(found.found), found.is_cut) == (500, True)


def test_an_offset_in_the_middle_of_a_line_is_no_event(tmp_path: Path) -> None:
    folder = stored(tmp_path, BEGUN)
    with pytest.raises(TraceError, match="event 7 cannot be read"):
        event_with_texts(folder, 7, 3)
