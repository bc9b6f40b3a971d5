"""JSON records, Markdown tables and pairs."""

from __future__ import annotations

import pytest

from harlm.guest.tables.marked import json_tables, markdown_tables, pairs


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
    [
        ('[{"a": 1},\n {"a": 2, "b": 3}]', ["a", "b"], [1, 2]),
        ('{"a": 1}\n{"a": 2}\n', ["a"], [1, 2]),
        ('{"meta": 1, "items": [\n{"a": 1},\n{"a": 2}]}', ["a"], [2, 3]),
        ('[{"a": {"b": 1}}]', ["a.b"], [1]),
    ],
)
def test_records(text: str, columns: list[str], lines: list[int]) -> None:
    (raw,) = json_tables(text)
    assert (raw.columns, [row.line for row in raw.rows]) == (columns, lines)


@pytest.mark.parametrize("text", ["", "[", "[1]", '{"a": 1}', "[" * 50_000, '{"a":' * 50_000, "null"])
def test_other_json_has_no_records_or_one(text: str) -> None:
    assert json_tables(text) == []


def test_markdown() -> None:
    (raw,) = markdown_tables("Text\n\n| a | b\\|c |\n|:--|--:|\n| **x** | 1 |\n| y | 2 |\n\nmore | text\n")
    assert [row.cells for row in raw.rows] == [["a", "b|c"], ["x", "1"], ["y", "2"]]
    assert [row.line for row in raw.rows] == [3, 5, 6]
    assert markdown_tables("a | b\nno rule\n") == []


def test_pairs() -> None:
    raw = pairs('at=1 level=info msg="two words"\nat=2 level=warn\n')
    assert raw is not None
    assert raw.columns == ["at", "level", "msg"]
    assert raw.rows[0].cells == ["1", "info", "two words"]
    assert pairs("nothing here\na=1 b=2\nnothing\n") is None
