"""Where names are looked up and bound."""

from __future__ import annotations

import types

import pytest

from harlm.guest.scout.frames import Frame, FreeNames
from harlm.guest.scout.pending import Pending, ReadyQueue


def test_names_are_found_from_the_inside_out_then_among_the_built_ins() -> None:
    module = Frame({"a": 1, "b": 2}, None)
    inner = Frame({"b": 3}, module)
    assert (inner.get("a"), inner.get("b"), inner.get("len")) == (1, 3, len)
    assert (module.is_module, inner.is_module) == (True, False)
    assert inner.has("a")
    assert not inner.has("len")
    with pytest.raises(NameError, match="name 'c' is not defined"):
        inner.get("c")


def test_a_pending_value_that_has_arrived_is_replaced_when_it_is_looked_up() -> None:
    ready, pending = ReadyQueue(), Pending()
    frame = Frame({"a": pending}, None)
    assert frame.get("a") is pending
    pending.resolve(5, ready)
    assert frame.get("a") == 5
    assert frame.names["a"] == 5


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("own", ("outer", "function", "new")),
        ("shared", ("outer", "new", None)),
        ("world", ("new", "function", None)),
    ],
)
def test_names_are_bound_where_they_belong(name: str, expected: tuple[str, str, str | None]) -> None:
    module = Frame({name: "outer"}, None)
    function = Frame({name: "function"}, module)
    inner = Frame({}, function, shared=frozenset({"shared"}), world=frozenset({"world"}))
    inner.set(name, "new")
    assert (module.names.get(name), function.names.get(name), inner.names.get(name)) == expected


def test_a_name_is_deleted_where_it_belongs() -> None:
    module = Frame({"a": 1}, None)
    inner = Frame({"b": 2}, module, world=frozenset({"a"}))
    inner.delete("a")
    inner.delete("b")
    assert module.names == inner.names == {}
    with pytest.raises(NameError, match="name 'b' is not defined"):
        inner.delete("b")


def test_a_block_keeps_the_values_of_the_moment_when_it_was_put_off() -> None:
    module = Frame({"a": 1, "unused": 0}, None)
    function = Frame({"b": 2}, module)
    block = function.block(frozenset({"a", "b", "missing"}))
    module.set("a", "later")
    function.set("b", "later")
    assert (block.get("a"), block.get("b")) == (1, 2)
    assert block.is_block
    assert "unused" not in block.names
    assert not block.has("missing")


def test_a_free_variable_is_bound_in_its_cell() -> None:
    def made() -> tuple[types.FunctionType, types.FunctionType]:
        n = 1

        def inner() -> int:
            return n + later

        def bind() -> None:
            nonlocal n
            n = 5

        if n > 1:
            later = 2
        return inner, bind  # type: ignore[return-value] # functions

    inner, _ = made()
    names = FreeNames(inner)
    assert names == {"n": 1}, "another one is not bound yet"
    frame = Frame({}, Frame(names, Frame({}, None)), shared=frozenset({"n", "later"}))
    frame.set("n", 7)
    frame.names["own"] = 8
    names["later"] = 1
    assert inner() == 8
    names["none of them"] = 1
    assert FreeNames(inner) == {"n": 7, "later": 1}
