"""All loaders, each with rows of our own in the published form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harlm.errors import ConfigError
from harlm_bench.items import Window
from harlm_bench.loaders import LOADERS, SECRET, load
from harlm_bench.scoring import score
from tests.unit.bench.loaders.sealing import sealed

_OOLONG = [
    {
        "id": number,
        "context_window_id": number % 2,
        "context_window_text": f"Date: Jan 0{number % 2 + 1}, 2023 || User: 7 || Instance: hello",
        "question": f"Question {number}?",
        "answer": answer,
        "task": "TASK_TYPE.COUNT",
    }
    for number, answer in enumerate(["['spam']", "[3]", "[datetime.date(2023, 1, 2)]"])
]
_LONGBENCH = [
    {
        "_id": "a1",
        "domain": "Code",
        "sub_domain": "Code repo QA",
        "question": "Which?",
        "choice_A": "one",
        "choice_B": "two",
        "choice_C": "three",
        "choice_D": "four",
        "answer": "C",
        "context": "def f(): ...",
    }
]
_BROWSECOMP = {
    "query_id": "17",
    "query": "Who kept bees?",
    "answer": "Ada Ashby",
    "gold_docs": [{"docid": "d1", "text": "Ada Ashby kept bees.", "url": "u"}],
    "evidence_docs": [
        {"docid": "d1", "text": "Ada Ashby kept bees.", "url": "u"},
        {"docid": "d2", "text": "Bees.", "url": "u"},
    ],
    "negative_docs": [{"docid": "d3", "text": "Otters.", "url": "u"}],
}
_MEMORY = [
    {
        "question_id": name,
        "question_type": "multi-session",
        "question": "Where did I go?",
        "answer": "Ashby",
        "question_date": "2023/05/30",
        "haystack_dates": ["2023/05/20", "2023/05/20"],
        "haystack_sessions": [
            [{"role": "user", "content": "I went to Ashby."}],
            [{"role": "assistant", "content": "Yes."}],
        ],
    }
    for name in ("q1", "q2_abs")
]


def _windows(name: str, rows: object, folder: Path, password: str = "") -> list[Window]:
    path = folder / "rows.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return list(load(name, path, password=password))


def _sealed_row(password: str) -> dict[str, object]:
    return {
        name: value if name == "query_id" else sealed(value, password) for name, value in _BROWSECOMP.items()
    }


def test_oolong_groups_questions_by_context(tmp_path: Path) -> None:
    first, second = _windows("oolong-official", _OOLONG, tmp_path)
    assert [each.id for each in first.questions] == ["0", "2"]
    assert [
        score(each, said)
        for each, said in zip(first.questions, ("Label: spam", "Date: 2023-01-02"), strict=True)
    ] == [1, 1]
    assert score(second.questions[0], "Answer: 4") == 0.75
    assert "Jan 02" in second.text
    assert first.facts == ()


def test_longbench_lists_its_choices(tmp_path: Path) -> None:
    (window,) = _windows("longbench-v2", _LONGBENCH, tmp_path)
    (question,) = window.questions
    assert "Which?\nA) one\nB) two\nC) three\nD) four\n" in question.text
    assert (score(question, "The answer is (C)."), score(question, "B"), question.chance) == (1.0, 0.0, 0.25)


def test_an_answer_that_is_no_letter_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"row 'a1'.*not 'three'"):
        _windows("longbench-v2", [{**_LONGBENCH[0], "answer": "three"}], tmp_path)


def test_browsecomp_is_opened_in_memory_only(tmp_path: Path) -> None:
    (window,) = _windows("browsecomp-plus", [_sealed_row("secret")], tmp_path, "secret")
    assert dict(window.documents) == {"d1": "Ada Ashby kept bees.", "d2": "Bees.", "d3": "Otters."}
    assert window.is_secret
    assert window.task in SECRET
    assert score(window.questions[0], "It was Ada Ashby.") == 1.0
    assert [path.name for path in tmp_path.rglob("*")] == ["rows.json"]
    assert "Ashby" not in (tmp_path / "rows.json").read_text(encoding="utf-8")


def test_a_canary_in_the_rows_is_the_password(tmp_path: Path) -> None:
    (window,) = _windows("browsecomp-plus", [{**_sealed_row("own"), "canary": "own"}], tmp_path)
    assert window.questions[0].gold == "Ada Ashby"


@pytest.mark.parametrize(
    ("password", "said"), [("", "Give the password"), ("other", "password is another one")]
)
def test_sealed_rows_need_the_right_password(tmp_path: Path, password: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        _windows("browsecomp-plus", [_sealed_row("secret")], tmp_path, password)
    assert "query '17'" in str(caught.value)


def test_rows_in_plain_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="still sealed"):
        _windows("browsecomp-plus", [_BROWSECOMP], tmp_path, "secret")


@pytest.mark.parametrize(
    ("folder", "outputs", "answer", "right"),
    [
        ("niah_single_1", ["123"], "The number is 123.", 1.0),
        ("niah_multivalue", ["123", "456"], "123, 456", 1.0),
        ("niah_multivalue", ["123", "456"], "123", 2 / 3),
        ("qa_1", ["Ashby", "the town of Ashby"], "Ashby", 1.0),
    ],
)
def test_ruler_asks_the_last_line(
    tmp_path: Path, folder: str, outputs: list[str], answer: str, right: float
) -> None:
    path = tmp_path / folder / "validation.jsonl"
    path.parent.mkdir()
    path.write_text(
        json.dumps({"index": 0, "input": "Some text.\nMore.\nWhat is asked?\n", "outputs": outputs}),
        encoding="utf-8",
    )
    (window,) = load("ruler", path)
    (question,) = window.questions
    assert window.text == "Some text.\nMore."
    assert question.text.startswith("What is asked?")
    assert question.kind == folder
    assert score(question, answer) == pytest.approx(right)


@pytest.mark.parametrize("layout", ["qa_1/validation.jsonl", "qa_1.jsonl", "8192/QA_1/test.jsonl"])
def test_ruler_takes_the_task_of_each_row_from_its_own_file(tmp_path: Path, layout: str) -> None:
    root = tmp_path / "ruler"
    aliases = {"index": 0, "input": "Some text.\nWho?", "outputs": ["Ashby", "the town of Ashby"]}
    needles = {**aliases, "index": 1, "outputs": ["12", "34"]}
    for name, row in ((layout, aliases), ("vt/validation.jsonl", needles)):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(row), encoding="utf-8")
    found = {window.questions[0].id: window.questions[0] for window in load("ruler", root)}
    assert found["0"].kind.casefold() == "qa_1"
    assert found["1"].kind == "vt"
    assert score(found["0"], "the town of Ashby") == 1.0
    assert "separated by commas" not in found["0"].text
    assert score(found["1"], "12, 34") == 1.0
    assert score(found["1"], "12") < 1.0


def test_ruler_rows_without_a_text_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"row 0: there must be a text"):
        _windows("ruler", [{"index": 0, "input": "What?", "outputs": ["x"]}], tmp_path)


def test_longmemeval_has_a_document_for_each_session(tmp_path: Path) -> None:
    (window,) = _windows("longmemeval", _MEMORY, tmp_path)
    assert list(window.documents) == ["session 1, 2023/05/20", "session 2, 2023/05/20"]
    assert window.documents["session 1, 2023/05/20"] == "user: I went to Ashby."
    assert window.questions[0].text.startswith("Today is 2023/05/30. Where did I go?")


def test_sessions_without_dates_or_roles_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="2 sessions have 1 dates"):
        _windows("longmemeval", [{**_MEMORY[0], "haystack_dates": ["2023"]}], tmp_path)
    with pytest.raises(ConfigError, match="a 'role' and a 'content'"):
        _windows("longmemeval", [{**_MEMORY[0], "haystack_sessions": [["hello"], []]}], tmp_path)


@pytest.mark.parametrize("name", LOADERS)
def test_every_loader_names_the_columns_that_it_misses(tmp_path: Path, name: str) -> None:
    with pytest.raises(
        ConfigError, match=r"rows\.json, row 1: there is no column .*; its columns are 'shape', 'size'\."
    ):
        _windows(name, [{"shape": "round", "size": 3}], tmp_path)


def test_a_limit_ends_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f"{json.dumps(_LONGBENCH[0])}\nbroken", encoding="utf-8")
    assert len(list(load("longbench-v2", path, limit=1))) == 1


def test_an_unknown_data_set_lists_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"'squad'.*oolong-official, longbench-v2"):
        load("squad", Path("x.json"))
