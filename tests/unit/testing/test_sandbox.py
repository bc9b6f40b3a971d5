from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from harlm.errors import CodeError
from harlm.protocols import ReplSetup
from harlm.testing import FakeSandbox
from harlm.types import Context, Document


class Host:
    """Answers with what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, object]]] = []

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        self.asked.append((function, arguments))
        if "secret" in str(arguments):
            raise CodeError("not that")
        if "broken" in str(arguments):
            raise ZeroDivisionError
        return f"{function}: {arguments.get('prompt')}"


SETUP = ReplSetup(
    context=Context(
        documents=(Document(name="a", text="one"), Document(name="b", text="two")), shape="documents"
    ),
    functions=("llm_query", "llm_query_batched", "rlm_query"),
)


async def test_variables_and_output_stay_those_of_python() -> None:
    repl = await FakeSandbox().open(SETUP, Host())
    seen = await repl.run("x = len(context)\nprint(x, context[1])")
    assert (seen.output, seen.error, seen.names) == ("2 two\n", None, (("x", "int"),))
    assert (await repl.run("print(x + 1)")).output == "3\n"


async def test_functions_reach_the_host_and_its_refusal_is_raised_in_the_cell() -> None:
    host = Host()
    repl = await FakeSandbox().open(SETUP, host)
    seen = await repl.run("print(llm_query('a'), llm_query_batched(['b', 'c']))")
    assert seen.output == "llm_query: a ['llm_query: b', 'llm_query: c']\n"
    refused = await repl.run("llm_query('secret')")
    assert "RuntimeError: not that" in (refused.error or "")
    child = await repl.run("rlm_query('look', ['x', 'y'])")
    assert child.error is None
    assert host.asked[-1][1]["context"] == {"shape": "documents", "texts": ["x", "y"], "names": []}


async def test_a_fault_of_the_host_ends_the_run_whatever_the_cell_does() -> None:
    repl = await FakeSandbox().open(SETUP, Host())
    with pytest.raises(ZeroDivisionError):
        await repl.run("try:\n    llm_query('broken')\nexcept Exception:\n    pass")


@pytest.mark.parametrize(
    "cell",
    ["FINAL(42)", "x = 42\nFINAL_VAR('x')", "SUBMIT(42)", "answer['content'] = 42; answer['ready'] = True"],
)
async def test_a_cell_can_finish_in_four_ways(cell: str) -> None:
    repl = await FakeSandbox().open(SETUP, Host())
    final = (await repl.run(cell)).final
    assert final is not None
    assert final.value == 42


async def test_a_fork_goes_its_own_way() -> None:
    repl = await FakeSandbox().open(SETUP, Host())
    await repl.run("x = [1]")
    branch = await repl.fork(Host())
    await branch.run("x.append(2)")
    assert (await branch.run("print(x)")).output == "[1, 2]\n"
    assert (await repl.run("print(x)")).output == "[1]\n"


async def test_a_cell_that_is_cancelled_ends_with_its_calls() -> None:
    asked, ended, is_over = asyncio.Event(), list[object](), asyncio.Event()

    class Silent(Host):
        async def call(self, function: str, arguments: Mapping[str, object]) -> object:
            asked.set()
            try:
                return await asyncio.get_running_loop().create_future()
            finally:
                ended.append(arguments["prompt"])
                is_over.set()

    repl = await FakeSandbox().open(SETUP, Silent())
    cell = "try:\n    llm_query('first')\nexcept RuntimeError as error:\n    said = str(error)\nllm_query('second')"
    running = asyncio.create_task(repl.run(cell))
    await asked.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.wait_for(is_over.wait(), 10)
    assert ended == ["first"]
    assert (await repl.run("print(said)")).output == "the cell that made this call was cancelled\n"
