"""The list of variables that comes from an interpreter, which a cell may have forged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.sandbox.monty.variables import PRELUDE, Look, Variable, looked


def listed(*rows: tuple[object, ...], said: object = None) -> list[object]:
    return [[list(row) for row in rows], said]


@pytest.mark.parametrize(
    ("row", "description"),
    [
        (("x", 1, "int", 5, None), "int 5"),
        (("x", 1, "int", None, None), "int"),
        (("x", 1, "float", 0.5, None), "float 0.5"),
        (("x", 1, "bool", True, None), "bool True"),
        (("x", 1, "str", "short", 5), "str 'short'"),
        (("x", 1, "str", "a" * 60, 1_234_567), "str of 1,234,567 characters"),
        (("x", 1, "list", None, 1000), "list of 1,000"),
        (("x", 1, "NoneType", None, None), "NoneType None"),
        (("x", 1, "k" * 300, None, None), "k" * 200),
    ],
)
def test_a_variable_is_described_by_its_type_and_value_or_size(
    row: tuple[object, ...], description: str
) -> None:
    assert looked(listed(row)).shown() == [("x", description)]


@pytest.mark.parametrize("name", ["context", "answer", "llm_query", "FINAL", "search"])
def test_names_that_every_repl_has_are_not_listed(name: str) -> None:
    assert looked(listed((name, 1, "int", 1, None))) == Look()


def test_only_new_and_reassigned_variables_differ_from_an_earlier_look() -> None:
    before = looked(
        listed(("same", 1, "int", 1, None), ("changed", 2, "int", 1, None), ("gone", 3, "int", 1, None))
    )
    after = looked(
        listed(("same", 1, "int", 1, None), ("changed", 4, "int", 1, None), ("new", 5, "int", 1, None))
    )
    assert [name for name, _ in after.shown(before)] == ["changed", "new"]
    assert [name for name, _ in after.shown()] == ["same", "changed", "new"]


def test_an_answer_that_is_ready_may_be_none() -> None:
    assert looked(listed(said=[None])).said == (None,)
    assert looked(listed()).said == ()


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    )
)
def test_any_forged_list_is_a_look(value: object) -> None:
    look = looked(value)
    assert all(isinstance(each, Variable) for each in look.variables.values())
    assert len(look.said) <= 1


@pytest.mark.parametrize(
    "forged",
    [
        None,
        "text",
        [],
        listed(("x", 1, "int", 1)),
        listed((1, 1, "int", 1, None)),
        listed(("x", 1, "int", 1, "large")),
        listed(said=["a", "b"]),
    ],
)
def test_a_list_of_another_shape_is_empty(forged: object) -> None:
    assert looked(forged) == Look()


def test_the_prelude_lists_what_python_has_too() -> None:
    names: dict[str, object] = {"_harlm_context": "text"}
    exec(PRELUDE, names)
    look = looked(names["_harlm_look"]({"a": 1, "_hidden": 2, "b": "text", "c": [1, 2]}))  # type: ignore[operator] # a function
    assert look.shown() == [("a", "int 1"), ("b", "str 'text'"), ("c", "list of 2")]
    assert names["context"] == "text"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"content": "c", "value": 1, "ready": True}, ("c",)),
        ({"content": None, "ready": True}, (None,)),
        ({"content": None, "value": 42, "ready": True}, (42,)),
        ({"ready": True, "result": 1, "why": "b"}, ({"result": 1, "why": "b"},)),
        ({"value": 42}, ()),
        ({"value": 42, "ready": False}, ()),
    ],
)
def test_the_answer_dict_may_have_any_key_and_is_said_once(
    answer: dict[str, object], said: tuple[object, ...]
) -> None:
    names: dict[str, object] = {"_harlm_context": "text"}
    exec(PRELUDE, names)
    assert looked(names["_harlm_look"]({"answer": answer})).said == said  # type: ignore[operator] # a function
    assert looked(names["_harlm_look"]({"answer": answer})).said == ()  # type: ignore[operator] # as above


def test_the_functions_of_a_repl_are_not_listed() -> None:
    assert looked(listed(("find", 1, "function", None, None)), {"find"}) == Look()
