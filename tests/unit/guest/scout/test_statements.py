"""Branches, ``try``, ``with`` and exits; and statements that are left to the cell."""

from __future__ import annotations

import pytest

from harlm.guest.scout.statements import run
from harlm.guest.scout.tasks import Returned
from tests.support.scout_blocks import start, task_over
from tests.support.scout_lines import both, scout, variables


@pytest.mark.parametrize(
    "code",
    [
        "r = llm_query('a')\nif 'yes' in r:\n    out = 1\nelif 'no' in r:\n    out = 2\nelse:\n    out = 3",
        "out = 0\nif 'impossible' in llm_query('a'):\n    out = 1\nout += 1",
        "try:\n    out = int(llm_query('a'))\nexcept ValueError as error:\n    out = type(error).__name__",
        "try:\n    out = {}[llm_query('a')]\nexcept (KeyError, IndexError):\n    out = 'missing'\nfinally:\n    out += '!'",
        "try:\n    r = llm_query('a')\nexcept RuntimeError:\n    out = 1\nelse:\n    out = r",
        "out = []\ntry:\n    try:\n        int(llm_query('a'))\n    except ValueError:\n        raise\n    finally:\n        out.append('inner')\nexcept ValueError:\n    out.append('outer')",
        "def f():\n    try:\n        return llm_query('a')\n    finally:\n        seen.append('left')\nseen = []\nout = f()\nout += str(seen)",
        "out = []\nfor c in 'ab':\n    try:\n        out.append(int(llm_query(c)))\n    except ValueError:\n        out.append(llm_query('again ' + c))",
        "import contextlib\nwith contextlib.nullcontext('n') as name:\n    out = name + llm_query('a')\nout += '!'",
        "import contextlib\nout = 1\nwith contextlib.suppress(KeyError):\n    {}['missing']\n    out = 2\nout += len(llm_query('a'))",
        "try:\n    raise ValueError\nexcept ValueError as error:\n    out = repr(error)\nseen = 'error' in globals()",
    ],
)
def test_the_result_is_that_of_python(code: str) -> None:
    followed, executed = variables(code)
    assert followed["out"] == executed["out"]
    assert both(code).foresaw_all


@pytest.mark.parametrize(
    ("code", "ended"),
    [("break", "break"), ("continue", "continue"), ("x = 1", None), ("if 1:\n    break", "break")],
)
def test_a_block_says_how_it_ended(code: str, ended: str | None) -> None:
    task = task_over()
    start(code, task)
    assert task.signal == ended


def test_a_return_carries_its_value() -> None:
    import ast

    task = task_over()
    function = ast.parse("def f():\n    return 6 * 7").body[0]
    assert isinstance(function, ast.FunctionDef)
    task.start(run(function.body, task.world.frame, task), lambda: lambda: None)
    assert isinstance(task.signal, Returned)
    assert task.signal.value == 42


def test_what_a_branch_does_not_touch_does_not_wait_for_it() -> None:
    seen = both("r = llm_query('a')\nif 'x' in r:\n    b = llm_query('b')\nc = llm_query('c')")
    assert seen.seconds <= 2
    assert seen.ahead[:2] == ["a", "c"]


def test_a_raise_on_a_reply_does_not_stop_what_follows_until_it_is_raised() -> None:
    line = scout("r = llm_query('a')\nif 'impossible' in r: raise ValueError\nllm_query('b')")
    assert (line.asked, line.now) == (["a", "b"], 1)


def test_nothing_is_asked_after_a_bare_raise_without_an_exception() -> None:
    assert scout("raise\nllm_query('a')").asked == []


@pytest.mark.parametrize(
    "statement",
    [
        "match r:\n    case 'a' if llm_query('guard'): b = 1\n    case _: b = 2",
        "try:\n    b = 1\nexcept* ValueError:\n    b = 2",
        "b = [*r]",
    ],
)
def test_names_bound_by_a_statement_that_is_left_to_the_cell_never_arrive(statement: str) -> None:
    line = scout(f"r = llm_query('a')\n{statement}\nllm_query(str(b))\nllm_query('after')")
    assert line.asked == ["a", "after"]


def test_objects_changed_by_a_statement_that_is_left_to_the_cell_are_held_for_ever() -> None:
    line = scout(
        "items, r = [], llm_query('a')\ntry:\n    items.append(1)\nexcept* ValueError:\n    pass\nllm_query(str(items))\nllm_query('after')"
    )
    assert line.asked == ["a", "after"]


def test_nothing_is_asked_after_a_statement_that_may_end_the_block_and_is_left_to_the_cell() -> None:
    line = scout(
        "def f():\n    match llm_query('a'):\n        case str(): return 1\n    llm_query('b')\nf()\nllm_query('c')"
    )
    assert "b" not in line.asked
