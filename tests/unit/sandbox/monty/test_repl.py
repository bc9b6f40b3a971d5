"""The REPL in Monty: its limits, what is kept after them, forks, and odd cells."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest

from harlm.config import SandboxSettings
from harlm.errors import CodeError, SandboxFailure
from harlm.protocols import ReplSetup
from harlm.sandbox.monty.repl import MontyRepl, MontySandbox
from harlm.types import Context, Document

FUNCTIONS = ("llm_query", "llm_query_batched", "rlm_query", "rlm_query_batched", "budget")


@pytest.fixture
def monty() -> None:
    pytest.importorskip("pydantic_monty", reason="pip install 'harlm[monty]'")


class Host:
    """Answers with ``reply``, which may be a function of the arguments."""

    def __init__(self, reply: object = "reply") -> None:
        self.reply = reply
        self.asked: list[tuple[str, Mapping[str, object]]] = []
        self.delay_s = 0.0

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        self.asked.append((function, arguments))
        await asyncio.sleep(self.delay_s)
        if arguments.get("prompt") == "fail":
            raise CodeError("the provider is away")
        return self.reply(arguments) if callable(self.reply) else self.reply


Opened = Callable[..., Awaitable[MontyRepl]]


@pytest.fixture
async def opened(monty: None) -> AsyncIterator[Opened]:
    sandboxes: list[MontySandbox] = []

    async def open_repl(
        context: Context | str = "alpha beta", host: Host | None = None, **limits: Any
    ) -> MontyRepl:
        sandboxes.append(MontySandbox(SandboxSettings(**limits)))
        given = Context.of_text(context) if isinstance(context, str) else context
        return await sandboxes[-1].open(ReplSetup(context=given, functions=FUNCTIONS), host or Host())

    yield open_repl
    for sandbox in sandboxes:
        await sandbox.close()


# -- limits -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        "while True: pass",
        "try:\n    while True: pass\nexcept BaseException: pass",
        "def f():\n    while True: pass\nf()",
        "7 ** (10 ** 8)",  # one operation in which the interpreter does not look at its clock
        "while True: budget()",
    ],
)
async def test_an_endless_cell_loses_only_its_own_variables(opened: Opened, cell: str) -> None:
    repl = await opened(cell_seconds=0.5)
    await repl.run("x = 1")
    started = time.monotonic()
    seen = await repl.run(f"x = 2\n{cell}")
    assert time.monotonic() - started < 5
    assert seen.error is not None
    assert "CellTimeout: the cell ran longer than 0.5 s" in seen.error
    assert "variables are those from before this cell" in seen.error
    assert not seen.lost
    assert (await repl.run("print(x, context)")).output == "1 alpha beta\n"


async def test_processor_time_is_named_if_it_is_the_shorter_limit(opened: Opened) -> None:
    repl = await opened(cpu_seconds=0.2)
    seen = await repl.run("while True: pass")
    assert "CpuTimeout: the cell used more than 0.2 s" in str(seen.error)


async def test_a_long_cell_does_not_block_the_event_loop(opened: Opened) -> None:
    repl = await opened(cell_seconds=0.5)
    running = asyncio.create_task(repl.run("while True: pass"))
    longest = 0.0
    while not running.done():
        before = time.monotonic()
        await asyncio.sleep(0.01)
        longest = max(longest, time.monotonic() - before)
    assert longest < 0.3


async def test_waiting_for_calls_is_not_charged(opened: Opened) -> None:
    host = Host()
    host.delay_s = 0.6
    repl = await opened(host=host, cell_seconds=0.4)
    seen = await repl.run("print(llm_query('a'), llm_query('b'))")
    assert seen.output == "reply reply\n"
    assert seen.waiting_s > 1.1
    assert seen.wall_s >= seen.waiting_s


async def test_sleeping_takes_no_time(opened: Opened) -> None:
    repl = await opened()
    started = time.monotonic()
    assert (await repl.run("import time\ntime.sleep(3600)")).error is None
    assert time.monotonic() - started < 5


async def test_memory_that_grows_is_bounded(opened: Opened) -> None:
    repl = await opened(memory_mb=64)
    await repl.run("x = 1")
    seen = await repl.run("kept = []\nwhile True: kept.append('x' * 1000)")
    assert "MemoryError: the cell needed more memory than the 64 MB" in str(seen.error)
    assert not seen.lost
    assert (await repl.run("print(x)")).output == "1\n"


@pytest.mark.parametrize("cell", ["'x' * 10 ** 11", "2 ** (10 ** 12)", "[0] * 10 ** 10"])
async def test_a_huge_allocation_is_refused_and_loses_nothing(opened: Opened, cell: str) -> None:
    repl = await opened(memory_mb=256)
    seen = await repl.run(f"x = 1\ny = {cell}")
    assert "MemoryError: memory limit exceeded" in str(seen.error)
    assert (await repl.run("print(x)")).output == "1\n"


async def test_a_flood_of_output_ends_the_cell(opened: Opened) -> None:
    repl = await opened()
    await repl.run("x = 1")
    seen = await repl.run("while True: print('x' * 100_000)")
    assert "OutputFlood: the cell printed more than 67,108,864 characters" in str(seen.error)
    assert len(seen.output) < 100_000
    assert seen.output_chars > 64 << 20
    assert (await repl.run("print(x)")).output == "1\n"


async def test_a_long_output_keeps_head_and_tail(opened: Opened) -> None:
    repl = await opened()
    seen = await repl.run("for i in range(100_000): print(i)")
    assert seen.output.startswith("0\n1\n")
    assert seen.output.endswith("99998\n99999\n")
    assert "characters left out" in seen.output
    assert seen.output_chars == 588_890


async def test_a_value_that_is_too_large_to_be_shown_loses_nothing_else(opened: Opened) -> None:
    repl = await opened()
    await repl.run("x = 1")
    seen = await repl.run("'x' * (300 << 20)")
    assert "exceeds the maximum" in str(seen.error)
    assert (await repl.run("print(x)")).output == "1\n"


async def test_large_variables_are_not_saved_and_a_limit_loses_all(opened: Opened) -> None:
    repl = await opened(cell_seconds=0.5)
    await repl.run("x = 'y' * (17 << 20)")
    await repl.run("z = 1")
    seen = await repl.run("while True: pass")
    assert seen.lost
    assert "its variables are gone, `context` is still defined" in str(seen.error)
    again = await repl.run("print(context)\nz")
    assert again.output == "alpha beta\n"
    assert "NameError" in str(again.error)


async def test_an_interpreter_that_does_not_return_is_a_failure(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    repl = await opened(cell_seconds=60)
    monkeypatch.setattr("harlm.sandbox.monty.repl._GRACE_S", -59.5)
    with pytest.raises(SandboxFailure, match="did not return"):
        await repl.run("while True: pass")


async def test_a_cancelled_cell_ends_at_once(opened: Opened) -> None:
    repl = await opened()
    await repl.run("x = 1")
    running = asyncio.create_task(repl.run("while True: pass"))
    await asyncio.sleep(0.2)
    running.cancel()
    started = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert time.monotonic() - started < 2
    assert (await repl.run("print(x)")).output == "1\n"


# -- forks ------------------------------------------------------------------------------------------------


async def test_a_fork_is_independent_and_has_its_own_host(opened: Opened) -> None:
    repl = await opened(host=Host("old"))
    await repl.run("items = [1]\ndef more(x): return [x] + items\nanswer['content'] = 'from before'")
    fork = await repl.fork(Host("new"), read_only=True)
    await fork.run("items.append(2)")
    await repl.run("items.append(3)")
    assert (await fork.run("print(more(0), llm_query('x'), context)")).output == "[0, 1, 2] new alpha beta\n"
    assert (await repl.run("print(more(0), llm_query('x'))")).output == "[0, 1, 3] old\n"
    ready = await fork.run("answer['ready'] = True")
    assert ready.final is not None
    assert ready.final.value == "from before"
    assert ready.names == ()  # what was there before is not new
    await fork.close()
    assert (await repl.run("print(items)")).output == "[1, 3]\n"


async def test_a_fork_has_a_large_context_though_its_state_does_not(opened: Opened) -> None:
    text = "line of text\n" * 100_000
    repl = await opened(text)
    await repl.run("n = len(context)\ntype = locals = 2")
    fork = await repl.fork(Host())
    for each in (repl, fork):
        assert (await each.run("new = 1")).names == (("new", "int 1"),)
        assert (await each.run("print(n == len(context), context[-5:])")).output == "True text\n\n"


async def test_a_fork_while_a_cell_runs_is_refused(opened: Opened) -> None:
    repl = await opened(cell_seconds=0.5)
    running = asyncio.create_task(repl.run("while True: pass"))
    await asyncio.sleep(0.05)
    with pytest.raises(SandboxFailure, match="between two cells"):
        await repl.fork(Host())
    await running


async def test_a_closed_sandbox_closes_its_repls(monty: None) -> None:
    sandbox = MontySandbox(SandboxSettings())
    repl = await sandbox.open(ReplSetup(context=Context.of_text("x")), Host())
    await sandbox.close()
    await sandbox.close()
    with pytest.raises(SandboxFailure, match="closed"):
        await repl.run("1")


# -- cells and contexts -----------------------------------------------------------------------------------


async def test_lone_surrogates_are_replaced(opened: Opened) -> None:
    repl = await opened("a\ud800b", Host("c\udfffd"))
    seen = await repl.run("print(context, llm_query('x'), '\\ud800')")
    assert seen.output == "a\ufffdb c\ufffdd \ufffd\n"
    assert "SyntaxError" in str((await repl.run("x = '\ud800'")).error)


@pytest.mark.parametrize(
    "cell", ["", "\n", "# nothing", "x = 1\n" * 10**5, "#" * 10**6, f"x = '{'y' * 10**6}'"]
)
async def test_odd_cells_run(opened: Opened, cell: str) -> None:
    repl = await opened()
    seen = await repl.run(cell)
    assert seen.error is None
    assert seen.output == ""


@pytest.mark.parametrize(
    "cell", ["x = " + "(" * 10**5, "\0", "x = " + "-" * 10**5 + "1", "raise SystemExit(3)"]
)
async def test_broken_cells_are_observations(opened: Opened, cell: str) -> None:
    repl = await opened()
    await repl.run("kept = 1")
    seen = await repl.run(cell)
    assert seen.error is not None
    assert len(seen.error) < 6000
    assert (await repl.run("print(kept)")).output == "1\n"


@pytest.mark.parametrize(
    "cell",
    ["import numpy", "class A(Exception): pass", "def f():\n    yield 1", "x = 1\ndel x", "globals()"],
)
async def test_an_error_explains_what_monty_lacks(opened: Opened, cell: str) -> None:
    repl = await opened()
    seen = await repl.run(cell)
    assert "This REPL is Monty, a subset of Python" in str(seen.error)


async def test_an_ordinary_mistake_is_not_blamed_on_monty(opened: Opened) -> None:
    repl = await opened()
    assert "Monty" not in str((await repl.run("x = foo")).error)
    assert 'File "<cell>", line 1' in str((await repl.run("1 / 0")).error)


@pytest.mark.parametrize(
    "cell",
    [
        "open('/etc/passwd').read()",
        "import os\nos.environ['PATH']",
        "import os\nos.listdir('/')",
        "import socket",
        "import subprocess",
        "import pathlib\npathlib.Path('/etc/passwd').read_text()",
        "_call('llm_query', {})",
        "answer('budget', (), {})",
    ],
)
async def test_a_cell_reaches_nothing_outside(opened: Opened, cell: str) -> None:
    host = Host()
    repl = await opened(host=host)
    seen = await repl.run(cell)
    assert seen.error is not None
    assert seen.output == ""
    assert host.asked == []


async def test_the_last_expression_is_shown(opened: Opened) -> None:
    repl = await opened()
    shown = [
        (await repl.run(cell)).output for cell in ("1 + 1", "'a'", "None", "list(range(2000))", "9 ** 9999")
    ]
    assert shown[:4] == ["2\n", "a\n", "", "list of 2,000; print a slice of it\n"]
    assert "4300 digits" in shown[4]


async def test_new_and_changed_variables_are_named_and_described(opened: Opened) -> None:
    repl = await opened()
    seen = await repl.run(
        "a = 1\nb = 'text'\nc = [1] * 5\nd = 'x' * 100\ne = None\nf = 10 ** 50\n_g = 1\ntype = len = 2"
    )
    assert dict(seen.names) == {
        "a": "int 1", "b": "str 'text'", "c": "list of 5", "d": "str of 100 characters", "e": "NoneType None",
        "f": "int", "type": "int 2", "len": "int 2",
    }  # fmt: skip
    assert dict((await repl.run("a = 2\nb")).names) == {"a": "int 2"}
    assert "a: int 2\n" in (await repl.run("print(SHOW_VARS())")).output


async def test_finishing_with_a_missing_variable_is_an_error(opened: Opened) -> None:
    repl = await opened()
    for name in ("missing", "class", "missing['a']"):
        seen = await repl.run(f"FINAL_VAR({name!r})")
        assert seen.final is None
        assert "NameError: FINAL_VAR" in str(seen.error)
    assert (await repl.run("FINAL_VAR([1, (2, {3})])")).final is not None


async def test_what_a_cell_does_after_it_finished_does_not_count(opened: Opened) -> None:
    host = Host()
    repl = await opened(host=host, cell_seconds=0.5)
    seen = await repl.run(
        "x = 1\ntry:\n    FINAL({'a': (1, None)})\nexcept BaseException:\n    print('more')\n    llm_query('more')"
    )
    assert seen.final is not None
    assert seen.final.value == {"a": [1, None]}
    assert (seen.output, host.asked) == ("", [])
    assert (await repl.run("print(x)")).output == "1\n"
    endless = await repl.run("try:\n    SUBMIT(a=1, b=2)\nexcept BaseException:\n    while True: pass")
    assert endless.final is not None
    assert endless.final.value == {"a": 1, "b": 2}


async def test_a_wrong_argument_raises_in_the_cell(opened: Opened) -> None:
    repl = await opened()
    for call, message in {
        "llm_query(3)": "TypeError: llm_query needs a str prompt, not int",
        "llm_query(' ')": "ValueError: llm_query was given an empty prompt",
        "llm_query('a', wrong=1)": "TypeError: llm_query() got an unexpected keyword argument",
        "llm_query_batched('a')": "TypeError: llm_query_batched needs a list",
        "rlm_query_batched(['a'], ['b', 'c'])": "ValueError: rlm_query_batched got 1 prompts and 2 contexts",
        "rlm_query('a', 3)": "TypeError: a child's context must be",
        "place(7, 0)": "ValueError: place takes the number of a document",
        "search(k=3)": "TypeError: search() missing 1 required positional argument",
    }.items():
        assert message in str((await repl.run(call)).error)


async def test_a_batch_says_how_many_failed(opened: Opened) -> None:
    repl = await opened()
    seen = await repl.run("llm_query_batched(['a', 'fail', 'fail'])")
    assert "RuntimeError: 2 of 3 calls failed; the first: the provider is away" in str(seen.error)


async def test_arguments_are_the_same_as_those_of_a_worker(opened: Opened) -> None:
    host = Host()
    documents = (Document(name="a.txt", text="alpha"), Document(name="b.txt", text="beta"))
    repl = await opened(Context(documents=documents), host)
    await repl.run(
        "llm_query('one', model='m')\nrlm_query('two', [context[1], 'own'])\nrlm_query('three', {'n': 'own'})"
    )
    assert host.asked == [
        ("llm_query", {"prompt": "one", "model": "m"}),
        ("rlm_query", {"prompt": "two", "model": None,
                       "context": {"shape": "documents", "texts": [{"documents": "1"}, "own"], "names": []}}),
        ("rlm_query", {"prompt": "three", "model": None,
                       "context": {"shape": "documents", "texts": ["own"], "names": ["n"]}}),
    ]  # fmt: skip


async def test_search_and_places_come_from_the_host(opened: Opened) -> None:
    hit = {
        "document": 0,
        "start": 0,
        "end": 10,
        "best": (6, 10),
        "score": 2.0,
        "place": "<text>:1",
        "line": 1,
    }
    host = Host(lambda given: {"hits": [hit], "weights": {}} if "query" in given else [("1", 1)])
    repl = await opened(host=host)
    seen = await repl.run(
        "h = search('beta?', 3)[0]\nprint(h['place'], h['quote'], h['text'], h['source'])\nprint(place(0, 6))"
    )
    assert seen.output == "<text>:1 beta alpha beta <text>\n<text>:1\n"
    assert host.asked[0] == ("search", {"query": "beta?", "k": 3, "document": None})


async def test_a_context_larger_than_one_frame_arrives_whole(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harlm.sandbox.monty.interpreter._FRAME", 10)
    texts = ["short", "a text of more than one frame", "", "é" * 25, "end"]
    repl = await opened(Context(documents=tuple(Document(name="d", text=text) for text in texts)))
    assert (await repl.run("print(context)")).output == f"{texts}\n"


async def test_the_same_seed_gives_the_same_random_numbers(opened: Opened) -> None:
    drawn = [(await (await opened()).run("import random\nprint(random.random())")).output for _ in range(2)]
    assert drawn[0] == drawn[1]


# -- without the package ----------------------------------------------------------------------------------


async def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic_monty", None)
    with pytest.raises(SandboxFailure, match=r"pip install 'harlm\[monty\]'"):
        await MontySandbox(SandboxSettings()).open(ReplSetup(context=Context.of_text("x")), Host())


async def test_a_process_that_cannot_be_started_is_a_failure(
    monty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONTY_BIN", "/nowhere/monty")
    sandbox = MontySandbox(SandboxSettings())
    with pytest.raises(SandboxFailure, match="Monty did not start"):
        await sandbox.open(ReplSetup(context=Context.of_text("x")), Host())
    await sandbox.close()
