"""Questions for the highest and the lowest."""

from __future__ import annotations

import pytest

from harlm.guest.tables.questions.conditions import ConditionReader
from harlm.guest.tables.questions.cursor import NotPlaced
from harlm.guest.tables.questions.plans import SchemaColumn, TableSchema
from harlm.guest.tables.questions.ranking import best_of, most_common
from harlm.guest.tables.questions.words import tokens_of

TABLE = TableSchema(
    0,
    "t.csv",
    9,
    (
        SchemaColumn("region", "text", values=("North",)),
        SchemaColumn("item", "text"),
        SchemaColumn("price", "number"),
    ),
)


@pytest.mark.parametrize(
    ("question", "label", "most", "limit", "group", "measure"),
    [
        ("Which item has the highest price?", "item", True, 1, None, ""),
        ("Which row has the lowest price?", "item", False, 1, None, ""),
        ("What is the cheapest item?", "item", False, 1, None, ""),
        ("Which item is the most expensive?", "item", True, 1, None, ""),
        ("Top 3 items by price", "item", True, 3, None, ""),
        ("Which region has the highest average price?", None, True, 1, "region", "mean"),
        ("Which region has the fewest rows?", None, False, 1, "region", "count"),
    ],
)
def test_rankings(
    question: str, label: str | None, most: bool, limit: int, group: str | None, measure: str
) -> None:
    plan = best_of(ConditionReader(tokens_of(question), TABLE))
    assert plan is not None
    assert (plan.label, plan.most, plan.limit, plan.group, plan.measure) == (
        label,
        most,
        limit,
        group,
        measure,
    )


def test_a_condition_may_stand_before_the_superlative() -> None:
    plan = best_of(ConditionReader(tokens_of("Which item in the North has the highest price?"), TABLE))
    assert plan is not None
    assert str(plan.where) == "region = North"


@pytest.mark.parametrize(
    "question", ["Which item is red?", "Which line has the most stops?", "How many rows?", "What is it?"]
)
def test_other_questions(question: str) -> None:
    assert best_of(ConditionReader(tokens_of(question), TABLE)) is None


@pytest.mark.parametrize(
    "question",
    ["Which item has the highest weight?", "Which item has the highest region?", "Top items by price"],
)
def test_what_cannot_be_ranked_is_refused(question: str) -> None:
    with pytest.raises(NotPlaced):
        best_of(ConditionReader(tokens_of(question), TABLE))


@pytest.mark.parametrize(
    ("question", "most", "limit"),
    [
        ("Which 3 values of the column region occur in the most rows?", True, 3),
        ("Which region occurs most often?", True, 1),
        ("Which region appears in the fewest rows?", False, 1),
        ("What is the most common region?", True, 1),
        ("What are the two least frequent values of region?", False, 2),
    ],
)
def test_the_most_common_values(question: str, most: bool, limit: int) -> None:
    plan = most_common(ConditionReader(tokens_of(question), TABLE))
    assert plan is not None
    assert (plan.action, plan.group, plan.measure, plan.most, plan.limit) == (
        "best",
        "region",
        "count",
        most,
        limit,
    )


@pytest.mark.parametrize("question", ["Which region has the highest price?", "What is the price of nut?", "Which towns occur most often?"])  # fmt: skip
def test_questions_for_something_else_than_common_values(question: str) -> None:
    assert most_common(ConditionReader(tokens_of(question), TABLE)) is None


@pytest.mark.parametrize(("question", "measure"), [("Which region has the most orders?", "count"), ("Which region has the most qty?", "sum")])  # fmt: skip
def test_rows_are_counted_by_the_column_that_names_them_and_numbers_are_added(
    question: str, measure: str
) -> None:
    orders = (SchemaColumn("order", "number", is_unique=True), SchemaColumn("region", "text"), SchemaColumn("qty", "number"))  # fmt: skip
    plan = best_of(ConditionReader(tokens_of(question), TableSchema(0, "orders.csv", 9, orders)))
    assert plan is not None
    assert (plan.group, plan.measure) == ("region", measure)
