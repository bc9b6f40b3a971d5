"""Outlines: the structure of texts that are not prose."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.memory.outline import kind_of, outlined

CODE = "import os\n\n\ndef read(path: str) -> str:\n    return path\n\n\nclass Reader:\n    pass\n"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (json.dumps({"a": [1, 2, {"b": "c"}]}), "json"),
        ("[1, 2, 3]", "json"),
        ("  \n{}", "json"),
        ("3", "prose"),
        ("{this is a brace, and prose}", "prose"),
        ("\n".join(f"{at},name {at},{at * 2}" for at in range(30)), "table"),
        ("\n".join(f"a{at}\tb\tc" for at in range(30)), "table"),
        ("\n".join(f"| a{at} | b |" for at in range(30)), "table"),
        ("\n".join(f"2026-01-01 00:00:{at:02} INFO request {at} took 3 ms" for at in range(30)), "log"),
        ("\n".join(["ERROR: broken", "WARNING: soon", "INFO: fine", "DEBUG: x"]), "log"),
        (CODE, "code"),
        ("The weather was mild. " * 80, "prose"),
        ("\n".join(["A line of prose, with a comma, and another."] * 3), "prose"),
        ("", "prose"),
    ],
)
def test_the_kind_follows_the_first_lines(text: str, kind: str) -> None:
    assert kind_of(text) == kind


def test_json_is_described_by_sizes_names_and_ends() -> None:
    rows = [{"id": at, "name": f"name {at}", "tags": ["x", "y"]} for at in range(5_000)]
    outline = outlined(json.dumps(rows), "json")
    assert "list of 5,000" in outline
    assert "name" in outline
    assert '"id": 4999' in outline


def test_deep_and_wide_json_is_cut() -> None:
    wide = outlined(json.dumps({f"key {at}": at for at in range(100)}), "json")
    assert "object of 100" in wide
    assert "… and 88 more" in wide
    deep = outlined(json.dumps({"a": {"b": {"c": {"d": {"e": 1}}}}}), "json")
    assert "object of 1" in deep
    assert "e:" not in deep
    assert "list of 4" in outlined("[1, 2, 3, 40]", "json")


def test_a_table_is_described_by_its_first_and_last_rows() -> None:
    table = outlined("id,name,sum\n" + "\n".join(f"{at},n{at},{at}" for at in range(900)), "table")
    assert "table of 901 rows" in table
    assert "id,name,sum" in table
    assert "… 894 more rows …" in table
    assert "899,n899,899" in table
    assert "450,n450,450" not in table


@pytest.mark.parametrize("count", [4, 5, 7])
def test_a_short_table_is_shown_whole(count: int) -> None:
    rows = [f"a{at}\tb\tc" for at in range(count)]
    assert outlined("\n".join(rows), "table").splitlines()[1:] == rows


def test_a_log_is_described_by_its_levels() -> None:
    log = outlined("\n".join(["2026-01-01 INFO ok"] * 50 + ["2026-01-01 ERROR broken"]), "log")
    assert log.startswith("log (50 INFO, 1 ERROR) of 51 rows")
    assert "ERROR broken" in log


def test_code_is_described_by_its_signatures() -> None:
    assert outlined(CODE, "code").splitlines() == [
        "code of 10 lines",
        "def read(path: str) -> str",
        "class Reader",
    ]


def test_long_rows_are_cut() -> None:
    outline = outlined("\n".join("x" * 1_000 for _ in range(9)), "table")
    assert max(map(len, outline.splitlines())) == 161


@given(st.text(max_size=600))
def test_every_text_has_a_kind_and_an_outline(text: str) -> None:
    kind = kind_of(text)
    outline = outlined(text, kind)
    assert (outline == text) if kind == "prose" else bool(outline)
