"""Reading the questions of a batch: what is taken, and what is refused before anything is asked."""

from __future__ import annotations

import csv
import io
import json
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.batch.questions import BatchQuestion, questions_in, questions_of
from harlm.errors import ContextError


def written(name: str, text: str | bytes) -> Path:
    file = Path(name)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_a_line_is_an_object_or_the_question_itself() -> None:
    lines = '{"id": 7, "question": " Who? ", "mode": "direct", "team": "x"}\n\n"When?"\n'
    first, second = questions_in(written("q.jsonl", lines))
    assert first == BatchQuestion(id="7", question="Who?", mode="direct", given={"team": "x"})
    assert second == BatchQuestion(id="3", question="When?"), "without an id, the number of the row is one"


@pytest.mark.parametrize(("name", "separator"), [("q.csv", ","), ("q.csv", ";"), ("q.tsv", "\t")])
def test_a_table_has_a_column_of_questions(name: str, separator: str) -> None:
    rows = [
        ["id", "question", "schema", "team"],
        ["a", 'Who, "exactly";\nand when?', '{"type": "integer"}', "x"],
        ["b", "Why?", "", ""],
    ]
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    first, second = questions_in(written(name, "\ufeff" + text.getvalue()))
    assert first.question == 'Who, "exactly";\nand when?'
    assert (first.schema, first.given) == ({"type": "integer"}, {"team": "x"})
    assert (second.id, second.question, second.schema) == ("b", "Why?", None)


def test_all_are_checked_before_the_first_is_asked_and_wrong_rows_are_named() -> None:
    lines = [
        '"Who?"',
        "{}",
        '{"question": 3}',
        '{"question": " "}',
        '{"id": "1", "question": "When?"}',
        '{"id": [], "question": "x"}',
    ]
    lines += ['{"question": "x", "mode": "loud"}', '{"question": "x", "schema": 3}']
    with pytest.raises(ContextError) as caught:
        questions_in(written("q.jsonl", "\n".join(lines)))
    said = str(caught.value)
    assert (
        "7 rows are no question in q.jsonl: row 2: it has no field question, but nothing; row 3: the question is of type int"
        in said
    )
    assert "row 5: the id '1' is that of an earlier row" in said
    assert "and 2 more" in said
    assert "nothing was asked" in said


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("q.jsonl", "", "there is no question in q.jsonl"),
        ("q.jsonl", '"Who?"\n{"question": ', "row 2 of q.jsonl is not JSON"),
        ("q.jsonl", "[" * 100_000, "row 1 of q.jsonl is not JSON"),
        ("q.jsonl", b'"caf\xe9?"', "q.jsonl is not in UTF-8"),
        ("q.csv", "id,text\n1,Who?\n", "q.csv has no column question; its first row is 'id', 'text'"),
        ("q.csv", "question\nWho, exactly?\n", "row 2 of q.csv has 2 fields, and the first row names 1"),
        ("q.csv", 'question\n"Who?', "is no row of a table"),
        ("q.csv", "question,schema\nWho?,{\n", "row 2: its schema is a str"),
        ("q.csv", "", "q.csv has no column question; its first row is empty"),
    ],
)
def test_a_file_that_holds_no_questions_is_named(name: str, data: str | bytes, said: str) -> None:
    with pytest.raises(ContextError) as caught:
        questions_in(written(name, data))
    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ContextError, match=r"nowhere.jsonl cannot be read \(No such file"):
        questions_in(Path("nowhere.jsonl"))


def test_a_file_that_changes_meanwhile_is_noticed() -> None:
    file = written("q.jsonl", '"Who?"\n"When?"\n')
    questions = questions_in(file)
    written("q.jsonl", '"Who?"\n"Why?"\n')
    with pytest.raises(ContextError, match=r"row 2 of q.jsonl has changed while the batch runs"):
        list(questions)


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip),
        min_size=1,
        max_size=8,
    )
)
def test_what_is_given_as_a_value_or_written_in_any_form_is_asked(texts: list[str]) -> None:
    as_lines = written("q.jsonl", "\n".join(map(json.dumps, texts)))
    table = io.StringIO()
    csv.writer(table).writerows([["question"], *([text] for text in texts)])
    as_table = written("q.csv", table.getvalue())
    wanted = [text.strip() for text in texts]
    assert [each.question for each in questions_of(texts)] == wanted
    assert [each.question for each in questions_in(as_lines)] == wanted
    assert [each.question.replace("\r\n", "\n") for each in questions_in(as_table)] == [
        each.replace("\r\n", "\n") for each in wanted
    ]


def test_questions_of_a_pipe_are_read_once_and_kept(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=('"Who?"\n"When?"\n',))
    writer.start()
    asked = questions_in(pipe)
    writer.join()
    assert [[each.question for each in asked] for _ in range(2)] == [["Who?", "When?"]] * 2


def test_rows_that_vanish_while_the_batch_runs_end_it(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text('"Who?"\n"When?"\n', "utf-8")
    asked = questions_in(file)
    file.write_text('"Who?"\n', "utf-8")
    with pytest.raises(ContextError, match="has lost 1 rows"):
        list(asked)


@pytest.mark.parametrize(
    "row", [{"question": "Who?", "note": "\ud800"}, {"question": "Who?", "at": object()}]
)
def test_what_no_result_can_repeat_is_refused_before_anything_is_asked(row: dict[str, object]) -> None:
    with pytest.raises(ContextError, match="cannot be repeated in a result"):
        questions_of([row])


def test_a_column_that_is_named_twice_is_refused() -> None:
    with pytest.raises(ContextError, match="names the column 'question' twice"):
        questions_in(written("q.csv", "question,id,question\nWho?,1,When?\n"))
