"""The conditions of a question, in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.tables.questions.conditions import ConditionReader
from harlm.guest.tables.questions.cursor import NotPlaced
from harlm.guest.tables.questions.plans import SchemaColumn, TableSchema
from harlm.guest.tables.questions.words import tokens_of

TABLE = TableSchema(
    0,
    "t.csv",
    9,
    (
        SchemaColumn("region", "text", values=("North", "South", "East")),
        SchemaColumn("item", "text", values=("nut",)),
        SchemaColumn("qty", "number"),
        SchemaColumn("day", "date"),
        SchemaColumn("active", "boolean"),
    ),
)


def said(question: str) -> str:
    reader = ConditionReader(tokens_of(question), TABLE)
    found = reader.conditions()
    assert reader.token is None
    return str(found)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("", "None"),
        ("have qty > 5", "qty > 5"),
        ("with a qty that is more than 5", "qty > 5"),
        ("have qty not over 5", "qty not > 5"),
        ("have over 5 qty", "qty > 5"),
        ("in North with qty = 3", "region = North and qty = 3"),
        ("in North or South", "region = North or region = South"),
        ("have region North or South and qty over 5", "region = North or South and qty > 5"),
        ("have qty > 5 and not region = North", "qty > 5 and region ≠ North"),
        ("have qty under 3 or over 9", "qty < 3 or qty > 9"),
        ("are not active", "active ≠ true"),
        ("without an item", "item is empty"),
        ("have a region other than North", "region ≠ North"),
        ("excluding North", "region ≠ North"),
        ("after 2024-01-02", "day > 2024-01-02"),
        ("have qty over 3 but at most 9", "qty > 3 and qty <= 9"),
        ("have day after 2023-01-02 and on or before 2024-01-02", "day > 2023-01-02 and day <= 2024-01-02"),
        ("contain nut but not in North", "the row contains nut and region ≠ North"),
        ("have an item that starts with n", "item starts with n"),
    ],
)
def test_conditions(question: str, expected: str) -> None:
    assert said(question) == expected


@pytest.mark.parametrize("question", ["have colour = red", "have qty", "have qty >", "are big", "in North and", "in North and South", "after lunch", "have more than 5", "have qty > 5 nor 6"])  # fmt: skip
def test_what_does_not_fit_is_refused(question: str) -> None:
    with pytest.raises(NotPlaced):
        said(question)


WORDS = "have qty region is not North South and or over under 5 > = without the a of contain nut day after 2024-01-01 active 'x y' between , ?"


@given(st.lists(st.sampled_from(WORDS.split(" ")), max_size=12).map(" ".join))
def test_any_words_are_read_or_refused(question: str) -> None:
    try:
        reader = ConditionReader(tokens_of(question), TABLE)
        reader.conditions()
    except NotPlaced as refusal:
        assert str(refusal)  # noqa: PT017 - it may be refused or not
