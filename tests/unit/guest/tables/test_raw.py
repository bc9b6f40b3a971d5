"""Rows with tabs: where one table ends and the next begins."""

from __future__ import annotations

from harlm.guest.tables.raw import blocks_of, numbered_lines, tab_blocks


def sizes(text: str) -> list[tuple[list[str], int]]:
    return [(raw.rows[0].cells, len(raw.rows)) for raw in blocks_of(text)]


def test_a_new_table_begins_at_a_header() -> None:
    assert sizes("a\tb\nx\t1\ny\t2\na\tb\nz\t3") == [(["a", "b"], 3), (["a", "b"], 2)]
    assert sizes("a\tb\nx\t1\nc\td\te\nx\ty\t3") == [(["a", "b"], 2), (["c", "d", "e"], 2)]
    assert sizes("Report\na\tb\nx\t1\nnote\t\ny\t2") == [(["a", "b"], 4)]


def test_rows_of_text_alone_are_one_table() -> None:
    assert sizes("name\tteam\nAda\tred\nBob\tblue") == [(["name", "team"], 3)]


def test_tables_among_other_text() -> None:
    (raw,) = tab_blocks("Title\n\na\tb\nx\t1\ny\t2\n\nEnd with\ta tab\n")
    assert [row.line for row in raw.rows] == [3, 4, 5]


def test_lines_have_numbers_and_offsets() -> None:
    assert list(numbered_lines("ab\n\nc")) == [(1, 0, "ab"), (2, 3, ""), (3, 4, "c")]
