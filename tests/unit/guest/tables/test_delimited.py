"""The separator and the rows of a delimited text."""

from __future__ import annotations

import pytest

from harlm.guest.tables.delimited import delimited


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(separator: str) -> None:
    text = "\n".join(separator.join(row) for row in (["a", "b"], ["1", "2"], ["3", "4"], ["5", "6"]))
    raw = delimited(text, "t.csv")
    assert raw is not None
    assert raw.delimiter == separator
    assert [row.cells for row in raw.rows][1] == ["1", "2"]


def test_a_semicolon_wins_over_decimal_commas() -> None:
    raw = delimited("name;qty;price\nbolt;10;1,50\nnut;20;0,75\n", "t.csv")
    assert raw is not None
    assert raw.delimiter == ";"


def test_quotation_marks_in_tabs_may_be_plain() -> None:
    raw = delimited('a\tb\n"5 inch\t1\n7\t2\n', "t.tsv")
    assert raw is not None
    assert [row.cells for row in raw.rows] == [["a", "b"], ['"5 inch', "1"], ["7", "2"]]


def test_a_row_of_several_lines_begins_at_its_first() -> None:
    raw = delimited('a,b\n"x\ny",1\nz,2\n', "t.csv")
    assert raw is not None
    assert [(row.line, row.text) for row in raw.rows] == [(1, "a,b"), (2, '"x'), (4, "z,2")]


def test_prose_is_no_table() -> None:
    text = "It was a long and very cold winter, and it rained a lot.\n" * 5
    assert delimited(text, "t.txt") is None
