"""What a peek changes is put back."""

from __future__ import annotations

import ast
import functools
import random
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any

import pytest

from harlm.guest.scout.frames import Frame, FreeNames
from harlm.guest.scout.syntax import Function, facts, of_all
from harlm.guest.scout.undo import PeekEnded, Undo


def in_a_cell(code: str) -> tuple[dict[str, Any], Undo]:
    """The variables of a cell, and what undoes changes of them."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(code, "<cell 1>", "exec"), names)
    texts = {
        (node.lineno, getattr(node, "name", "<lambda>")): node
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.FunctionDef | ast.Lambda)
    }

    def text_of(function: types.FunctionType) -> Function | None:
        return texts.get((function.__code__.co_firstlineno, function.__code__.co_name))

    def changed_by(text: Function) -> frozenset[str]:
        return facts(text.body).changed if isinstance(text, ast.Lambda) else of_all(text.body).changed

    return names, Undo(names, text_of, changed_by)


CHANGES: dict[str, tuple[Any, Callable[[Any], object]]] = {
    "a list": ([1, 2], lambda it: it.append(3)),
    "a dict": ({"a": 1, "b": 2}, lambda it: (it.pop("a"), it.update(c=3))),
    "a set": ({1, 2}, lambda it: (it.discard(1), it.add(3))),
    "a deque": (deque([1, 2]), lambda it: it.rotate(1)),
    "a counter": (Counter("ab"), lambda it: it.update("bc")),
    "a dict with a default": (defaultdict(list, a=[1]), lambda it: it["b"]),
    "an ordered dict": (OrderedDict(a=1, b=2), lambda it: it.move_to_end("a")),
    "bytes that change": (bytearray(b"ab"), lambda it: it.extend(b"c")),
    "a generator of random numbers": (random.Random(1), lambda it: it.random()),
}


def state(value: Any) -> Any:
    return value.getstate() if isinstance(value, random.Random) else (list(value), repr(value))


@pytest.mark.parametrize("kind", CHANGES)
def test_an_object_is_put_back_into_its_state(kind: str) -> None:
    value, change = CHANGES[kind]
    before = state(value)
    _, undo = in_a_cell("")
    undo.before(value)
    change(value)
    undo.before(value)  # its first state counts
    assert state(value) != before
    undo.put_back()
    assert state(value) == before


OWN = """
class A:
    n = 0
    def __init__(self): self.seen = []
    def note(self, c): self.seen.append(c)
class Slotted:
    __slots__ = ('x', 'y')
class Listed(list):
    pass
a, slotted, listed = A(), Slotted(), Listed([1])
slotted.x = 1
listed.name = 'one'
"""


def test_objects_and_classes_of_a_cell_are_put_back() -> None:
    names, undo = in_a_cell(OWN)
    a, kind, slotted, listed = (names[each] for each in ("a", "A", "slotted", "listed"))
    for each in (a, kind, slotted, listed):
        undo.before(each)
    a.more, kind.n, kind.other, slotted.x, slotted.y, listed.name = 1, 1, 1, 2, 2, "two"
    listed.append(2)
    undo.put_back()
    assert vars(a) == {"seen": []}
    assert kind.n == 0
    assert not hasattr(kind, "other")
    assert slotted.x == 1
    assert not hasattr(slotted, "y")
    assert (listed, listed.name) == ([1], "one")


@pytest.mark.parametrize(
    "target",
    [
        types.ModuleType("own"),
        types.SimpleNamespace(),
        functools.partial(int, base=2),
        lambda: 1,
        ValueError("x"),
    ],
    ids=lambda target: type(target).__name__,
)
def test_the_attributes_of_an_object_with_members_that_cannot_be_set_are_put_back(target: Any) -> None:
    before = dict(vars(target))
    _, undo = in_a_cell("")
    undo.before(target)
    target.note = 1
    undo.put_back()
    assert vars(target) == before


def test_the_variables_of_the_cell_are_put_back() -> None:
    names, undo = in_a_cell("x = 1")
    names["x"] = names["y"] = 2
    undo.put_back()
    assert names["x"] == 1
    assert "y" not in names


@pytest.mark.parametrize("target", [int, object(), "text", memoryview(b"x"), Counter])
def test_what_cannot_be_put_back_is_not_changed(target: Any) -> None:
    _, undo = in_a_cell("")
    with pytest.raises(PeekEnded):
        undo.before(target)


def test_the_names_of_functions_around_one_that_binds_them_are_put_back() -> None:
    _, undo = in_a_cell("")
    module = Frame({"m": 1}, None)
    maker = Frame({"n": 1}, module)
    undo.before_binding(Frame({}, maker, shared=frozenset("n")))
    undo.before_binding(Frame({}, module))
    maker.names["n"] = module.names["m"] = 2
    undo.put_back()
    assert maker.names == {"n": 1}
    assert module.names == {"m": 2}, "that of the module is another matter"


def test_free_variables_are_put_back_in_their_cells() -> None:
    names, undo = in_a_cell(
        "def make():\n    n = 0\n    def f():\n        nonlocal n\n        return n\n    return f\nf = make()"
    )
    free = FreeNames(names["f"])
    frame = Frame({}, Frame(free, Frame(names, None)), shared=frozenset("n"))
    undo.before_binding(frame)
    frame.set("n", 5)
    assert names["f"]() == 5
    undo.put_back()
    assert names["f"]() == 0


RUN = {
    "a parameter": ("log = []\ndef f(to): to.append(1)", "f(log)", "log"),
    "a keyword": ("log = []\ndef f(to=None): to.append(1)", "f(to=log)", "log"),
    "a default": ("log = []\ndef f(to=log): to.append(1)", "f()", "log"),
    "a keyword's default": ("log = []\ndef f(*, to=log): to.append(1)", "f()", "log"),
    "a global name": ("log = []\ndef f(): log.append(1)", "f()", "log"),
    "a part of a part": ("log = {'a': ([1], 2)}\ndef f(): log['a'][0].append(1)", "f()", "log"),
    "a lambda": ("log = []\nf = lambda: log.append(1)", "f()", "log"),
    "a method": (f"{OWN}f = a.note", "f(1)", "a.seen"),
    "a free variable": (
        "log = []\ndef make(to):\n    def f(): to.append(1)\n    return f\nf = make(log)",
        "f()",
        "log",
    ),
    "the class of what is made": (
        "class f:\n    made = []\n    def __init__(self): f.made.append(1)",
        "f()",
        "f.made",
    ),
    "random numbers": ("import random\nf = random.random", "f()", "random.getstate()"),
}


@pytest.mark.parametrize("kind", RUN)
def test_what_a_function_that_is_run_changes_is_put_back(kind: str) -> None:
    code, call, seen = RUN[kind]
    names, undo = in_a_cell(code)
    before = repr(eval(seen, names))

    def called(*values: Any, **named: Any) -> None:
        undo.before_running(names["f"], values, named)
        names["f"](*values, **named)

    eval(call, {**names, "f": called})
    assert repr(eval(seen, names)) != before
    undo.put_back()
    assert repr(eval(seen, names)) == before


def test_a_name_that_a_closure_binds_is_put_back() -> None:
    names, undo = in_a_cell(
        "def make():\n    n = 0\n    def f():\n        nonlocal n\n        n += 1\n        return n\n    return f\nf = make()"
    )
    undo.before_running(names["f"], (), {})
    assert [names["f"](), names["f"]()] == [1, 2]
    undo.put_back()
    assert names["f"]() == 1


def test_a_function_that_may_change_very_much_is_not_run() -> None:
    names, undo = in_a_cell(
        "rows = [[at] for at in range(3_000)]\nflat = list(range(3_000))\ndef f(to): to.append(1)"
    )
    undo.before_running(names["f"], [names["flat"]], {})
    with pytest.raises(PeekEnded):
        undo.before_running(names["f"], [names["rows"]], {})


def test_functions_of_no_cell_are_run_as_they_are() -> None:
    _, undo = in_a_cell("")
    for function in (len, str.upper, ast.dump, "a".join, Counter):
        undo.before_running(function, (), {})


def test_a_peek_ends_after_20000_statements() -> None:
    _, undo = in_a_cell("")
    for _ in range(20_000):
        undo.step()
    with pytest.raises(PeekEnded):
        undo.step()
