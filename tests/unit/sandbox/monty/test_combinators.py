"""Combinators for cells in Monty: run on the host, in a thread whose calls the event loop answers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from harlm.errors import CodeError
from harlm.sandbox.monty.combinators import MontyCombinators
from harlm.threads import Threads
from harlm.types import Context

ROOM = {"tokens": 1_000, "is_small": False, "has_stronger": False, "second_looks": 0.0, "calls_left": None}


class Host:
    """Labels each line by its first letter."""

    def __init__(self, *, fails: bool = False, hangs: bool = False) -> None:
        self.asked = 0
        self.begun = asyncio.Event()
        self._fails, self._hangs = fails, hangs

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        return None if function == "signal" else ROOM

    async def call_many(self, function: str, every: Sequence[Mapping[str, object]]) -> list[object]:
        self.asked += len(every)
        self.begun.set()
        if self._hangs:
            await asyncio.sleep(60)
        if self._fails:
            raise CodeError("the call failed")
        return [{"text": self._said(str(each["prompt"])), "tokens": [], "failure": ""} for each in every]

    def _said(self, prompt: str) -> str:
        lines = prompt.partition("\n\n")[2].splitlines()
        return "\n".join(
            f"{line.partition(':')[0]}: {'ham' if ' h' in line[:5] else 'spam'}" for line in lines
        )


def on(host: Host) -> MontyCombinators:
    return MontyCombinators(host.call, host.call_many, Context.of_text("a text"), Threads())


async def test_a_combinator_answers_with_plain_values() -> None:
    found = await on(Host()).answer("label", [["hay", "straw", "hut"], ["ham", "spam"]], {})
    assert found == ["ham", "spam", "ham"]
    assert type(found) is list


async def test_a_function_of_the_cell_is_refused_and_the_message_says_what_to_do() -> None:
    with pytest.raises(
        TypeError,
        match="no function leaves Monty: call pairs without it, if it is optional, or write the loop",
    ):
        await on(Host()).answer("pairs", [[1, 2], "<function 'holds' at 0x7f00>"], {})


async def test_a_wrong_argument_is_the_error_of_the_combinator() -> None:
    with pytest.raises(ValueError, match="at least two different labels"):
        await on(Host()).answer("label", [["hay"], ["ham"]], {})


async def test_a_failure_of_the_host_reaches_the_cell() -> None:
    with pytest.raises(CodeError, match="the call failed"):
        await on(Host(fails=True)).answer("label", [["hay"], ["ham", "spam"]], {})


async def test_a_cancelled_combinator_makes_no_further_call() -> None:
    host = Host(hangs=True)
    doing = asyncio.ensure_future(on(host).answer("label", [["hay"], ["ham", "spam"]], {}))
    await host.begun.wait()
    doing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await doing
    asked = host.asked
    await asyncio.sleep(0.05)
    assert host.asked == asked
