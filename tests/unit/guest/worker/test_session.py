"""Cells in one namespace: what they print, raise, change and finish with."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from harlm.guest.vocabulary import GIVEN
from harlm.guest.worker.channel import CallRefused
from harlm.guest.worker.context import Library
from harlm.guest.worker.session import Session

OPENED: list[Session] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def session_over(text: str = "alpha\nbeta", head: int = 1_000, tail: int = 1_000) -> Session:
    def call(function: str, arguments: dict[str, Any]) -> Any:
        if arguments.get("prompt") == "refuse":
            raise CallRefused("the model is away")
        return f"{function} {arguments.get('prompt')}"

    library = Library()
    library.add("a.txt", True, text)
    session = Session(
        library, shape="text", functions=list(GIVEN), call=call,
        call_many=lambda function, every: [call(function, each) for each in every], head=head, tail=tail,
    )  # fmt: skip
    OPENED.append(session)
    return session


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
        ("answer['value'] = 42; answer['ready'] = True", 42),
        ("answer = {'ready': True, 'result': 1, 'why': 'b'}", {"result": 1, "why": "b"}),
        ("answer['ready'] = True", None),
        ("answer['content'] = map(str, range(2)); answer['ready'] = True", ["0", "1"]),
        ("FINAL(llm_query(each) for each in 'ab')", ["llm_query a", "llm_query b"]),
        ("SUBMIT(answer='named')", "named"),
        ("async def ask(): return 'awaited'\nFINAL(ask())", "awaited"),
        ("import asyncio\nasync def ask(): return 'awaited'\nFINAL(asyncio.create_task(ask()))", "awaited"),
        ("async def many():\n    yield 1\n    yield 2\nFINAL(many())", [1, 2]),
        ("async def ask(): FINAL('in a task')\nawait ask()", "in a task"),
        (
            "import asyncio\nasync def ask(): FINAL('aside')\nt = asyncio.create_task(ask())\nawait asyncio.Event().wait()",
            "aside",
        ),
        ("import asyncio\nasync def ask(): FINAL('own loop')\nasyncio.run(ask())", "own loop"),
        (
            "import asyncio\nasync def ask(): FINAL('group')\nasync with asyncio.TaskGroup() as g:\n    g.create_task(ask())",
            "group",
        ),
        ("import asyncio\nawait asyncio.to_thread(FINAL, 'thread')", "thread"),
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
    assert session.run("answer = {'value': 2, 'ready': True}")["final"] == {"value": 2}
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
        ("exit()", "SystemExit: None ended the cell; the REPL and its variables are kept"),
        ("quit('why')", "SystemExit: 'why' ended the cell"),
        ("async def f(): exit(2)\nawait f()", "SystemExit: 2 ended the cell"),
        ("FINAL(print)", "the function print is not an answer"),
        ("import itertools\nFINAL(itertools.count())", "more than 100,000"),
        ("def numbers():\n    yield 1\n    1 / 0\nFINAL(numbers())", "ZeroDivisionError"),
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


def test_a_cell_that_left_goes_on_with_the_next() -> None:
    session = session_over()
    session.run("x = 1\nexit()\nx = 2")
    assert output(session, "x") == "1\n"
    assert output(session, "exit = 5\nhelp = 6\nprint(exit, help)") == "5 6\n"
    assert [name for name, _ in session.run("exit = 7")["names"]] == ["exit"]


def test_help_is_printed_with_the_output() -> None:
    assert "Return the number of items" in output(session_over(), "help(len)")


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (("1 + 1", "_ * 10"), "20\n"),
        (("'text'", "None", "x = 3", "_ + '!'"), "text!\n"),
        (("5", "for _ in range(3): pass", "6", "_"), "2\n"),
        (("5", "_ = 'own'", "6", "del _", "7", "_"), "7\n"),
        (("await __import__('asyncio').sleep(0, 'awaited')", "_"), "awaited\n"),
        (("_ = None", "5", "print(_)"), "None\n"),
    ],
)
def test_the_last_shown_value_has_a_name_unless_a_cell_took_it(cells: tuple[str, ...], shown: str) -> None:
    session = session_over()
    for cell in cells[:-1]:
        session.run(cell)
    assert output(session, cells[-1]) == shown


def test_streams_are_the_same_in_all_cells() -> None:
    session = session_over()
    output(session, "import sys\nout, err, first = sys.stdout, sys.stderr, sys.__stdout__")
    assert output(
        session, "print('a', file=out); print('b', file=err); print('c', file=first)\nsys.stdout is out"
    ) == ("a\nb\nc\nTrue\n")
    output(session, "sys.stdout.close(); sys.stderr.close(); sys.stdout = None")
    assert output(session, "print('d'); out.buffer.write(b'e\\n')\nNone") == "d\ne\n"


def test_what_a_wrapped_stream_holds_is_shown_with_its_cell() -> None:
    session = session_over()
    cell = (
        "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding='utf-8')\nprint('wrapped')"
    )
    assert output(session, cell) == "wrapped\n"
    assert "ZeroDivisionError" in error(session, cell + "\n1 / 0")
    assert output(session, "print('after')") == "after\n"


TASKS = """
import asyncio
async def ask(prompt):
    return await asyncio.to_thread(llm_query, prompt)
"""


def test_a_cell_that_awaits_runs_in_one_loop_from_its_first_line_to_its_last() -> None:
    session = session_over()
    cell = TASKS + "tasks = [asyncio.create_task(ask(each)) for each in 'ab']\nawait asyncio.gather(*tasks)"
    assert output(session, cell) == "['llm_query a', 'llm_query b']\n"
    assert output(
        session, "first = asyncio.current_task()\nawait asyncio.sleep(0)\nfirst is asyncio.current_task()"
    ) == ("True\n")


def test_what_earlier_cells_made_for_the_loop_stays_usable() -> None:
    session = session_over()
    output(
        session,
        TASKS
        + "queue, lock, event = asyncio.Queue(), asyncio.Lock(), asyncio.Event()\nawait lock.acquire()\nNone",
    )
    output(
        session, "async def work():\n    await event.wait()\n    async with lock: return await queue.get()"
    )
    output(session, "waiting = asyncio.create_task(work())")  # nothing is awaited here
    assert output(session, "await asyncio.sleep(0)\nwaiting.done()") == "False\n"
    assert output(session, "waiting.done()") == "False\n"
    output(session, "event.set(); lock.release(); queue.put_nowait('got')")
    assert output(session, "await waiting") == "got\n"


def test_a_plain_cell_may_run_a_loop_of_its_own_or_that_of_the_repl() -> None:
    session = session_over()
    output(
        session,
        TASKS + "async def two(): return 2\nloop = asyncio.get_event_loop()\nprint(asyncio.run(two()))",
    )
    assert (
        output(session, "loop is asyncio.get_event_loop(), loop.run_until_complete(two())") == "(True, 2)\n"
    )
    assert output(session, "asyncio.get_running_loop() is loop") == "True\n"
    assert output(session, "print(asyncio.run(two()))\nloop.close()") == "2\n"
    assert output(session, "await two()") == "2\n"  # in a new loop
    assert output(session, "asyncio.get_event_loop().run_until_complete(two())") == "2\n"


def test_a_task_that_fails_aside_is_shown_once_and_not_if_it_is_awaited() -> None:
    session = session_over()
    cell = "import asyncio\nasync def bad(): raise ValueError('aside')\nfirst = asyncio.create_task(bad())\n"
    shown = output(session, cell + "await asyncio.sleep(0.001)")
    assert shown.startswith("The task bad() failed, and nothing has awaited it:\nTraceback")
    assert 'File "<cell 1>", line 2, in bad' in shown
    assert shown.endswith("ValueError: aside\n")
    assert output(session, "await asyncio.sleep(0.001)") == ""
    assert error(session, "await first").endswith("ValueError: aside")
    assert output(session, "await asyncio.gather(bad(), bad(), return_exceptions=True)\nNone") == ""
    many = output(session, "for _ in range(9): asyncio.create_task(bad())\nawait asyncio.sleep(0.001)")
    assert (many.count("ValueError: aside"), "4 more tasks failed" in many) == (5, True)


def test_what_a_task_raises_shows_the_lines_of_cells_and_none_of_ours() -> None:
    session = session_over()
    session.run("import asyncio\nasync def deep(): 1 / 0")
    shown = error(session, "await asyncio.create_task(deep())")
    assert 'File "<cell 2>", line 1, in <module>' in shown
    assert 'File "<cell 1>", line 2, in deep' in shown
    assert "harlm" not in shown
    assert "base_events" not in shown


def test_a_coroutine_inside_of_an_answer_is_named_and_can_still_be_awaited() -> None:
    session = session_over()
    refused = error(session, "async def ask(): return 5\nx = ask()\nFINAL([x])")
    assert refused.endswith("ask() was not awaited. Finish with what `await` returns")
    assert session.run("FINAL([await x])")["final"] == {"value": [5]}


# -- the asynchronous style ----------------------------------------------------------------------------------


HELPERS = (
    "import asyncio\nasync def all_of(cs):\n    return await asyncio.gather(*[llm_query(c) for c in cs])\n"
    "def together(cs):\n    return asyncio.run(all_of(cs))"
)


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("print(await llm_query('a'), type(await llm_query('a')).__name__)", "llm_query a str\n"),
        ("print(await llm_query_batched(['a', 'b']))", "['llm_query a', 'llm_query b']\n"),
        ("print(await rlm_query('a'))", "rlm_query a\n"),
        ("print(await all_of('ab'))", "['llm_query a', 'llm_query b']\n"),
        ("print(together('ab'))", "['llm_query a', 'llm_query b']\n"),
        ("print(asyncio.run(llm_query('a')))", "llm_query a\n"),
        (
            "print(await asyncio.gather(llm_query_batched(['a']), llm_query_batched(['a'])))",
            "[['llm_query a'], ['llm_query a']]\n",
        ),
        (
            "try:\n    await llm_query('refuse')\nexcept RuntimeError as error:\n    print(error)",
            "the model is away\n",
        ),
        (
            "async def one(c):\n    return await llm_query(c)\n"
            "print(await asyncio.gather(one('a'), one('refuse'), return_exceptions=True))",
            "['llm_query a', CallRefused('the model is away')]\n",
        ),
    ],
)
def test_calls_can_be_awaited_also_by_functions_of_earlier_cells(cell: str, shown: str) -> None:
    session = session_over()
    output(session, HELPERS)
    assert output(session, cell) == shown


def test_cells_that_await_nothing_get_ordinary_replies() -> None:
    assert (
        output(session_over(), "print(type(llm_query('a')) is str, type(llm_query_batched(['a'])) is list)")
        == "True True\n"
    )


def test_replies_that_can_be_awaited_are_described_and_finish_as_what_they_hold() -> None:
    session = session_over()
    done = session.run(
        "r = llm_query('a')\nb = llm_query_batched(['a', 'b'])\nFINAL({'r': r, 'b': b})  # await"
    )
    assert done["names"] == [["r", "str 'llm_query a'"], ["b", "list of 2"]]
    assert done["final"] == {"value": {"r": "llm_query a", "b": ["llm_query a", "llm_query b"]}}
