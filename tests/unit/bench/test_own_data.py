from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from harlm.errors import ContextError
from harlm_bench import own_data, suites
from harlm_bench.cli import bench
from harlm_bench.outcomes import Result
from harlm_bench.scoring import score
from tests.unit.bench.made import EMBEDDED, header, journal, result

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


def _results(folder: Path) -> list[Result]:
    """A right answer to each question of the data set."""
    (window,) = own_data.windows(folder, ("oolong-official",), "")
    return [
        msgspec.structs.replace(
            result(task=window.task, tokens=window.tokens, question=question.id),
            window=window.id,
            digest=window.digest,
            gold=question.gold,
            score=score(question, "3"),
        )
        for question in window.questions
    ]


def test_an_audit_reads_the_data_again_or_says_that_it_did_not(folder: Path) -> None:
    suite = own_data.with_data(suites.suite("quick"), folder, (), "")
    journal(Path("a.jsonl"), _results(folder), header(EMBEDDED, suite.loads))
    alone = CliRunner().invoke(bench, ["audit", "a.jsonl"])
    assert alone.exit_code == 0, alone.output
    assert "a.jsonl: 0 results, 0 faults" in alone.stdout
    assert "3 results not audited (oolong-official)" in alone.stdout
    beside = CliRunner().invoke(bench, ["audit", "a.jsonl", "--data", "data"])
    assert beside.exit_code == 0, beside.output
    assert beside.stdout == "a.jsonl: 3 results, 0 faults\n"
    file = folder / "oolong-official.jsonl"
    file.write_text(file.read_text(encoding="utf-8").replace('"1"', '"7"', 1), encoding="utf-8")
    changed = CliRunner().invoke(bench, ["audit", "a.jsonl", "--data", "data"])
    assert "3 results, 0 faults" not in changed.stdout
    file.rename(folder / "ruler.jsonl")
    missing = CliRunner().invoke(bench, ["audit", "a.jsonl", "--data", "data"])
    assert "does not hold 'oolong-official'" in str(missing.exception)
