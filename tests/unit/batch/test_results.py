"""The file of results: what it keeps, and what a later attempt learns from it."""

from __future__ import annotations

import codecs
import json
import os
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harlm.batch.questions import questions_of
from harlm.batch.results import BatchResults, begun_file
from harlm.batch.rows import BatchRow
from harlm.errors import ConfigError
from harlm.executors.runs import RunFailure
from harlm.types import Amounts

QUESTIONS = questions_of([{"id": name, "question": f"{name}?"} for name in "abcd"])
FILE = Path("r.jsonl")
FAILED = RunFailure(kind="CostLimit", message="spent", limit="usd")


def ended(name: str, status: str = "ok", run: str = "") -> BatchRow:
    error = None if status in ("ok", "not_found") else FAILED
    return BatchRow(
        id=name, question=f"{name}?", status=status, cost_usd=0.5, tokens=10, calls=2, error=error, run=run
    )


def lines() -> list[dict[str, object]]:
    return [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]


def test_a_later_attempt_knows_what_has_its_answer_and_what_had_begun() -> None:
    a, b, c, d = QUESTIONS
    with closing(BatchResults(FILE, QUESTIONS)) as results:
        for question, run in ((a, "RA"), (b, "RB"), (c, "RC")):
            results.begin(question, run)
        results.add(ended("a", run="RA"))
        results.add(ended("b", "failed", run="RB"))
    with closing(BatchResults(FILE, QUESTIONS)) as again:
        assert again.answered == {"a"}
        assert again.runs == {"b": "RB", "c": "RC"}
        assert again.paid == Amounts(10, 500_000, 2)
        assert [each["id"] for each in lines()] == ["a"], (
            "what has no answer is asked again, and has one row in the end"
        )
        for name in "bcd":
            again.add(ended(name, "not_found"))
    assert sorted(str(each["id"]) for each in lines()) == ["a", "b", "c", "d"]
    assert not begun_file(FILE).exists(), "once all are answered, only the results are left"
    assert d.id == "d"


@settings(max_examples=25)
@given(cut=st.integers(0, 400))
def test_wherever_the_process_ends_whole_rows_are_kept(cut: int) -> None:
    FILE.unlink(missing_ok=True)
    with closing(BatchResults(FILE, QUESTIONS)) as results:
        results.add(ended("a"))
        results.add(ended("b"))
    whole = FILE.read_bytes()
    FILE.write_bytes(whole[:cut])
    kept = sum(cut >= len(whole) // 2 * count - 1 for count in (1, 2))  # the line end need not be there
    with closing(BatchResults(FILE, QUESTIONS)) as again:
        assert len(again.answered) == kept
        again.add(ended("c"))
    assert len(lines()) == kept + 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            '{"id": "z", "question": "z?", "status": "ok"}',
            "the results of another batch: its question 'z' is not in the list of questions",
        ),
        (
            '{"id": "a", "question": "b?", "status": "ok"}',
            "its question 'a' is 'b?', and the list of questions has another one under this id",
        ),
        (
            '{"id": "a", "question": "a?", "status": "ok", "documents": "other"}',
            "holds answers over other documents",
        ),
        ('{"no": "row"}', "line 1 of r.jsonl is no result of a batch"),
        ("nonsense", "line 1 of r.jsonl is no result of a batch"),
    ],
)
def test_a_file_of_another_batch_is_left_alone(line: str, said: str) -> None:
    FILE.write_text(line + "\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        BatchResults(FILE, QUESTIONS, "these")
    assert said in str(caught.value)
    assert "name another file with -o" in str(caught.value)
    assert FILE.read_text("utf-8") == line + "\n"


def test_a_file_is_written_by_one_batch_at_a_time() -> None:
    with (
        closing(BatchResults(FILE, QUESTIONS)),
        pytest.raises(ConfigError, match=r"another batch writes its results to r\.jsonl"),
    ):
        BatchResults(FILE, QUESTIONS)
    BatchResults(FILE, QUESTIONS).close()


def test_it_is_still_locked_after_rows_were_removed() -> None:
    with closing(BatchResults(FILE, QUESTIONS)) as results:
        results.add(ended("a", "failed"))
    with closing(BatchResults(FILE, QUESTIONS)), pytest.raises(ConfigError, match="another batch writes"):
        BatchResults(FILE, QUESTIONS)


def test_a_place_that_cannot_be_written_is_named() -> None:
    Path("taken").write_text("a file")
    with pytest.raises(
        ConfigError,
        match=r"the results cannot be written to taken/r.jsonl \((File exists|Not a directory): taken\)",
    ):
        BatchResults(Path("taken/r.jsonl"), QUESTIONS)


def test_without_a_file_what_is_known_is_known_to_this_attempt() -> None:
    with closing(BatchResults(None, QUESTIONS)) as results:
        results.begin(next(iter(QUESTIONS)), "RA")
        assert results.runs == {"a": "RA"}
        results.add(ended("a"))
        assert (results.answered, results.runs) == ({"a"}, {})


def test_a_pipe_or_a_device_takes_no_results() -> None:
    os.mkfifo("pipe")
    for name in ("pipe", "/dev/null"):
        with pytest.raises(ConfigError, match=f"{name} is no regular file"):
            BatchResults(Path(name), QUESTIONS)


def test_who_waited_for_a_file_that_was_replaced_takes_the_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    FILE.write_text("", "utf-8")
    lock = BatchResults._lock

    def replaced(results: BatchResults, file: Path) -> None:
        lock(results, file)
        monkeypatch.setattr(BatchResults, "_lock", lock)
        Path("new").write_text("", "utf-8")
        Path("new").replace(file)  # what an attempt that ended in between has done

    monkeypatch.setattr(BatchResults, "_lock", replaced)
    with closing(BatchResults(FILE, QUESTIONS)) as results:
        results.add(ended("a"))
    assert [line["id"] for line in lines()] == ["a"]


def test_what_rows_without_an_answer_have_spent_is_known() -> None:
    with closing(BatchResults(FILE, QUESTIONS)) as results:
        results.add(ended("b", "failed", run="RB"))
    with closing(BatchResults(FILE, QUESTIONS)) as results:
        assert results.spent == {"b": Amounts(10, 500_000, 2)}


def test_a_file_that_an_editor_has_saved_is_understood() -> None:
    with closing(BatchResults(FILE, QUESTIONS)) as results:
        results.add(ended("a"))
        results.add(ended("b"))
    first, second = FILE.read_bytes().splitlines()
    FILE.write_bytes(codecs.BOM_UTF8 + first + b"\n\n" + second)  # a blank line, and no line end
    with closing(BatchResults(FILE, QUESTIONS)) as results:
        assert results.answered == {"a", "b"}
        results.add(ended("c"))
    assert [line["id"] for line in lines()] == ["a", "b", "c"]


def test_a_link_stays_one_and_a_mode_what_it_was() -> None:
    target = Path("elsewhere.jsonl")
    with closing(BatchResults(target, QUESTIONS)) as results:
        results.add(ended("a", "failed"))
    target.chmod(0o644)
    FILE.symlink_to(target)
    with closing(BatchResults(FILE, QUESTIONS)) as results:  # written again, without that row
        results.add(ended("a"))
    assert FILE.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o644
    assert [line["id"] for line in lines()] == ["a"]
