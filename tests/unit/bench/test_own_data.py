from __future__ import annotations

import json
from pathlib import Path

import pytest

from harlm.errors import ContextError
from harlm_bench import own_data, suites

ROW = {
    "context_window_id": "w1",
    "context_window_text": "2023: a line",
    "question": "How many?",
    "answer": "1",
}


@pytest.fixture
def folder() -> Path:
    place = Path("data")
    place.mkdir()
    lines = [json.dumps({"id": f"r{number}", **ROW}) for number in range(3)]
    (place / "oolong-official.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (place / "notes.txt").write_text("mine", encoding="utf-8")
    return place


def test_a_data_set_is_found_by_its_name(folder: Path) -> None:
    assert own_data.found_in(folder) == {"oolong-official": folder / "oolong-official.jsonl"}


def test_its_texts_and_questions_take_the_place_of_generated_ones(folder: Path) -> None:
    suite = own_data.with_data(suites.suite("quick"), folder, (), "")
    (load,) = suite.loads
    assert (load.task, load.windows, load.questions) == ("oolong-official", 1, 3)
    assert suite.systems == suites.suite("quick").systems
    (window,) = own_data.windows(folder, own_data.names_of(suite), "")
    assert [question.gold for question in window.questions] == ["1", "1", "1"]


def test_a_data_set_that_is_missing_is_named(folder: Path) -> None:
    with pytest.raises(ContextError, match=r"'ruler' is not in 'data', which holds oolong-official"):
        own_data.with_data(suites.suite("quick"), folder, ("ruler",), "")
    empty = Path("empty")
    empty.mkdir()
    with pytest.raises(ContextError, match=r"holds no data set; put your copies there.*oolong-official"):
        own_data.found_in(empty)
