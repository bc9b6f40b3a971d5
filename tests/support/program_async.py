"""Statements in the asynchronous style, for ``tests.support.programs``."""

from __future__ import annotations

import random
from typing import Protocol

from tests.support import program_iterators
from tests.support.program_scopes import Scope


class Writer(program_iterators.Writer, Protocol):
    """What writes the program, also in the asynchronous style."""

    awaits: bool
    runs_a_loop: bool


class Asynchronous:
    """Writes helpers that await, and statements that gather them. Only cells and ``async def`` can await."""

    def __init__(self, writer: Writer, chosen: random.Random) -> None:
        self._writer = writer
        self._random = chosen

    def statement(self, depth: int, scope: Scope) -> None:
        """A helper, and a use of it."""
        if scope.in_function or self._writer.runs_a_loop:  # asyncio.run() does not run in a cell that awaits
            return
        self._writer.awaits = True
        writer, name, made = self._writer, self._writer.new("f"), self._writer.new("l")
        self._helper(depth, scope, name)
        over = f"list({self._random.choice(scope.lists or ['items'])})[:{self._random.randint(1, 5)}]"
        uses = (
            [f"{made} = await asyncio.gather(*[{name}(each) for each in {over}])"],
            [f"{made} = list(await asyncio.gather(*(llm_query('g ' + str(each)) for each in {over})))"],
            [f"{made} = [await {name}(each) for each in {over}]"],
            [f"{made} = []", f"for each in {over}:", f"    {made}.append(await {name}(each))"],
            [
                f"{made}_tasks = [asyncio.create_task({name}(each)) for each in {over}]",
                f"{made} = [await each for each in {made}_tasks]",
                f"del {made}_tasks",
            ],
            [
                f"async def {name}_all():",
                "    slots = asyncio.Semaphore(2)",
                "    async def one(what):",
                "        async with slots:",
                f"            return await {name}(what)",
                f"    return await asyncio.gather(*[one(each) for each in {over}])",
                f"{made} = await {name}_all()",
            ],
            [f"{made} = await llm_query_batched([f'q {{each}}' for each in {over}])"],
            [f"{made} = [await asyncio.wait_for(llm_query('w ' + str(each)), 60) for each in {over}]"],
        )
        for line in self._random.choice(uses):
            writer.say(depth, line)
        scope.lists.append(made)

    def loop(self, depth: int, name: str, over: str) -> None:
        """A loop of its own, whose tasks wait for threads."""
        self._writer.runs_a_loop = True
        one = f"async def {name}_one(each): return await asyncio.to_thread(llm_query, 'a ' + str(each))"
        every = (
            f"async def {name}_all(): return await asyncio.gather(*[{name}_one(each) for each in {over}[:4]])"
        )
        for line in ("import asyncio", one, every, f"{name} = list(asyncio.run({name}_all()))"):
            self._writer.say(depth, line)

    def _helper(self, depth: int, scope: Scope, name: str) -> None:
        writer = self._writer
        writer.say(depth, "import asyncio")
        writer.say(depth, f"async def {name}(what):")
        inner = scope.inner(in_function=True)
        inner.texts.append("str(what)")
        if self._random.random() < 0.5:
            writer.block(depth + 1, inner)
        writer.say(depth + 1, f"reply = await llm_query({writer.text(inner)})")
        inner.texts.append("reply")
        if self._random.random() < 0.5:
            writer.say(depth + 1, f"if {writer.test(inner)}:")
            writer.say(depth + 2, f"reply = await llm_query('more ' + {writer.text(inner)})")
        if self._random.random() < 0.2:
            writer.say(depth + 1, "await asyncio.sleep(0)")
        writer.say(depth + 1, "return reply")
