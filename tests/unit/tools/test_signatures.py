from __future__ import annotations

import functools
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from harlm.errors import CodeError, ConfigError
from harlm.tools.signatures import Parameters, shortened, summary_of


class Point(msgspec.Struct):
    x: int
    y: int = 0


class Model:
    """As pydantic's models are."""

    def __init__(self, value: Any) -> None:
        self.value = value

    @classmethod
    def model_validate(cls, value: Any) -> Model:
        if not isinstance(value, dict):
            raise TypeError("not a dict")
        return cls(value)


class Foreign:
    pass


def function(
    first: int, /, second: str = "b", *, third: Literal["x", "y"] = "x", points: list[Point] | None = None
) -> str:
    """What it does,
    in two lines.

    And more.
    """
    return "done"


def test_a_model_is_told_name_parameters_summary_and_all_of_the_help() -> None:
    shape = Parameters(function, "named").shape
    assert shape.parameters == ("first", "second")
    assert shape.signature.startswith(
        "named(first: int, /, second: str = 'b', *, third: Literal['x', 'y'] = 'x'"
    )
    assert shape.summary == "What it does, in two lines."
    assert shape.help == f"{shape.signature}\n\nWhat it does,\nin two lines.\n\nAnd more."


def test_long_signatures_summaries_and_help_are_cut() -> None:
    def long() -> None: ...

    long.__doc__ = "x" * 30_000
    shape = Parameters(long, "f").shape
    assert shape.summary == "x" * 300 + "…"
    assert len(shape.help) == 20_001
    assert shortened("abc", 2) == "ab…"
    assert summary_of("  a\n b\n\nc") == "a b"


def test_arguments_are_checked_and_have_the_types_that_the_function_wants() -> None:
    parameters = Parameters(function, "f")
    values, named = parameters.bound({"first": 1, "points": [{"x": 3}], "third": "y"})
    assert values == [1]
    assert named == {"points": [Point(3, 0)], "third": "y"}
    assert parameters.bound({"first": "7"}) == ([7], {})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "missing required field `first`"),
        ({"first": "x"}, "Expected `int`"),
        ({"first": 1, "third": "z"}, "Invalid enum value 'z'"),
        ({"first": 1, "fourth": 1}, "unknown field `fourth`"),
        ({"first": 1, "points": [{"y": 1}]}, "missing required field `x`"),
    ],
)
def test_what_the_annotations_do_not_allow_is_an_error_with_the_signature(
    arguments: dict[str, object], words: str
) -> None:
    with pytest.raises(CodeError, match=r"^f: .*its signature is f\(first: int") as raised:
        Parameters(function, "f").bound(arguments)
    assert words in str(raised.value)


def test_constraints_of_an_annotation_hold() -> None:
    def bounded(count: Annotated[int, Meta(ge=1)]) -> None: ...

    with pytest.raises(CodeError, match="Expected `int` >= 1"):
        Parameters(bounded, "f").bound({"count": 0})


def test_without_annotations_everything_is_passed_on() -> None:
    def loose(a, b=None):  # type: ignore[no-untyped-def] # meant
        return a, b

    def unknown(a: Nowhere) -> None: ...  # type: ignore[name-defined] # noqa: F821 - meant

    assert Parameters(loose, "f").bound({"a": [1]}) == ([], {"a": [1]})
    assert Parameters(unknown, "f").bound({"a": {"x": 1}}) == ([], {"a": {"x": 1}})
    assert Parameters(unknown, "f").shape.signature.startswith("f(a: 'Nowhere')")


def test_a_positional_only_argument_needs_those_before_it() -> None:
    def both(a: int = 0, b: int = 0, /) -> int:
        return a + b

    parameters = Parameters(both, "f")
    assert parameters.bound({"a": 1, "b": 2}) == ([1, 2], {})
    with pytest.raises(CodeError, match="'b' is passed without those before it"):
        parameters.bound({"b": 2})


def test_models_are_validated_and_foreign_objects_are_refused() -> None:
    def modelled(model: Model) -> None: ...

    def foreign(thing: Foreign) -> None: ...

    _, named = Parameters(modelled, "f").bound({"model": {"a": 1}})
    assert named["model"].value == {"a": 1}
    with pytest.raises(CodeError, match="not a dict"):
        Parameters(modelled, "f").bound({"model": 1})
    with pytest.raises(CodeError, match="cannot be made of what a cell sends"):
        Parameters(foreign, "f").bound({"thing": {}})


def test_methods_partial_functions_and_objects_have_parameters() -> None:
    class Counter:
        def add(self, number: int) -> int:
            return number

        def __call__(self, number: int) -> int:
            return number

    for each in (Counter().add, Counter(), functools.partial(Counter().add)):
        with pytest.raises(CodeError, match="Expected `int`"):
            Parameters(each, "f").bound({"number": "x"})


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda *many: None, "any number of arguments"),
        (lambda **many: None, "any number of arguments"),
        (lambda _hidden: None, "begins with an underscore"),
        (dict, "are not known"),
    ],
)
def test_what_cells_cannot_pass_is_refused(function: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Parameters(function, "f")


def test_an_annotation_that_cannot_be_checked_is_refused() -> None:
    def odd(value: dict[str, int] | dict[str, str]) -> None: ...

    with pytest.raises(ConfigError, match="an annotation of the tool 'f' cannot be checked"):
        Parameters(odd, "f")
