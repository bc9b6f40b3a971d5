"""What comes next in a question: a column, a value, an operator."""

from __future__ import annotations

import pytest

from harlm.guest.tables.questions.cursor import Cursor, NotPlaced, matched
from harlm.guest.tables.questions.plans import SchemaColumn, TableSchema
from harlm.guest.tables.questions.words import tokens_of

TABLE = TableSchema(
    0,
    "t.csv",
    3,
    (
        SchemaColumn("name", "text", values=("Ada",)),
        SchemaColumn("username", "text", values=("New York",)),
        SchemaColumn("Unit Price (EUR)", "number"),
        SchemaColumn("total_price", "number"),
        SchemaColumn("order_id", "number"),
    ),
)


def cursor(question: str) -> Cursor:
    return Cursor(tokens_of(question), TABLE)


@pytest.mark.parametrize(
    ("words", "column"),
    [
        ("name = x", "name"),
        ("names are", "name"),
        ("username", "username"),
        ("unit price", "Unit Price (EUR)"),
        ("total_price", "total_price"),
        ("Total Price", "total_price"),
        ("orders", "order_id"),
        ("column name", "name"),
        ("field unit price", "Unit Price (EUR)"),
        ("column colour", None),
        ("colour", None),
        ("= name", None),
        ("", None),
    ],
)
def test_a_column_is_found_by_its_words(words: str, column: str | None) -> None:
    found = cursor(words).column()
    assert (None if found is None else found.name) == column


def test_a_word_of_two_columns_is_refused() -> None:
    with pytest.raises(NotPlaced, match=r"'price' may mean Unit Price \(EUR\) or total_price"):
        cursor("price").column()


def test_a_part_of_a_name_is_noted() -> None:
    each = cursor("order")
    each.column()
    assert each.notes == ["order is the column order_id"]


def test_values_and_operators() -> None:
    each = cursor("new york other than Ada")
    found = each.value()
    assert found is not None
    assert (found[0], found[1][0].name) == ("New York", "username")
    assert each.operator() == "!="
    assert each.value_length() == 1
    assert cursor("nothing").operator() is None


def test_what_is_not_placed_names_the_columns() -> None:
    assert str(cursor("colour = red").unplaced()) == (
        "no column 'colour'; columns: name, username, Unit Price (EUR), total_price, order_id"
    )


def test_values_are_compared_without_case_and_punctuation() -> None:
    assert matched("New York, (NY).") == "new york ny"
