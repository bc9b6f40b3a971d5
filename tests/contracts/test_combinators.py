"""What combinators promise in every REPL: the same as elsewhere, or an error in the cell that says what to do instead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest

from harlm.config import SandboxSettings
from harlm.guest.vocabulary import COMBINATORS, INNER
from harlm.protocols import Repl, ReplSetup, Sandbox
from harlm.sandbox.tiers import sandbox_on
from harlm.types import Context
from tests.support.sandboxes import TIERS, skip_unless_built

COMBINING = ("llm_query", *COMBINATORS, *INNER)


class Judge:
    """Answers the small questions of combinators: what begins with a vowel is ``a``."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, object]]] = []
        self.is_silent = False
        self.begun, self.given_up = asyncio.Event(), asyncio.Event()

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        self.asked.append((function, arguments))
        await asyncio.sleep(0.001)
        if function == "room":
            return {
                "tokens": 1_000,
                "is_small": False,
                "has_stronger": False,
                "second_looks": 0.0,
                "calls_left": None,
            }
        if function == "signal":
            return None
        if self.is_silent:
            self.begun.set()
            try:
                await asyncio.sleep(60)
            finally:
                self.given_up.set()
        items = [line.partition(": ") for line in str(arguments["prompt"]).splitlines()]
        said = [f"{n}: {'a' if text[:1] in 'aeiou' else 'b'}" for n, _, text in items if n.isdecimal()]
        return {"text": "\n".join(said), "tokens": [], "failure": ""}


@pytest.fixture(params=[*TIERS, "monty"])
async def sandbox(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    await skip_unless_built(request.param)
    made = sandbox_on(request.param, SandboxSettings())
    yield made
    await made.close()


@pytest.fixture
async def combining(sandbox: Sandbox) -> AsyncIterator[tuple[Repl, Judge]]:
    judge = Judge()
    opened = await sandbox.open(
        ReplSetup(context=Context.of_text("ape\nbee\nowl"), functions=COMBINING), judge
    )
    yield opened, judge
    await opened.close()


async def test_combinators_give_the_same_on_every_tier(combining: tuple[Repl, Judge]) -> None:
    repl, judge = combining
    seen = await repl.run(
        "items = split(context, 'line')\nfound = label(items, ['a', 'b'], 'By its first letter.')\n"
        "print(items, list(found), sum(each == 'a' for each in found))"
    )
    assert (seen.error, seen.output) == (None, "['ape', 'bee', 'owl'] ['a', 'b', 'a'] 2\n")
    assert [function for function, _ in judge.asked] == ["room", "leaf", "signal"]


async def test_a_wrong_argument_of_a_combinator_is_an_error_in_the_cell(
    combining: tuple[Repl, Judge],
) -> None:
    repl, judge = combining
    seen = await repl.run("label(['ape'], ['a'])")
    assert "ValueError: label takes at least two different labels, not 1" in str(seen.error)
    assert judge.asked == []


async def test_a_function_is_called_by_pairs_or_refused_with_what_to_do(
    sandbox: Sandbox, combining: tuple[Repl, Judge]
) -> None:
    repl, _ = combining
    cell = "def ahead(one, other): return one < other\nprint(pairs([3, 1, 2], ahead))"
    seen = await repl.run(cell)
    if sandbox.tier == "monty":
        assert "TypeError: pairs was given <function 'ahead'" in str(seen.error)
        assert "write the loop in the cell" in str(seen.error)
    else:
        assert (seen.error, seen.output) == (None, "[(3, 1), (3, 2), (1, 2)]\n")


@pytest.mark.parametrize("name", INNER)
async def test_what_only_combinators_call_is_no_name_of_a_cell(
    combining: tuple[Repl, Judge], name: str
) -> None:
    repl, _ = combining
    assert "NameError" in str((await repl.run(f"{name}()")).error)


async def test_a_combinator_is_given_up_with_its_cell(combining: tuple[Repl, Judge]) -> None:
    repl, judge = combining
    judge.is_silent = True
    running = asyncio.ensure_future(repl.run("label(['ape', 'bee'], ['a', 'b'])"))
    async with asyncio.timeout(10):
        await judge.begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await judge.given_up.wait()
    asked = len(judge.asked)
    await asyncio.sleep(0.05)
    assert len(judge.asked) == asked
