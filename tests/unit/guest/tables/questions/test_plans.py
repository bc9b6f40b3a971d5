"""What is to be computed, in words."""

from __future__ import annotations

import pytest

from harlm.guest.tables.questions.plans import Both, Comparison


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (Comparison("qty", ">", (50,)), "qty > 50"),
        (Comparison("qty", "=", (5.5,)), "qty = 5.5"),
        (Comparison("qty", "between", (1, 2)), "qty between 1 and 2"),
        (Comparison("region", "=", ("North", "South")), "region = North or South"),
        (Comparison("region", "=", ("North",), negated=True), "region ≠ North"),
        (Comparison("qty", ">", (5,), negated=True), "qty not > 5"),
        (Comparison("qty", "empty", negated=True), "qty is not empty"),
        (Comparison(None, "contains", ("x",)), "the row contains x"),
        (Comparison("active", "=", (True,)), "active = true"),
        (Comparison("day", "=", ("2024-01-02..2024-01-02",)), "day = 2024-01-02"),
        (Both((Comparison("a", "=", (1,)), Both((Comparison("b", "<", (2,)), Comparison("c", ">", (3,))), any_of=True))), "a = 1 and (b < 2 or c > 3)"),
    ],
)  # fmt: skip
def test_a_condition_is_said(node: Comparison | Both, said: str) -> None:
    assert str(node) == said
