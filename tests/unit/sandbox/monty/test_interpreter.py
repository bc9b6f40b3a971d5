"""One Monty interpreter, driven from call to call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from harlm.guest.worker.output import Captured
from harlm.protocols import ReplSetup
from harlm.sandbox.monty.interpreter import AskedCall, Dead, Ended, Interpreter
from harlm.types import Context, ToolShape

if TYPE_CHECKING:
    import pydantic_monty


@pytest.fixture
def pool() -> Iterator[pydantic_monty.Monty]:
    monty = pytest.importorskip("pydantic_monty", reason="pip install 'harlm[monty]'")
    with monty.Monty(min_processes=0, max_checkouts_per_worker=1) as pool:
        yield pool


@pytest.fixture
def interpreter(pool: pydantic_monty.Monty) -> Iterator[Interpreter]:
    interpreter = made(pool)
    interpreter.open(None)
    yield interpreter
    interpreter.close()


def made(pool: pydantic_monty.Monty, text: str = "alpha") -> Interpreter:
    setup = ReplSetup(context=Context.of_text(text), functions=("llm_query",))
    return Interpreter(pool, setup, memory_bytes=256 << 20, seconds=20)


def run(interpreter: Interpreter, cell: str) -> tuple[AskedCall | Ended, str]:
    output = Captured(1000, 1000)
    now = interpreter.start(cell, output)
    return now, "".join(output.take())


def test_a_cell_runs_to_its_end_and_shows_its_last_value(interpreter: Interpreter) -> None:
    assert run(interpreter, "print(context)\n1 + 1") == (Ended(), "alpha\n2\n")


def test_a_cell_waits_for_each_call_and_continues_with_the_answer(interpreter: Interpreter) -> None:
    now, _ = run(interpreter, "x = llm_query('a', model='m')\ny = llm_query(x)")
    assert now == AskedCall("llm_query", ("a",), {"model": "m"})
    assert interpreter.answer("b") == AskedCall("llm_query", ("b",), {})
    assert interpreter.answer("c") == Ended()
    assert interpreter.meant("y", ["y"], []) == "c"


@pytest.mark.parametrize(
    ("error", "kind"),
    [(TypeError("no"), "TypeError"), (ValueError("no"), "ValueError"), (KeyError("no"), "RuntimeError")],
)
def test_an_error_is_raised_in_the_cell(interpreter: Interpreter, error: Exception, kind: str) -> None:
    run(interpreter, "try:\n    llm_query('a')\nexcept Exception as error:\n    kind = type(error).__name__")
    assert interpreter.refuse(error) == Ended()
    assert interpreter.meant("kind", ["kind"], []) == kind


def test_a_cell_that_has_finished_can_neither_print_nor_call(interpreter: Interpreter) -> None:
    cell = "try:\n    FINAL(1)\nexcept BaseException:\n    print('more')\n    llm_query('more')"
    now, _ = run(interpreter, cell)
    assert now == AskedCall("FINAL", (1,), {})
    assert interpreter.finish() == Ended()
    assert interpreter.output.length == 0


def test_an_unknown_name_is_an_error_of_the_cell(interpreter: Interpreter) -> None:
    now, _ = run(interpreter, "nothing('a')")
    assert isinstance(now, Ended)
    assert "NameError" in str(now.error)
    with pytest.raises(NameError, match=r"there is no variable 'missing'; SHOW_VARS\(\) lists them"):
        interpreter.meant("missing", [], ["FINAL_VAR('missing')"])


def test_variables_of_a_saved_state_are_those_of_the_next_interpreter(
    interpreter: Interpreter, pool: pydantic_monty.Monty
) -> None:
    run(interpreter, "x = [1, 2]")
    following = made(pool)
    look = following.open(interpreter.save())
    try:
        assert look.shown() == [("x", "list of 2")]
        assert run(following, "print(x, context)") == (Ended(), "[1, 2] alpha\n")
    finally:
        following.close()


def test_a_large_context_is_not_part_of_a_saved_state(pool: pydantic_monty.Monty) -> None:
    text = "0123456789" * 100_000
    interpreter, following = made(pool, text), made(pool, text)
    try:
        interpreter.open(None)
        state = interpreter.save()
        assert len(state) < len(text) / 2
        following.open(state)
        for each in (interpreter, following):
            assert run(each, "print(len(context))") == (Ended(), "1000000\n")
    finally:
        interpreter.close()
        following.close()


def test_looking_puts_the_context_back(interpreter: Interpreter) -> None:
    run(interpreter, "context = None")
    interpreter.look()
    assert run(interpreter, "print(context)") == (Ended(), "alpha\n")


def test_a_cell_that_replaces_the_looking_function_hides_only_its_variables(interpreter: Interpreter) -> None:
    run(interpreter, "x = 1\ndef _harlm_look(*_): return [('forged',)]")
    assert interpreter.look().shown() == []
    assert run(interpreter, "print(x)") == (Ended(), "1\n")


def test_a_boolean_variable_hides_neither_the_others_nor_the_answer(interpreter: Interpreter) -> None:
    run(interpreter, "a = 1\nflag = True\nanswer['content'] = 5\nanswer['ready'] = True")
    look = interpreter.look()
    assert look.shown() == [("a", "int 1"), ("flag", "bool True")]
    assert look.said == (5,)


def test_a_killed_interpreter_is_unusable(interpreter: Interpreter) -> None:
    interpreter.kill()
    with pytest.raises(Dead):
        interpreter.look()
    interpreter.kill()


@pytest.mark.parametrize(
    ("text", "cell", "meant"),
    [
        ("result", "FINAL_VAR('result')", "V"),
        (" `result` ", "FINAL_VAR(' `result` ')", "V"),
        ("V", "FINAL_VAR(result)", "V"),
        ("V", "FINAL_VAR('V')", "V"),
        ("W", "FINAL_VAR(d['a'])", "W"),
        ("d['a']", """FINAL_VAR("d['a']")""", "W"),
        ("d['a']", "FINAL_VAR(text)", "d['a']"),
        ("context[0]", "FINAL_VAR('context[0]')", "a"),
        ("a sentence.", "FINAL_VAR('a sentence.')", "a sentence."),
        ("class", "FINAL_VAR(text)", "class"),
        ("max", "FINAL_VAR(text)", "max"),
        ("", "FINAL_VAR('')", ""),
    ],
)
def test_a_text_is_taken_for_what_the_cell_means(
    interpreter: Interpreter, text: str, cell: str, meant: object
) -> None:
    run(interpreter, "result = 'V'\nd = {'a': 'W'}")
    assert interpreter.meant(text, {"result", "d", "context"}, ["x = 1", cell]) == meant
    assert interpreter.look().shown() == [("result", "str 'V'"), ("d", "dict of 1")]


@pytest.mark.parametrize("text", ["missing", "class", "missing['a']"])
def test_the_name_of_no_variable_is_a_mistake(interpreter: Interpreter, text: str) -> None:
    with pytest.raises(NameError, match="there is no variable"):
        interpreter.meant(text, {"d"}, [f"FINAL_VAR({text!r})"])


@pytest.mark.parametrize(("call", "code"), [("exit()", "None"), ("quit(3)", "3"), ("exit('why')", "why")])
def test_leaving_ends_the_cell(interpreter: Interpreter, call: str, code: str) -> None:
    now, _ = run(interpreter, f"x = 1\ntry:\n    {call}\nexcept Exception:\n    x = 2\nx = 3")
    assert now == Ended(f"SystemExit: {code} ended the cell; the REPL and its variables are kept")
    assert run(interpreter, "x") == (Ended(), "1\n")
    assert run(interpreter, "def exit(): return 'own'\nexit()") == (Ended(), "own\n")


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (("1 + 1", "_ * 10"), "20\n"),
        (("'a'", "[1]", "_"), "a\n"),
        (("5", "_ = 'own'", "6", "_"), "own\n"),
        (("5", "_harlm_locals = _harlm_echoed = None", "6", "_"), "5\n"),
    ],
)
def test_the_last_shown_text_or_number_has_a_name(
    interpreter: Interpreter, cells: tuple[str, ...], shown: str
) -> None:
    for cell in cells[:-1]:
        run(interpreter, cell)
    assert run(interpreter, cells[-1])[1] == shown


def test_help_prints_all_about_a_tool(pool: pydantic_monty.Monty) -> None:
    tool = ToolShape(
        name="find",
        parameters=("x",),
        signature="find(x)",
        summary="",
        help="find(x)\n\nFinds.",
        is_pure=True,
    )
    setup = ReplSetup(context=Context.of_text("x"), functions=("llm_query",), tools=(tool,))
    interpreter = Interpreter(pool, setup, memory_bytes=256 << 20, seconds=20)
    interpreter.open(None)
    try:
        assert run(interpreter, "help(find)\nhelp('find')") == (Ended(), "find(x)\n\nFinds.\n" * 2)
        assert run(interpreter, "help('other')")[1] == "help(name) describes find\n"
        assert run(interpreter, "find(3)")[0] == AskedCall("find", (3,), {})
        assert interpreter.answer("found") == Ended()
        assert list(interpreter.look().variables) == ["_"] or not interpreter.look().variables
    finally:
        interpreter.close()
