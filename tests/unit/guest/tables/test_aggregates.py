"""Sums, groups and ranks, and how values are written."""

from __future__ import annotations

import pytest

from harlm.guest.tables import NamedText, tables_in
from harlm.guest.tables.aggregates import computed, distinct, grouped, highest, plain

TABLE = tables_in(NamedText("t.csv", "name,qty\nNew York,3\nOslo,1\nOslo,\n"))[0]


@pytest.mark.parametrize(
    ("value", "said"),
    [(2.0, "2"), (0.1 + 0.2, "0.3"), (1 / 3, "0.3333"), (7, "7"), (True, "yes"), ("x", "x"), (0.0, "0")],
)
def test_values_are_said_plainly(value: object, said: str) -> None:
    assert plain(value) == said


def test_computations() -> None:
    values = [1, 2, 3, 10]
    assert [computed(name, values) for name in ("sum", "mean", "median", "max", "min")] == [
        16,
        4,
        2.5,
        10,
        1,
    ]
    assert computed("sum", [0.1] * 10) == 1.0
    assert computed("median", [3, 1, 2]) == 2


def test_groups_and_ranks() -> None:
    assert {name: len(rows) for name, rows in grouped(TABLE.rows, "name").items()} == {
        "New York": 1,
        "Oslo": 2,
    }
    assert distinct(TABLE.rows, "qty") == ["3", "1"]
    assert highest([(1, "a"), (3, "b"), (3, "c")], most=True, limit=1) == [(3, "b"), (3, "c")]
