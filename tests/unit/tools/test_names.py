from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.errors import ConfigError
from harlm.tools.names import (
    LONGEST_NAME,
    check_name,
    free_name,
    is_taken,
    python_name,
    refuse_equal_names,
)
from harlm.types import ToolShape


def shape(name: str) -> ToolShape:
    return ToolShape(name=name, parameters=(), signature=f"{name}()", summary="")


@pytest.mark.parametrize("name", ["population", "größe", "x1", "a" * LONGEST_NAME])
def test_a_name_of_python_can_be_called(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "name", ["", "a b", "1a", "class", "_hidden", "__init__", "a" * (LONGEST_NAME + 1), "ﬁx", "x\u037e"]
)
def test_what_cells_cannot_call_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be the name of a tool"):
        check_name(name)


@pytest.mark.parametrize(
    "name", ["llm_query", "context", "answer", "search", "FINAL", "print", "len", "help", "memory", "place"]
)
def test_what_cells_know_already_is_refused(name: str) -> None:
    assert is_taken(name)
    with pytest.raises(ConfigError, match="is taken in cells"):
        check_name(name)


def test_equal_names_are_refused() -> None:
    refuse_equal_names([shape("a"), shape("b")])
    with pytest.raises(ConfigError, match="two tools have the name 'a'"):
        refuse_equal_names([shape("a"), shape("b"), shape("a")])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("get-user.v2", "get_user_v2"),
        ("2fast", "tool_2fast"),
        ("class", "class_"),
        ("  a  b ", "a_b"),
        ("__init__", "init"),
        ("", "tool"),
        ("日本", "tool"),
        ("größe", "gr_e"),
        ("x" * 300, "x" * LONGEST_NAME),
    ],
)
def test_a_name_is_mended(text: str, name: str) -> None:
    assert python_name(text) == name


@given(st.text(max_size=200), st.text(max_size=40))
def test_every_text_becomes_a_name_that_is_free(text: str, prefix: str) -> None:
    taken = {python_name(text)}
    name = free_name(text, prefix, taken)
    assert name.isidentifier()
    assert name.isascii()
    assert not keyword.iskeyword(name)
    assert name not in taken
    check_name(name)


def test_a_name_that_another_tool_has_gets_the_prefix_of_its_server_and_then_a_number() -> None:
    assert free_name("find", "books", []) == "find"
    assert free_name("search", "books", []) == "books_search"  # cells have one
    assert free_name("find", "books", ["find"]) == "books_find"
    assert free_name("find", "books", ["find", "books_find"]) == "find_2"
    assert free_name("find", "books", ["find", "books_find", "find_2"]) == "find_3"
