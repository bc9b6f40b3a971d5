"""What the forms of questions share."""

from __future__ import annotations

import pytest

from harlm.guest.tables.questions.conditions import ConditionReader
from harlm.guest.tables.questions.cursor import NotPlaced
from harlm.guest.tables.questions.heads import (
    check_kind,
    label_of,
    limit_of,
    made,
    means_row,
    pass_scope,
    rest_of,
    with_tests,
)
from harlm.guest.tables.questions.plans import Comparison, SchemaColumn, TableSchema
from harlm.guest.tables.questions.words import tokens_of

TABLE = TableSchema(
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
    assert rest_of(reader("per code in the rows with qty > 5"), made(reader(""), "count")) == plan
    with pytest.raises(NotPlaced):
        rest_of(reader("per colour"), plan)
    with pytest.raises(NotPlaced):
        rest_of(reader("per code today"), plan)


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("over the rows in which holds: qty > 5", "qty > 5"),
        ("in the rows where qty > 5", "where qty > 5"),
        ("among all records", ""),
        ("of the row for which holds: qty > 5", "qty > 5"),
        ("rows holds: qty > 5", "qty > 5"),
        ("over 5 qty", "over 5 qty"),
        ("for code x", "for code x"),
        ("holds qty > 5", "qty > 5"),
    ],
)
def test_words_that_only_introduce_conditions_are_passed_over(words: str, left: str) -> None:
    each = reader(words)
    pass_scope(each)
    assert " ".join(token.text for token in each.tokens[each.at :]) == left


def test_conditions_are_added() -> None:
    plan = made(reader(""), "count", where=Comparison("qty", "=", (1,)))
    assert str(with_tests(plan, [Comparison("code", "=", ("x",))]).where) == "code = x and qty = 1"
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
