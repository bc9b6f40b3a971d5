"""Root models that write in the asynchronous style: the same answers as without early calls, with the same head start."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from aiohttp import web

from harlm import HARLM, Answer, events
from harlm.testing import ChatServer, EventLog, Request
from tests.support.busy import TRIES

HELPERS = """
import asyncio, json

async def ask(what):
    reply = await llm_query(f"ask {what}")
    return reply.strip()

async def ask_all(several):
    return await asyncio.gather(*[ask(each) for each in several])

def in_a_loop_of_its_own(several):
    return asyncio.run(ask_all(several))
"""
UNIT = "{'type': 'object', 'properties': {'unit': {'type': 'string'}, 'n': {'type': 'integer'}}, 'required': ['unit', 'n']}"

CELLS = {
    "one after another": "out = []\nfor at in range(4):\n    out.append(await llm_query(f'item {at}'))\n",
    "gather over calls": "out = await asyncio.gather(*[llm_query(f'item {at}') for at in range(6)])\n",
    "gather over helpers of an earlier cell": "out = await asyncio.gather(*(ask(at) for at in range(6)))\n",
    "a helper that gathers": "out = await ask_all(range(6))\nout.append(await ask(out[-1]))\n",
    "tasks": "tasks = [asyncio.create_task(ask(at)) for at in range(6)]\nout = [await each for each in tasks]\n",
    "a group of tasks": (
        "async with asyncio.TaskGroup() as group:\n    tasks = [group.create_task(ask(at)) for at in range(6)]\n"
        "out = [each.result() for each in tasks]\n"
    ),
    "a run of its own": "out = in_a_loop_of_its_own(range(6))\n",
    "a semaphore": (
        "gate = asyncio.Semaphore(2)\nasync def gated(at):\n    async with gate:\n        return await ask(at)\n"
        "out = await asyncio.gather(*[gated(at) for at in range(6)])\n"
    ),
    "typed values": (
        f"unit = {UNIT}\nrows = await asyncio.gather(*[llm_query(f'unit {{at}}', schema=unit) for at in range(4)])\n"
        "one = await llm_query('unit 9', schema=unit)\nout = [row['n'] for row in rows] + [one['unit']]\n"
        "out += [each['n'] for each in await llm_query_batched(['unit 5', 'unit 6'], schema=unit)]\n"
    ),
    "a batch": (
        "out = await llm_query_batched([f'item {at}' for at in range(6)])\n"
        "a, b = await asyncio.gather(llm_query_batched(['x', 'y']), llm_query_batched(['z']))\nout += a + b\n"
    ),
    "within a time": "out = [await asyncio.wait_for(ask(at), 30) for at in range(4)]\n",
    "a failure among others": (
        "out = [str(each)[:40] for each in await asyncio.gather(ask('a'), ask('cursed'), ask('b'), return_exceptions=True)]\n"
    ),
    "a chain of replies": "reply = 'start'\nfor _ in range(3):\n    reply = await ask(reply)\nout = [reply]\n",
    "a branch on a reply": (
        "out = []\nfor at in range(4):\n    reply = await llm_query(f'item {at}')\n    if 'ITEM' in reply:\n"
        "        out.append(await llm_query(f'more of {reply}'))\n"
    ),
    "as they complete": (
        "found = [await each for each in asyncio.as_completed([ask(at) for at in range(4)])]\nout = sorted(found)\n"
    ),
    "threads": "out = await asyncio.gather(*[asyncio.to_thread(llm_query, f'item {at}') for at in range(4)])\n",
    "an asynchronous generator": (
        "async def replies():\n    for at in range(3):\n        yield await ask(at)\nout = [each async for each in replies()]\n"
    ),
}
LEFT_TO_THE_CELL = {"a chain of replies", "as they complete", "threads", "an asynchronous generator"}
"""Without calls side by side, or not followed by the scout."""


def reply_of(*cells: str) -> Any:
    def reply(request: Request) -> Any:
        if request.model != "sub":
            turn = sum(role == "assistant" for role, _ in request.messages)
            return f"So:\n```repl\n{cells[min(turn, len(cells) - 1)]}```\nThat is it.\n"
        if "cursed" in request.prompt:
            return web.json_response({"error": {"message": "the item is cursed"}}, status=400)
        if number := re.search(r"unit (\d)", request.prompt):
            return json.dumps({"unit": f"u{number[1]}", "n": int(number[1])})
        return request.prompt.upper()

    return reply


def ask(cell: str, before: str = "", **settings: Any) -> tuple[Answer, list[str], list[str]]:
    """The answer of a run, what the root model was shown, and what the sub-model was asked."""
    finish = "FINAL(str(out))\n"
    with ChatServer(
        reply_of(HELPERS + before, cell + "print(out)\n", finish), latency_s=0.03, line_s=0.01
    ) as server:
        client = HARLM(
            model=f"openai/root@{server.base_url}",
            sub_model=f"openai/sub@{server.base_url}",
            mode="full",
            cache=False,
            **settings,
        )
        answer = client.ask("What do they say?", "a short text")
        last = [request for request in server.requests if request.model == "root"][-1]
        shown = [
            re.sub(r"Left: .*|127\.0\.0\.1:\d+", "", text) for role, text in last.messages if role == "user"
        ][1:]
        return answer, shown, sorted(each.prompt for each in server.requests if each.model == "sub")


@pytest.mark.parametrize("style", CELLS)
def test_it_is_as_without_early_calls(style: str) -> None:
    alone, shown, asked = ask(CELLS[style], speculation="off")
    assert alone.status == "ok"
    assert "Error" not in "".join(shown)

    def early(speculation: str) -> int:
        """How many calls were made early."""
        ahead, seen, made = ask(CELLS[style], speculation=speculation)
        assert (ahead.text, ahead.status, seen) == (alone.text, alone.status, shown)
        assert made == asked, "nothing is asked twice or in vain"
        assert ahead.usage.early.wasted == 0
        return ahead.usage.early.made

    fewest = 0 if style in LEFT_TO_THE_CELL else len(asked) - 1
    for speculation in ("safe", "eager"):
        assert any(early(speculation) >= fewest for _ in range(TRIES))


@pytest.mark.parametrize(
    "style",
    ["gather over calls", "gather over helpers of an earlier cell", "a run of its own", "typed values"],
)
@pytest.mark.parametrize(
    "hindrance",
    [
        "import mmap\n",
        "import threading\nthreading.Thread(target=threading.Event().wait, args=[2]).start()\n",
    ],
)
def test_where_the_process_cannot_fork_it_is_the_same(style: str, hindrance: str) -> None:
    alone, shown, asked = ask(CELLS[style], hindrance, speculation="off")
    ahead, seen, made = ask(CELLS[style], hindrance, speculation="safe")
    assert (ahead.text, ahead.status, seen, made) == (alone.text, alone.status, shown, asked)


def test_calls_of_a_gathering_are_in_flight_together() -> None:
    cell = CELLS["gather over calls"]
    with ChatServer(reply_of(HELPERS, cell, "FINAL(str(out))\n"), latency_s=1.0) as server:
        client = HARLM(
            model=f"openai/root@{server.base_url}", sub_model=f"openai/sub@{server.base_url}", mode="full", cache=False
        )  # fmt: skip
        answer = client.ask("What do they say?", "a short text")
        assert server.most_in_flight >= 4
    assert answer.text == str([f"ITEM {at}" for at in range(6)])


def test_in_monty_a_call_cannot_be_awaited_and_the_model_is_told() -> None:
    pytest.importorskip("pydantic_monty")
    log = EventLog()
    with ChatServer(reply_of("print(await llm_query('a'))\n", "FINAL(llm_query('plain'))\n")) as server:
        client = HARLM(
            model=f"openai/root@{server.base_url}", sub_model=f"openai/sub@{server.base_url}", mode="full", cache=False,
            sandbox="monty",
        )  # fmt: skip
        answer = client.ask("What do they say?", "a short text", sinks=[log])
    assert answer.text == "PLAIN"
    shown = [each for each in log.of(events.CallStarted) if each.role == "root"][-1].messages
    assert any("can't be awaited" in message.content for message in shown)
