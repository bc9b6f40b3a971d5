"""Statements without blocks: they do what Python does, now or when a reply has arrived."""

from __future__ import annotations

import pytest

from tests.support.scout_blocks import Calls, start, task_over
from tests.support.scout_lines import both, scout, variables

IN_PLACE = ("+=", "-=", "*=", "//=", "%=", "**=", "<<=", ">>=", "|=", "&=", "^=", "/=")


@pytest.mark.parametrize("operator", IN_PLACE)
def test_augmented_assignment_of_numbers(operator: str) -> None:
    followed, executed = variables(f"a = 7\na {operator} len(llm_query('x')[:2])\nb = [5]\nb[0] {operator} 2")
    assert followed == executed


@pytest.mark.parametrize(
    "code",
    [
        "a = [1]\nb = a\na += [llm_query('x')]\nb.append(2)",
        "a = []\nb = a\na += llm_query('x').split()\nn = len(b)",
        "a = {1}\nb = a\na |= {llm_query('x')}\nn = len(b)",
        "a = ''\na += llm_query('x')\na += '!'",
        "a = {}\na[llm_query('x')] = 1\na[llm_query('x')] += 1",
        "a = {'k': ''}\nfor c in 'xy':\n    a['k'] += llm_query(c)",
        "a = {'k': []}\na['k'] += [llm_query('x')]\nb = a['k'][0]",
        "a = b, c = llm_query('x').split()",
        "a: int = 1\nb: str",
        "a = [1, 2, 3]\ndel a[0], a[-1]",
        "a = {'x': 1}\ndel a[llm_query('q')[:0] or 'x']",
        "a = 1\ndel a",
        "import math, json as j\nfrom os import path as p\na = math.pi\nb = j.dumps([1])\nc = p.join('a', 'b')",
        "assert llm_query('x')\na = 1",
        "def f(x=[]): return x\na = f()\na.append(1)\nb = f()",
        "def f():\n    import math\n    r = llm_query('x')\n    return math.floor(2.5), r\na = f()",
        "class A:\n    size = 3\na = A.size",
        "def f():\n    class B:\n        size = 3\n    r = llm_query('x')\n    return B.size, r\na = f()",
    ],
)
def test_variables_end_as_in_python(code: str) -> None:
    followed, executed = variables(code)
    assert followed == executed


def test_an_attribute_of_an_object_can_be_assigned_changed_and_deleted() -> None:
    code = (
        "class A: pass\na = A()\na.text = llm_query('x')\na.text += '!'\na.gone = 1\ndel a.gone\n"
        "b = a.text\nc = hasattr(a, 'gone')\ndel a"
    )
    followed, executed = variables(code)
    assert followed == executed


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("assert 1 > 2", AssertionError),
        ("del missing", NameError),
        ("a = missing", NameError),
        ("1 / 0", ZeroDivisionError),
    ],
)
def test_what_the_program_raises_is_raised(code: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        start(code, task_over(Calls()))


def test_a_late_assertion_that_fails_ends_what_is_foreseen() -> None:
    line = scout(
        "r = llm_query('a')\nassert 'impossible' in r\nb = llm_query('b' + r)\nc = llm_query('c' + b)"
    )
    assert not [prompt for prompt in line.asked if prompt.startswith("c")]


def test_a_decorated_function_is_defined_as_python_does() -> None:
    seen = both("import functools\n@functools.lru_cache\ndef f(c): return c * 2\nllm_query(f('a'))")
    assert seen.ahead == seen.alone == ["aa"]


def test_del_of_a_tuple_is_left_to_the_cell_and_stops_nothing_else() -> None:
    assert scout("a = b = 1\ndel (a, b)\nllm_query('after')").asked == ["after"]
