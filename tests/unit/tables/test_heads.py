"""What the forms of questions share."""

from __future__ import annotations

import pytest

from harlm.tables.conditions import ConditionReader
from harlm.tables.cursor import NotPlaced
from harlm.tables.heads import check_kind, label_of, limit_of, made, means_row, rest_of, with_tests
from harlm.tables.plans import Schema, SchemaColumn, Test
from harlm.tables.words import tokens_of

TABLE = Schema(
    3,
    "shop/orders.csv",
    2,
    (
        SchemaColumn("code", "text"),
        SchemaColumn("name", "text", is_unique=True),
        SchemaColumn("qty", "number"),
    ),
)


def reader(words: str) -> ConditionReader:
    return ConditionReader(tokens_of(words), TABLE)


@pytest.mark.parametrize(
    ("noun", "is_row"),
    [("rows", True), ("orders", True), ("people", True), ("customers", False), ("lines", False)],
)
def test_nouns_that_mean_a_row(noun: str, is_row: bool) -> None:
    each = reader(noun)
    assert each.token is not None
    assert means_row(each, each.token) is is_row


def test_the_rest_has_conditions_and_a_group() -> None:
    plan = rest_of(reader("with qty > 5 per code"), made(reader(""), "count"))
    assert (str(plan.where), plan.group, plan.tables) == ("qty > 5", "code", ((3, "shop/orders.csv"),))
    with pytest.raises(NotPlaced):
        rest_of(reader("per colour"), plan)
    with pytest.raises(NotPlaced):
        rest_of(reader("per code today"), plan)


def test_conditions_are_added() -> None:
    plan = made(reader(""), "count", where=Test("qty", "=", (1,)))
    assert str(with_tests(plan, [Test("code", "=", ("x",))]).where) == "code = x and qty = 1"
    assert with_tests(plan, []) is plan


def test_kinds_labels_and_limits() -> None:
    with pytest.raises(NotPlaced, match="holds text"):
        check_kind(TABLE.columns[0], "sum")
    check_kind(TABLE.columns[2], "sum")
    assert label_of(TABLE) == "name"
    assert limit_of(reader("three rows"), required=True) == 3
    assert limit_of(reader("rows"), required=False) == 1
    with pytest.raises(NotPlaced):
        limit_of(reader("rows"), required=True)
