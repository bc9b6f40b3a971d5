"""Tables in texts: their columns, kinds, rows and places."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.tables import DataTable, NamedText, tables_in


def tables(name: str, text: str) -> list[DataTable]:
    return tables_in(NamedText(name, text))


def only(name: str, text: str) -> DataTable:
    (table,) = tables(name, text)
    return table


def test_a_table_knows_its_columns_and_where_rows_are() -> None:
    table = only("a.csv", 'name,qty\n"pear, red",3\n\nplum,4\n')
    assert table.columns == ["name", "qty"]
    assert table.kinds == {"name": "text", "qty": "number"}
    assert [dict(row) for row in table.rows] == [{"name": "pear, red", "qty": 3}, {"name": "plum", "qty": 4}]
    assert [(row.place, row.text) for row in table.rows] == [
        ("a.csv:2", '"pear, red",3'),
        ("a.csv:4", "plum,4"),
    ]
    assert table.rows[1].document[table.rows[1].start :] == "plum,4\n"
    assert repr(table) == "a.csv: 2 rows; name (text), qty (number)"


def test_places_that_are_not_lines_are_asked_for() -> None:
    (table,) = tables_in(NamedText("a.xlsx", "a\tb\nx\t1"), lambda start: f"S row {start}")
    assert table.rows[0].place == "a.xlsx:S row 4"


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("1,2\n3,4\n", ["column 1", "column 2"], 2),
        ("a,2019,2020\nx,1,2\n", ["a", "2019", "2020"], 1),
        ("a,a,\nx,y,z\n", ["a", "a (2)", "column 3"], 1),
        ("Report\n\na,b\n1,2\n", ["a", "b"], 1),
        ("sep=;\na;b\n1;2\n", ["a", "b"], 1),
        ("word\nx\ny\n", ["word"], 2),
    ],
)
def test_headers(text: str, columns: list[str], rows: int) -> None:
    if text.startswith("a,a"):
        text = text.replace("a,a,", "a,a (2),")
    table = only("t.csv", text)
    assert (table.columns, len(table.rows)) == (columns, rows)


def test_ragged_rows_are_filled_and_too_long_ones_are_said() -> None:
    table = only("t.csv", "a,b,c\n1,2,3\n4,5\n6,7,8,9\n1,1,1\n")
    assert table.rows[1]["c"] is None
    assert "1 rows have more cells than there are columns" in table.notes


def test_a_sum_below_the_rows_is_left_out_and_said() -> None:
    table = only("t.csv", "a,b\nx,1\ny,2\nTotal,3\n")
    assert len(table.rows) == 2
    assert table.notes == ["the last row is a sum and is left out"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "Just some prose.\nNothing else, really.\n"),
        ("a.py", "a, b = 1, 2\nc, d = 3, 4\ne, f = 5, 6\n"),
        ("a.json", '{"a": 1}'),
        ("a.json", "[1, 2]"),
        ("a.json", "{broken"),
        ("a.csv", ""),
        ("a.md", "# Title\n\nText | with a bar.\n"),
    ],
)
def test_other_texts_have_no_tables(name: str, text: str) -> None:
    assert tables(name, text) == []


def test_the_sheets_of_a_workbook_are_tables() -> None:
    first, second = tables("b.xlsx", "item\teur\nbeans\t5\ntea\t3\ncity\tpeople\nRome\t3\nOslo\t1")
    assert (first.columns, len(first.rows)) == (["item", "eur"], 2)
    assert (second.columns, len(second.rows)) == (["city", "people"], 2)
    assert first.name == "b.xlsx (table 1)"


@given(
    st.text("a1,;\t|\"'\n-. ", max_size=200),
    st.sampled_from(["a.csv", "a.tsv", "a.txt", "a.md", "a.xlsx", "a.json", "a.log"]),
)
def test_every_row_has_every_column_and_stands_in_the_text(text: str, name: str) -> None:
    for table in tables(name, text):
        for row in table.rows:
            assert list(row) == table.columns
            assert text.split("\n")[row.line - 1].strip().startswith(row.text[:10])


@pytest.mark.parametrize(
    "text",
    ['"' * 300_000, "a,b\n" + "," * 300_000, "|" * 300_000, "[" * 100_000, "{" * 100_000, "1 " * 150_000],
)
@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.md", "a.txt", "a.log"])
def test_hostile_texts_take_linear_time(name: str, text: str) -> None:
    start = time.process_time()
    tables(name, text)
    assert time.process_time() - start < 5
