"""The user's tools in a REPL: what is sent for a call, and what a hostile cell can make of them."""

from __future__ import annotations

from collections import deque
from functools import wraps
from typing import Any

import pytest

from harlm.guest.vocabulary import PURE_TOOL, TOOL
from harlm.guest.worker.tools import bound, functions_of, pure_among, shape_of
from harlm.guest.worker.values import NotSent


def shape(name: str, *parameters: str, is_pure: bool = False) -> dict[str, Any]:
    return {"name": name, "parameters": list(parameters), "help": f"{name} helps", "is_pure": is_pure}


def made(*shapes: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    asked: list[tuple[str, Any]] = []

    def call(function: str, arguments: dict[str, Any]) -> Any:
        asked.append((function, arguments))
        return "value"

    return functions_of(shapes, call), asked


def test_a_call_is_sent_by_the_names_of_its_arguments() -> None:
    functions, asked = made(shape("find", "city", "limit", is_pure=True), shape("note", "text"))
    assert functions["find"]("Rome", limit=3) == "value"
    functions["note"](text="x")
    functions["find"](**{"user-id": 1})
    assert asked == [
        (PURE_TOOL, {"name": "find", "arguments": {"city": "Rome", "limit": 3}}),
        (TOOL, {"name": "note", "arguments": {"text": "x"}}),
        (PURE_TOOL, {"name": "find", "arguments": {"user-id": 1}}),
    ]


def test_a_function_has_the_name_and_the_help_of_its_tool() -> None:
    functions, _ = made(shape("find", "city"))
    assert functions["find"].__name__ == "find"
    assert functions["find"].__doc__ == "find helps"
    assert shape_of(functions["find"]) == shape("find", "city")


def test_values_are_sent_as_plain_data() -> None:
    arguments = bound("f", ["a", "b"], [deque([1, (2,)]), {1: {3}}], {"c": iter("xy")})
    assert arguments == {"a": [1, [2]], "b": {"1": [3]}, "c": ["x", "y"]}


@pytest.mark.parametrize(
    ("values", "named", "error", "words"),
    [
        ([1, 2, 3], {}, TypeError, r"f\(\) takes 2 positional arguments, not 3"),
        ([1], {"a": 2}, TypeError, r"f\(\) got multiple values for argument 'a'"),
        ([len], {}, NotSent, "is not an answer"),
    ],
)
def test_what_cannot_be_passed_is_an_error_in_the_cell(
    values: list[Any], named: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        bound("f", ["a", "b"], values, named)


def test_pure_tools_are_found_among_variables_and_nothing_else_is() -> None:
    functions, _ = made(shape("find", is_pure=True), shape("note"))

    class Odd:
        harlm_tool = shape("odd", is_pure=True)

        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

    names = {**functions, "alias": functions["find"], "odd": Odd(), "number": 3, "lambda": lambda: 1}
    assert [each["name"] for each in pure_among(names)] == ["find", "find"]
    assert shape_of(Odd()) is None
    assert shape_of(3) is None


def test_a_function_that_wraps_a_tool_is_not_taken_for_another_kind() -> None:
    functions, asked = made(shape("note", "text"))

    @wraps(functions["note"])
    def wrapper(text: str) -> Any:
        return functions["note"](text)

    found = shape_of(wrapper)
    assert found is not None
    assert not found["is_pure"]
    wrapper("x")
    assert asked == [(TOOL, {"name": "note", "arguments": {"text": "x"}})]
