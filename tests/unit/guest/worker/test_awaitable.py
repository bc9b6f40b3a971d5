"""Replies that can be awaited, and are ordinary values in every other way."""

from __future__ import annotations

import ast
import asyncio
import copy
import inspect
import json
import pickle
from typing import Any

import pytest

from harlm.guest.worker.awaitable import (
    MARK,
    AwaitableDict,
    AwaitableList,
    AwaitableText,
    awaitable,
    is_async,
    ordinary_kind,
    reply_of,
    with_awaitables,
)
from harlm.guest.worker.msgpack import pack, unpack

VALUES: list[Any] = ["text", "", {"a": [1, {"b": None}]}, {}, [1, "two", {"c": 3}], [], 5, 1.5, True, None]


@pytest.mark.parametrize("value", VALUES, ids=repr)
async def test_a_reply_is_equal_to_its_value_and_awaiting_it_gives_an_ordinary_one(value: Any) -> None:
    reply = reply_of(value)
    assert reply == value
    assert repr(reply) == repr(value)
    assert json.dumps(reply) == json.dumps(value)
    assert unpack(pack({"value": reply})) == {"value": value}
    assert pickle.loads(pickle.dumps(reply)) == value
    assert copy.deepcopy(reply) == value
    got = await awaitable(reply)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize("value", ["text", {"a": 1}, ["a", "b"]], ids=repr)
async def test_a_reply_is_a_coroutine_for_asyncio(value: Any) -> None:
    def reply() -> Any:
        return reply_of(value)

    assert inspect.isawaitable(reply())
    assert await reply() == value
    gathered = await asyncio.gather(reply(), reply(), asyncio.sleep(0, "slept"))
    assert list(gathered) == [value, value, "slept"]
    assert await asyncio.create_task(reply()) == value
    assert await asyncio.wait_for(reply(), 5) == value
    assert await asyncio.shield(reply()) == value
    async with asyncio.timeout(5):
        assert [await each for each in asyncio.as_completed([reply()])] == [value]
    assert type((await asyncio.gather(reply()))[0]) is type(value)


def test_a_run_of_a_reply() -> None:
    assert asyncio.run(AwaitableText("text")) == "text"


async def test_of_a_batch_each_reply_can_be_awaited_and_so_can_all() -> None:
    batch = reply_of(["a", "b"])
    assert [await each for each in batch] == ["a", "b"]
    got = await batch
    assert [type(each) for each in got] == [str, str]
    assert type(got) is list


async def test_a_task_that_is_cancelled_before_it_began_is_cancelled() -> None:
    task = asyncio.create_task(AwaitableText("text"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    closed = AwaitableText("text")
    closed.close()
    assert await closed == "text"


def test_text_stays_text() -> None:
    reply = AwaitableText("a reply")
    assert isinstance(reply, str)
    assert (reply + "!", reply[:1], reply.upper(), f"{reply}", dict[str, int]({reply: 1})["a reply"]) == (
        "a reply!",
        "a",
        "A REPLY",
        "a reply",
        1,
    )
    assert type(reply.strip()) is str


def test_types_as_cells_are_told_of_them() -> None:
    assert [ordinary_kind(each) for each in (AwaitableText, AwaitableDict, AwaitableList, int)] == [
        str,
        dict,
        list,
        int,
    ]


def test_what_is_already_awaitable_stays_as_it_is() -> None:
    async def own() -> int:
        return 1

    coroutine = own()
    assert awaitable(coroutine) is coroutine
    coroutine.close()
    assert awaitable(AwaitableText("x")) == "x"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("print(1)", False),
        ("await f()", True),
        ("import asyncio", True),
        ("async def f(): return await g()", True),
    ],
)
def test_which_cells_are_in_the_asynchronous_style(cell: str, expected: bool) -> None:
    assert is_async(cell) is expected


def test_each_await_takes_plain_data() -> None:
    tree = ast.parse("async def f(x):\n    return [await x, await (await x)]\nfor a in b:\n    pass")
    with_awaitables(tree)
    names: dict[str, Any] = {MARK: awaitable, "b": []}
    exec(compile(tree, "<cell>", "exec"), names)
    assert asyncio.run(names["f"]("text")) == ["text", "text"]
    assert names["f"].__code__.co_firstlineno == 1
    assert all(hasattr(each, "lineno") for each in ast.walk(tree) if isinstance(each, ast.Call))


def test_no_code_can_write_the_mark() -> None:
    with pytest.raises((SyntaxError, ValueError)):
        ast.parse(f"{MARK}(1)")
