from __future__ import annotations

import pytest

from harlm.guest.tables.fielded import fielded, form_of

LINES = "".join(f"Date: Mar {day}, 2023 || User: {day} || Text: it rains: {day}\n" for day in range(1, 6))


def test_lines_with_the_same_named_fields_are_rows_and_others_are_not() -> None:
    found = fielded(f"The mail of one week.\n\n{LINES}The end.\n")
    assert found is not None
    assert found.columns == ["Date", "User", "Text"]
    assert [row.cells for row in found.rows][:2] == [
        ["Mar 1, 2023", "1", "it rains: 1"], ["Mar 2, 2023", "2", "it rains: 2"],
    ]  # fmt: skip
    assert [row.line for row in found.rows] == [3, 4, 5, 6, 7]


def test_the_last_field_may_hold_the_separator() -> None:
    found = fielded(LINES + "Date: Mar 9, 2023 || User: 9 || Text: a || b\n")
    assert found is not None
    assert found.rows[-1].cells[-1] == "a || b"


@pytest.mark.parametrize("separator", ["||", "|", "\t", "; "])
def test_fields_may_be_separated_in_four_ways(separator: str) -> None:
    text = "".join(f"id: {n}{separator}note: text {n}\n" for n in range(4))
    assert form_of(text) == (separator, ("id", "note"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "one line",
        "a: 1 || b: 2\na: 3 || b: 4\n",
        "a: 1\nb: 2\nc: 3\nd: 4\n",
        "x || y\n" * 9,
        "a: 1 || a: 2\n" * 9,
    ],
    ids=["empty", "a line", "two rows", "one field", "no names", "one name twice"],
)
def test_what_has_no_repeated_named_fields_is_no_list(text: str) -> None:
    assert fielded(text) is None
