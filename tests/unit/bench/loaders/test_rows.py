from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from harlm.errors import ConfigError, ContextError
from harlm_bench.loaders.rows import list_in, rows_of, text_in

_COLUMNS = ("id", "text")


def _file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '[{"id": 1, "text": "é, b"}, {"id": 2, "text": "c\\nd"}]'),
        ("a.json", '{"version": "1", "data": [{"id": 1, "text": "é, b"}, {"id": 2, "text": "c\\nd"}]}'),
        ("a.jsonl", '{"id": 1, "text": "é, b"}\n\n{"id": 2, "text": "c\\nd"}\n'),
        ("a.csv", '\ufeffid,text\n1,"é, b"\n2,"c\nd"\n'),
        ("a.tsv", 'id\ttext\n1\té, b\n2\t"c\nd"\n'),
    ],
)
def test_all_formats_give_the_same_rows(tmp_path: Path, name: str, text: str) -> None:
    rows = list(rows_of(_file(tmp_path, name, text), _COLUMNS))
    assert [(text_in(row, "id"), text_in(row, "text")) for row in rows] == [("1", "é, b"), ("2", "c\nd")]


def test_a_field_may_be_longer_than_csv_allows_by_itself(tmp_path: Path) -> None:
    (row,) = rows_of(_file(tmp_path, "a.csv", f"id,text\n1,{'x' * 300_000}\n"), _COLUMNS)
    assert len(text_in(row, "text")) == 300_000


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b", "a"):
        _file(tmp_path, f"{name}.jsonl", json.dumps({"id": name, "text": ""}))
    _file(tmp_path, "README.md", "not rows")
    assert [row["id"] for row in rows_of(tmp_path, _COLUMNS)] == ["a", "b"]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_wrong_columns_are_named_with_those_that_exist(tmp_path: Path, name: str) -> None:
    text = "id,body,title\n1,a,b\n" if name == "a.csv" else '{"id": 1, "body": "a", "title": "b"}'
    with pytest.raises(
        ConfigError, match=rf"{name}, row 1: there is no column 'text'; .* 'body', 'id', 'title'\."
    ):
        list(rows_of(_file(tmp_path, name, text), _COLUMNS))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", '[{"id": 1,', "cannot be read as JSON"),
        ("a.json", '"words"', "a list of rows"),
        ("a.jsonl", '{"id": 1, "text": ""}\nversion https://git-lfs', "line 2 cannot be read as JSON"),
        ("a.jsonl", "[1, 2]", "line 1 must be an object"),
        ("a.csv", "", "has no rows"),
        ("a.csv", "id,text\n", "has no rows"),
        ("a.xlsx", "x", "endings '.json', '.jsonl'"),
    ],
)
def test_what_cannot_be_read_says_why_and_names_the_file(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        list(rows_of(_file(tmp_path, name, text), _COLUMNS))
    assert str(tmp_path / name) in str(caught.value)


def test_bytes_that_are_no_utf_8_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,text\n1,\xff\xfe\n")
    with pytest.raises(ConfigError, match="no CSV file in UTF-8"):
        list(rows_of(path, _COLUMNS))


def test_a_missing_file_is_no_wrong_file(tmp_path: Path) -> None:
    with pytest.raises(ContextError, match="does not exist"):
        list(rows_of(tmp_path / "none.json", _COLUMNS))


def test_parquet_needs_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ConfigError, match="pip install pyarrow, or convert it to JSONL"):
        list(rows_of(_file(tmp_path, "a.parquet", "PAR1"), _COLUMNS))


def test_parquet_is_read_where_its_library_is(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"id": ["1"], "text": ["a"]}), tmp_path / "a.parquet")
    assert [dict(row) for row in rows_of(tmp_path / "a.parquet", _COLUMNS)] == [{"id": "1", "text": "a"}]


def test_lists_may_be_written_as_json(tmp_path: Path) -> None:
    assert list_in({"a": '["x"]'}, "a", tmp_path) == ["x"]
    with pytest.raises(ConfigError, match="'a' must hold lists"):
        list_in({"a": "x"}, "a", tmp_path)
