"""What is to be computed, in words."""

from __future__ import annotations

import pytest

from harlm.tables.plans import Both, Schema, Test


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (Test("qty", ">", (50,)), "qty > 50"),
        (Test("qty", "=", (5.5,)), "qty = 5.5"),
        (Test("qty", "between", (1, 2)), "qty between 1 and 2"),
        (Test("region", "=", ("North", "South")), "region = North or South"),
        (Test("region", "=", ("North",), negated=True), "region ≠ North"),
        (Test("qty", ">", (5,), negated=True), "qty not > 5"),
        (Test("qty", "empty", negated=True), "qty is not empty"),
        (Test(None, "contains", ("x",)), "the row contains x"),
        (Test("active", "=", (True,)), "active = true"),
        (Test("day", "=", ("2024-01-02..2024-01-02",)), "day = 2024-01-02"),
        (Both((Test("a", "=", (1,)), Both((Test("b", "<", (2,)), Test("c", ">", (3,))), any_of=True))), "a = 1 and (b < 2 or c > 3)"),
    ],
)  # fmt: skip
def test_a_condition_is_said(node: Test | Both, said: str) -> None:
    assert str(node) == said


def test_a_schema_is_read_from_what_a_cell_prints() -> None:
    column = {
        "name": "qty",
        "kind": "number",
        "values": [],
        "examples": ["1"],
        "unique": True,
        "mark": ",",
        "note": "",
    }
    schema = Schema.from_json({"number": 2, "name": "a.csv", "rows": 3, "log": False, "columns": [column]})
    assert (schema.number, schema.name, schema.rows) == (2, "a.csv", 3)
    assert (schema.columns[0].name, schema.columns[0].mark, schema.columns[0].is_unique) == ("qty", ",", True)
