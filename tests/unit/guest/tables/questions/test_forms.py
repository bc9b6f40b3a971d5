"""Which table a question is about, and what it asks for. Answers are tested with ``asking``."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.tables.questions import (
    NotPlaced,
    SchemaColumn,
    TableSchema,
    asks_rows,
    computes,
    read_question,
)

STOCK = TableSchema(
    0, "stock.csv", 4, (SchemaColumn("item", "text", is_unique=True), SchemaColumn("qty", "number"))
)
TOWNS = TableSchema(
    1, "towns.csv", 4, (SchemaColumn("town", "text", is_unique=True), SchemaColumn("people", "number"))
)
MORE = TableSchema(2, "more.csv", 4, STOCK.columns)


def tables(question: str, *schemas: TableSchema) -> list[str]:
    plan = read_question(question, schemas, only_tables=True)
    assert plan is not None
    return [name for _, name in plan.tables]


def test_the_table_whose_columns_fit_is_taken() -> None:
    assert tables("What is the total qty?", STOCK, TOWNS) == ["stock.csv"]
    assert tables("Which town has the most people?", STOCK, TOWNS) == ["towns.csv"]
    assert tables("What is the total qty?", STOCK, MORE) == ["stock.csv", "more.csv"]
    assert tables("What is the total qty in more.csv?", STOCK, MORE) == ["more.csv"]


def test_several_tables_that_fit_are_named() -> None:
    with pytest.raises(NotPlaced, match=r"2 tables fit: stock\.csv, towns\.csv; name one"):
        read_question("How many rows are there?", [STOCK, TOWNS], only_tables=True)
    with pytest.raises(NotPlaced, match=r"no column 'colour'.*2 tables: stock\.csv, towns\.csv"):
        read_question("How many rows have colour = red?", [STOCK, TOWNS], only_tables=False)


def test_a_fact_in_a_text_beside_the_tables_is_looked_up() -> None:
    assert read_question("How many people live in Lisbon?", [STOCK], only_tables=False) is None
    with pytest.raises(NotPlaced):
        read_question("How many people live in Lisbon?", [STOCK], only_tables=True)


def test_without_a_table_nothing_is_computed() -> None:
    assert read_question("How many rows are there?", [], only_tables=True) is None


@pytest.mark.parametrize(
    ("question", "rows", "may"),
    [
        ("How many rows have qty > 5?", True, True),
        ("How many files are there?", False, True),
        ("When was it built?", False, False),
    ],
)
def test_what_a_question_asks_for(question: str, rows: bool, may: bool) -> None:
    assert asks_rows(question) is rows
    assert computes(question) is may


@pytest.mark.parametrize(
    ("question", "action", "column", "group"),
    [
        ("In how many rows holds: qty > 5?", "count", None, None),
        ("What is the sum of the column qty over the rows in which holds: qty > 5?", "sum", "qty", None),
        ("What is the largest value of the column qty in the rows in which holds: qty > 5?", "max", "qty", None),
        ("Which item has the largest sum of the column qty over the rows in which holds: qty > 5?", "best", "qty", "item"),
        ("Which 2 values of the column item occur in the most rows in which holds: qty > 5?", "best", None, "item"),
        ("How many different values of the column item stand in the rows in which holds: qty > 5?", "distinct", "item", None),
        ("What stands in the column item of the row in which holds: qty > 5?", "list", "item", None),
    ],
)  # fmt: skip
def test_questions_about_the_rows_in_which_something_holds(
    question: str, action: str, column: str | None, group: str | None
) -> None:
    plan = read_question(question, [STOCK], only_tables=True)
    assert plan is not None
    assert (plan.action, plan.column, plan.group, str(plan.where)) == (action, column, group, "qty > 5")


def test_the_first_row_of_each_group_is_refused() -> None:
    with pytest.raises(NotPlaced, match="first row of each group"):
        read_question("List the first row per item", [STOCK], only_tables=True)


WORDS = "how many what is the total average which item has highest lowest qty rows top 3 per by in list distinct are there > 5 of North expensive cheapest ?"


@given(st.lists(st.sampled_from(WORDS.split(" ")), max_size=10).map(" ".join) | st.text(max_size=40))
def test_any_question_has_a_plan_or_none_or_is_refused(question: str) -> None:
    try:
        plan = read_question(question, [STOCK], only_tables=True)
    except NotPlaced as refusal:
        assert str(refusal)  # noqa: PT017 - it may be refused or not
    else:
        assert plan is None or plan.tables == ((0, "stock.csv"),)
