"""The functions about tables that run in the sandbox."""

from __future__ import annotations

import json

import pytest

from harlm.guest.tables import tables_in
from harlm.models.offline import table_functions as functions
from harlm.models.offline.running import named_text

TABLE = tables_in(named_text("t.csv", "name,qty\nNew York,3\nOslo,1\nOslo,\n"))[0]


@pytest.mark.parametrize(
    ("value", "operator", "wanted", "meets"),
    [
        ("North", "=", ("north",), True),
        (" north ", "=", ("south", "north"), True),
        (5, "=", (5,), True),
        (5, ">", (5,), False),
        (5, ">=", (5,), True),
        (5, "<", (6,), True),
        (5, "<=", (4,), False),
        (5, "between", (1, 5), True),
        ("Northwest", "contains", ("west",), True),
        ("Northwest", "starts", ("north",), True),
        ("Northwest", "ends", ("north",), False),
        (None, "empty", (), True),
        (None, "=", ("",), False),
        ("2024-03-01T10:00:00", "=", ("2024-03-01..2024-03-01",), True),
        ("2024-03-01T10:00:00", ">", ("2024-03-01",), False),
        ("2024-03-02", ">", ("2024-03-01",), True),
    ],
)
def test_values_meet_conditions(
    value: object, operator: str, wanted: tuple[object, ...], meets: bool
) -> None:
    assert functions.meets(value, operator, *wanted) is meets


def test_a_row_contains_whole_words() -> None:
    assert functions.row_meets(TABLE.rows[0], "contains", "york")
    assert not functions.row_meets(TABLE.rows[0], "contains", "yor")
    assert functions.row_meets(TABLE.rows[0], "starts", "new")
    assert functions.row_meets(TABLE.rows[0], "ends", "3")


@pytest.mark.parametrize(
    ("value", "said"),
    [(2.0, "2"), (0.1 + 0.2, "0.3"), (1 / 3, "0.3333"), (7, "7"), (True, "yes"), ("x", "x"), (0.0, "0")],
)
def test_values_are_said_plainly(value: object, said: str) -> None:
    assert functions.plain(value) == said


def test_computations() -> None:
    values = [1, 2, 3, 10]
    assert [functions.computed(name, values) for name in ("sum", "mean", "median", "max", "min")] == [
        16,
        4,
        2.5,
        10,
        1,
    ]
    assert functions.computed("sum", [0.1] * 10) == 1.0
    assert functions.computed("median", [3, 1, 2]) == 2


def test_groups_and_ranks() -> None:
    assert {name: len(rows) for name, rows in functions.grouped(TABLE.rows, "name").items()} == {
        "New York": 1,
        "Oslo": 2,
    }
    assert functions.distinct(TABLE.rows, "qty") == ["3", "1"]
    assert functions.highest([(1, "a"), (3, "b"), (3, "c")], True, 1) == [(3, "b"), (3, "c")]


def test_columns_are_described_with_the_values_that_a_question_names() -> None:
    said = json.loads(functions.described_tables([TABLE], "How many rows are in New York?", 9_000))
    name, qty = said["tables"][0]["columns"]
    assert (name["values"], name["unique"], qty["kind"]) == (["New York"], False, "number")
    assert (said["documents"], said["more"]) == (1, 0)


def test_the_description_keeps_its_limit() -> None:
    said = functions.described_tables([TABLE] * 60, "x", 2_000)
    assert len(said) <= 2_000
    assert json.loads(said)["more"] > 20


def test_an_answer_names_places() -> None:
    answer = functions.told("1", "what", TABLE.rows, ["a note"], 1)
    assert answer.split("\n") == [
        "1",
        "",
        "what",
        '- New York,3 [t.csv:2 "New York,3"]',
        "- and 2 more rows",
        "Note: a note.",
    ]
