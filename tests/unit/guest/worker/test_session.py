"""Cells in one namespace: what they print, raise, change and finish with."""

from __future__ import annotations

import builtins
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.vocabulary import GIVEN
from harlm.guest.worker.channel import CallRefused
from harlm.guest.worker.context import Library
from harlm.guest.worker.session import Session, describe, plain


def session_over(text: str = "alpha\nbeta", head: int = 1_000, tail: int = 1_000) -> Session:
    def call(function: str, arguments: dict[str, Any]) -> Any:
        if arguments.get("prompt") == "refuse":
            raise CallRefused("the model is away")
        return f"{function} {arguments.get('prompt')}"

    library = Library()
    library.add("a.txt", True, text)
    return Session(
        library, shape="text", functions=list(GIVEN), call=call,
        call_many=lambda function, every: [call(function, each) for each in every], head=head, tail=tail,
    )  # fmt: skip


def output(session: Session, cell: str) -> str:
    done = session.run(cell)
    assert done["error"] is None, done["error"]
    return str(done["head"])


def error(session: Session, cell: str) -> str:
    return str(session.run(cell)["error"])


def test_variables_stay_between_cells_and_after_an_exception() -> None:
    session = session_over()
    assert "ZeroDivisionError" in error(session, "x = 1\ny = x / 0\nz = 3")
    assert output(session, "print(x, 'z' in globals())") == "1 False\n"


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("1 + 1", "2\n"),
        ("None", ""),
        ("x = 5", ""),
        ("'a\\nb'", "a\nb\n"),
        ("print('printed')\n[1]", "printed\n[1]\n"),
        ("list(range(2_000))", "list of 2,000; print a slice of it\n"),
        ("{}", "{}\n"),
        ("import sys\nsys.stderr.write('to stderr')\nNone", "to stderr"),
        ("context[:5]", "alpha\n"),
        ("llm_query('a')", "llm_query a\n"),
        ("rlm_query_batched(['a', 'b'])", "['rlm_query a', 'rlm_query b']\n"),
        ("await __import__('asyncio').sleep(0, 'awaited')", "awaited\n"),
    ],
)
def test_what_is_printed_and_the_value_of_the_last_expression_are_shown(cell: str, shown: str) -> None:
    assert output(session_over(), cell) == shown


def test_long_output_is_kept_as_head_and_tail() -> None:
    done = session_over(head=5, tail=3).run("print('0123456789', end='')")
    assert (done["head"], done["tail"], done["chars"]) == ("01234", "789", 10)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("FINAL('done')", "done"),
        ("x = {'a': {1, 2}}\nFINAL_VAR('x')", {"a": [1, 2]}),
        ("try:\n    SUBMIT(b=1, a=2)\nexcept Exception:\n    pass", {"b": 1, "a": 2}),
        ("answer['content'] = (1, None)\nanswer['ready'] = True", [1, None]),
        ("answer = {'ready': True, 'content': 'own'}", "own"),
        ("FINAL(context)", "alpha\nbeta"),
    ],
)
def test_every_way_to_finish_gives_the_answer(cell: str, value: object) -> None:
    done = session_over().run(cell)
    assert done["final"] == {"value": value}
    assert done["error"] is None


def test_an_answer_that_was_not_accepted_is_not_given_again() -> None:
    session = session_over()
    assert session.run("answer['content'] = 1; answer['ready'] = True")["final"] == {"value": 1}
    assert session.run("x = 1")["final"] is None


def test_a_cell_that_both_fails_and_has_an_answer_reports_both() -> None:
    done = session_over().run("answer.update(content='a', ready=True)\n1 / 0")
    assert done["final"] == {"value": "a"}
    assert "ZeroDivisionError" in done["error"]


def test_an_answer_whose_class_cannot_be_shown_is_an_error() -> None:
    done = session_over().run("class A:\n    def __str__(self): raise KeyError('no')\nFINAL(A())")
    assert done["final"] is None
    assert done["error"].startswith("The value that the cell finished with cannot be sent: ")


def test_a_traceback_shows_the_lines_of_cells_and_none_of_ours() -> None:
    session = session_over()
    session.run("def f():\n    return llm_query('refuse')")
    shown = error(session, "f()")
    assert 'File "<cell 1>", line 2, in f' in shown
    assert "return llm_query('refuse')" in shown
    assert shown.endswith("CallRefused: the model is away")
    assert "harlm" not in shown


def test_a_traceback_too_long_keeps_its_beginning_and_more_of_its_end() -> None:
    shown = error(session_over(), "def f(n): return f(n - 1) if n else {}['the end' * 900]\nf(40)")
    assert len(shown) <= 4_003
    assert shown.startswith("Traceback (most recent call last):")
    assert "\n…\n" in shown
    assert shown.endswith("the end'")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("raise SystemExit(3)", "SystemExit: 3 ended the cell; the REPL and its variables are kept"),
        ("def broken(:", "SyntaxError"),
        ("class E(Exception):\n    def __str__(self): raise ValueError\nraise E", "E"),
        ("raise BaseException('any')", "BaseException: any"),
    ],
)
def test_whatever_a_cell_raises_is_reported(cell: str, said: str) -> None:
    assert said in error(session_over(), cell)


def test_names_that_a_cell_overwrites_are_restored() -> None:
    session = session_over()
    session.run(
        "context = llm_query = FINAL = None\ndel SHOW_VARS\nimport builtins\ndel builtins.len\nbuiltins.print = None"
    )
    assert output(session, "print(len(context), llm_query('a'), callable(FINAL), callable(SHOW_VARS))") == (
        "10 llm_query a True True\n"
    )
    assert builtins.len("ab") == 2


def test_a_cell_gets_its_own_output_and_module_and_leaves_ours() -> None:
    before = sys.stdout, sys.modules["__main__"]
    session_over().run("import sys, __main__\nsys.stdout = None\n__main__.x = 1")
    assert (sys.stdout, sys.modules["__main__"]) == before


def test_changed_variables_are_reported_with_a_description() -> None:
    session = session_over()
    assert session.run("a = 1\n_b = 2\nc = 'x' * 100")["names"] == [
        ["a", "int 1"],
        ["c", "str of 100 characters"],
    ]
    assert session.run("a = a\nd = [1]\ncontext = 1")["names"] == [["d", "list of 1"]]
    assert len(session.run("\n".join(f"v{n} = {n}" for n in range(60)))["names"]) == 40
    assert "c: str of 100 characters" in output(session, "print(SHOW_VARS())")


@pytest.mark.parametrize(
    ("value", "described"),
    [
        (True, "bool True"),
        (1.5, "float 1.5"),
        (None, "NoneType None"),
        ("short", "str 'short'"),
        ((1, 2), "tuple of 2"),
        (1 << 300, "int of 301 bits"),
        (type("Row", (dict,), {"__len__": lambda self: 1 / 0})(a=1), "Row of 1"),
        (type("Table", (list,), {"__repr__": lambda self: 1 / 0})([1, 2]), "Table of 2"),
        (object(), "object"),
        (print, "builtin_function_or_method"),
    ],
)
def test_a_description_is_short_and_runs_no_code_of_the_value(value: object, described: str) -> None:
    assert describe(value) == described


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    )
)
def test_plain_values_stay_and_integers_beyond_64_bits_become_text(value: object) -> None:
    def expected(each: object) -> object:
        if isinstance(each, bool) or not isinstance(each, int):
            if isinstance(each, list):
                return [expected(item) for item in each]
            return {key: expected(item) for key, item in each.items()} if isinstance(each, dict) else each
        return each if -(1 << 63) <= each < 1 << 63 else str(each)

    assert plain(value) == expected(value)


def test_what_is_nested_too_deep_or_not_plain_becomes_text() -> None:
    deep: list[Any] = []
    for _ in range(40):
        deep = [deep]
    found: Any = plain(deep)
    for _ in range(12):
        (found,) = found
    assert found == "[" * 29 + "]" * 29
    assert plain({1: (2, {3})}) == {"1": [2, [3]]}
    assert plain(1 << 20_000).startswith("0x1")
