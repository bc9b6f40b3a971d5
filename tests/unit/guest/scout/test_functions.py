"""Functions of cells that may call models are followed statement by statement."""

from __future__ import annotations

from typing import Any

import pytest

from harlm.guest.scout.functions import Inner, follow, is_followed
from harlm.guest.scout.pending import Pending, Touched, settled
from tests.support.scout_blocks import Calls, arrive, start, task_over
from tests.support.scout_lines import both, variables

CALLING = "def ask(text, *more, loud=False, **rest):\n    return (text, more, loud, rest, llm_query(text))\n"


@pytest.mark.parametrize(
    "call",
    [
        "ask('a')", "ask('a', 1, 2)", "ask('a', loud=True)", "ask(text='a', x=1)", "ask(*['a', 1], **{'loud': 2})",
    ],
)  # fmt: skip
def test_arguments_are_bound_as_in_python(call: str) -> None:
    followed, executed = variables(f"{CALLING}out = {call}")
    assert followed == executed


@pytest.mark.parametrize(
    ("header", "call", "said"),
    [
        ("def f(a)", "f(1, 2)", "2 positional arguments were given"),
        ("def f(a)", "f()", "missing arguments \\['a'\\]"),
        ("def f(a)", "f(1, a=2)", "multiple values for argument 'a'"),
        ("def f(a)", "f(1, b=2)", "unexpected arguments \\['b'\\]"),
        ("def f(*, a)", "f()", "missing arguments \\['a'\\]"),
    ],
)
def test_arguments_that_do_not_fit_are_an_error_of_the_program(header: str, call: str, said: str) -> None:
    code = f"{header}: return llm_query('x')"
    task = task_over(Calls(), code=code)
    start(code, task)
    with pytest.raises(TypeError, match=said):
        start(call, task)


@pytest.mark.parametrize(
    "code",
    [
        "def f(n):\n    return llm_query('end') if n == 0 else f(n - 1) + str(n)\nout = f(4)",
        "def f(c, seen=[]):\n    seen.append(llm_query(c))\n    return list(seen)\nout = f('a')\nout = f('b')",
        "def outer(c):\n    n = 0\n    def inner():\n        nonlocal n\n        n += len(llm_query(c))\n    inner()\n    inner()\n    return n\nout = outer('a')",
        "total = ''\ndef f(c):\n    global total\n    total += llm_query(c)\nf('a')\nf('b')\nout = total",
        "def f(c):\n    if 'yes' in llm_query(c):\n        return 'short'\n    return llm_query('long ' + c)\nout = [f(c) for c in 'abcd']",
        "def f(c):\n    for part in c:\n        if 'no' in llm_query(part): return part\nout = [f('abc'), f('xyz')]",
        "class A:\n    def ask(self, c):\n        self.last = llm_query(c)\n        return self\na = A()\nout = a.ask('x').last\ndel a",
        "def f(): return llm_query('a')\ng = f\nout = g()",
        "out = (lambda c: llm_query(c) + '!')('a')",
    ],
)
def test_a_followed_function_does_what_python_does(code: str) -> None:
    followed, executed = variables(code)
    assert followed["out"] == executed["out"]
    assert both(code).foresaw_all


def test_the_caller_continues_while_the_function_waits() -> None:
    seen = both("def f(c): return llm_query(llm_query(c))\nout = [f(c) for c in 'abcd']")
    assert seen.foresaw_all
    assert seen.seconds == 2


def test_a_coroutine_that_is_closed_never_runs() -> None:
    code = "async def f(): return llm_query('a')\nf().close()\nllm_query('after')"
    assert both(code).ahead == ["after"]


def test_a_function_that_gets_an_iterator_is_followed_although_it_calls_nothing() -> None:
    code = "def two(it):\n    it = iter(it)\n    return [next(it), next(it)]\nout = two(llm_query(c) for c in 'abcd')"
    seen = both(code)
    assert seen.ahead == ["a", "b"]
    assert seen.seconds == 1


def test_only_functions_that_may_call_are_followed() -> None:
    code = f"{CALLING}def plain(): return 1\n"
    task = task_over(code=code)
    start(code, task)
    names, world = task.world.names, task.world
    assert is_followed(names["ask"], world)
    assert is_followed(world.tool("llm_query"), world)
    assert not any(is_followed(function, world) for function in (names["plain"], len, pytest.raises, 7))


def test_an_inner_function_called_by_ordinary_code_is_followed_to_its_end() -> None:
    calls = Calls()
    code = "def make():\n    def inner(c): return llm_query(c)\n    return inner\n"
    task = task_over(calls, code=code + "llm_query('x')")
    start(code, task)
    inner: Any = settled(follow(task.world.names["make"], [], {}, task))
    assert isinstance(inner, Inner)
    with pytest.raises(Touched) as stopped:
        inner("a")
    assert [asking.values for asking in calls.asked] == [["a"]]
    assert type(stopped.value.pending) is Pending
    arrive(calls.replies[0], "reply", task)
    assert settled(stopped.value.pending) == "reply"
