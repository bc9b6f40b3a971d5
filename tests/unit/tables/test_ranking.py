"""Questions for the highest and the lowest."""

from __future__ import annotations

import pytest

from harlm.tables.conditions import ConditionReader
from harlm.tables.cursor import NotPlaced
from harlm.tables.plans import Schema, SchemaColumn
from harlm.tables.ranking import best_of
from harlm.tables.words import tokens_of

TABLE = Schema(
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
