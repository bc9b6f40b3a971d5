"""Lines whose fields carry their names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.tables.fielded import fielded, form_of

NAMES = st.lists(st.from_regex(r"[A-Za-z][a-z]{0,8}", fullmatch=True), min_size=2, max_size=4, unique=True)
VALUES = st.text("abc 123.,'\"", min_size=1, max_size=12).map(str.strip).filter(bool)


@given(NAMES, st.sampled_from(["||", "|", "\t", "; "]), st.integers(3, 12), st.data())
def test_every_line_that_was_written_is_a_row(
    names: list[str], separator: str, count: int, data: st.DataObject
) -> None:
    rows = [[data.draw(VALUES) for _ in names] for _ in range(count)]
    text = "\n".join(
        separator.join(f"{name}: {value}" for name, value in zip(names, row, strict=True)) for row in rows
    )
    raw = fielded(text)
    assert raw is not None
    assert raw.columns == names
    assert [row.cells for row in raw.rows] == rows
    assert [row.line for row in raw.rows] == list(range(1, count + 1))
    assert [text[row.start :].partition("\n")[0].strip() for row in raw.rows] == [
        row.text for row in raw.rows
    ]


def test_other_lines_are_no_rows() -> None:
    lines = [f"Date: 2023-01-0{n} || User: {n} || Text: it rains" for n in range(1, 6)]
    raw = fielded("A description: of the list.\n\n" + "\n".join(lines) + "\nThe end")
    assert raw is not None
    assert len(raw.rows) == 5
    assert raw.rows[0].line == 3


def test_the_last_field_may_hold_the_separator() -> None:
    lines = [f"User: {n} || Text: a || b" for n in range(3)] + [f"User: {n} || Text: plain" for n in range(5)]
    raw = fielded("\n".join(lines))
    assert raw is not None
    assert raw.rows[0].cells == ["0", "a || b"]
    assert len(raw.rows) == 8


@pytest.mark.parametrize(
    "text",
    [
        "",
        "one line: with | a colon: here",
        "a | b\nc | d\ne | f",
        "Name: x\nName: y\nName: z",
        "a: 1 | a: 2\n" * 5,
        "\n\n",
    ],
)
def test_texts_without_such_a_form_are_no_table(text: str) -> None:
    assert form_of(text) is None
    assert fielded(text) is None


@given(st.text("ab:|;\t\n ", max_size=120))
def test_any_text_is_read_without_an_error(text: str) -> None:
    raw = fielded(text)
    if raw is not None:
        assert raw.columns is not None
        assert all(len(row.cells) == len(raw.columns) for row in raw.rows)
        assert len(raw.rows) >= 3
