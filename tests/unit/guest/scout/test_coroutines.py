"""Code that awaits is followed. A call takes one second of virtual time: seconds are the length of the longest chain."""

from __future__ import annotations

import asyncio

import pytest

from harlm.guest.scout.coroutines import Coroutine, Gathered, TaskSet, awaited, entered, over_asyncio
from harlm.guest.scout.pending import Pending
from harlm.guest.scout.world import Lost
from tests.support.scout_lines import reply_to, scout

CHUNKS = ["c0", "c1", "c2"]
ASK = "import asyncio\nasync def ask(c):\n    r = await llm_query(c)\n    return r.strip()\n"
LAST = "print(await llm_query('last ' + str(out)))\n"
OUT = f"last {[reply_to(c) for c in CHUNKS]}"

FOLLOWED = {
    "one after another": ("out = []\nfor c in chunks:\n    out.append(await llm_query(c))\n", 2),
    "gather over calls": ("out = await asyncio.gather(*[llm_query(c) for c in chunks])\n", 2),
    "gather over coroutines": ("out = await asyncio.gather(*[ask(c) for c in chunks])\n", 2),
    "gather over a generator": ("out = await asyncio.gather(*(ask(c) for c in chunks))\n", 2),
    "gather of gathers": (
        "out = sum(await asyncio.gather(asyncio.gather(ask('c0'), ask('c1')), asyncio.gather(ask('c2'))), [])\n",
        2,
    ),
    "tasks": (
        "tasks = [asyncio.create_task(ask(c)) for c in chunks]\nout = [await each for each in tasks]\n",
        2,
    ),
    "the results of tasks": (
        "tasks = [asyncio.ensure_future(ask(c)) for c in chunks]\nawait asyncio.gather(*tasks)\n"
        "out = [each.result() for each in tasks]\n",
        2,
    ),
    "a batch": ("out = await llm_query_batched(chunks)\n", 2),
    "within a time": ("out = [await asyncio.wait_for(asyncio.shield(ask(c)), 5) for c in chunks]\n", 2),
    "a helper that gathers": (
        "async def all_of(cs):\n    return list(await asyncio.gather(*map(ask, cs)))\nout = await all_of(chunks)\n",
        2,
    ),
    "a run of its own": (
        "async def all_of(cs):\n    return list(await asyncio.gather(*[ask(c) for c in cs]))\nout = asyncio.run(all_of(chunks))\n",
        2,
    ),
    "a semaphore": (
        "gate = asyncio.Semaphore(2)\nasync def gated(c):\n    async with gate:\n        return await ask(c)\n"
        "out = await asyncio.gather(*[gated(c) for c in chunks])\n",
        2,
    ),
    "a limit of time": ("async with asyncio.timeout(9):\n    out = [await ask(c) for c in chunks]\n", 2),
    "a group of tasks": (
        "async with asyncio.TaskGroup() as group:\n    tasks = [group.create_task(ask(c)) for c in chunks]\n"
        "out = [each.result() for each in tasks]\n",
        2,
    ),
    "a pause": (
        "async def slow(c):\n    await asyncio.sleep(0.1)\n    return await ask(c)\nout = [await slow(c) for c in chunks]\n",
        2,
    ),
    "a coroutine that is kept": (
        "waiting = [ask(c) for c in chunks]\nout = [await each for each in waiting]\n",
        2,
    ),
    "a method": (
        "class Asker:\n    async def ask(self, c):\n        return await llm_query(c)\n"
        "asker = Asker()\nout = await asyncio.gather(*[asker.ask(c) for c in chunks])\n",
        2,
    ),
    "an inner function": (
        "async def all_of(cs):\n    async def one(c):\n        return await llm_query(c)\n"
        "    return await asyncio.gather(*[one(c) for c in cs])\nout = list(await all_of(chunks))\n",
        2,
    ),
}


@pytest.mark.parametrize("name", FOLLOWED)
def test_calls_that_are_awaited_are_made_together(name: str) -> None:
    code, seconds = FOLLOWED[name]
    line = scout(f"{ASK}{code}{LAST}", chunks=CHUNKS)
    assert line.asked == [*CHUNKS, OUT]
    assert line.now == seconds


def test_a_chain_stays_a_chain() -> None:
    line = scout(f"{ASK}r = 'a'\nfor _ in range(3):\n    r = await ask(r)\nprint(r)\n")
    assert len(line.asked) == line.now == 3


def test_a_coroutine_that_nothing_awaits_asks_for_nothing() -> None:
    assert scout(f"{ASK}kept = ask('never')\nprint(await llm_query('a'))\n").asked == ["a"]


def test_a_coroutine_is_followed_once() -> None:
    assert scout(f"{ASK}kept = ask('a')\nx = await kept\ny = await llm_query('b')\n").asked == ["a", "b"]


@pytest.mark.parametrize(
    "waiting",
    [
        "await asyncio.Event().wait()",
        "await asyncio.wait([asyncio.create_task(ask('x'))])",
        "[each async for each in asyncio.as_completed([])]",
        "async with asyncio.Condition():\n    llm_query('in it')",
        "async def agen():\n    yield 1\n[x async for x in agen()]",
    ],
)
def test_what_waits_for_anything_else_is_left_to_the_cell(waiting: str) -> None:
    line = scout(f"{ASK}{waiting}\nllm_query('after')\n")
    assert line.asked in (["after"], ["x", "after"])


# -- the parts -----------------------------------------------------------------------------------------------


def test_a_coroutine_runs_once_and_may_be_closed() -> None:
    runs: list[int] = []

    def start() -> str:
        runs.append(1)
        return "result"

    coroutine = Coroutine(start)
    assert [coroutine.run(), coroutine.run()] == ["result", "result"]
    assert runs == [1]
    closed = Coroutine(lambda: runs.append(2))
    closed.close()
    assert closed.run() is None
    assert runs == [1]


def test_what_awaiting_gives() -> None:
    pending = Pending(is_text=True)
    assert awaited("a reply") == "a reply"
    assert awaited(pending) is pending
    assert awaited(Gathered([1])) == [1]
    assert awaited(Coroutine(lambda: Coroutine(lambda: 3))) == 3
    assert awaited(asyncio.sleep(5)) is None

    async def own() -> int:
        return 4

    async def waits() -> None:
        await asyncio.Event().wait()

    async def fails() -> None:
        raise ValueError("its own")

    assert awaited(own()) == 4
    with pytest.raises(Lost, match="a coroutine that waits"):
        awaited(waits())
    with pytest.raises(ValueError, match="its own"):
        awaited(fails())
    with pytest.raises(Lost, match="a value that is awaited"):
        awaited(type("Own", (), {"__await__": lambda self: iter(())})())


def test_functions_of_asyncio() -> None:
    pending = Pending(is_text=True)
    assert over_asyncio(len, ["abc"], {}) is NotImplemented
    assert over_asyncio(test_functions_of_asyncio, [], {}) is NotImplemented
    assert over_asyncio(asyncio.gather, ["a", pending], {}).result() == ["a", pending]
    assert over_asyncio(asyncio.create_task, [Coroutine(lambda: 1)], {}).result() == 1
    assert over_asyncio(asyncio.run, [Coroutine(lambda: 2)], {}) == 2
    assert over_asyncio(asyncio.sleep, [0], {"result": 5}).result() == 5
    assert over_asyncio(asyncio.sleep, [0, 6], {}).result() == 6
    with pytest.raises(Lost, match=r"asyncio\.wait"):
        over_asyncio(asyncio.wait, [[]], {})
    with pytest.raises(Lost, match="number of gathered results"):
        over_asyncio(asyncio.gather, [Pending()], {})


async def test_what_is_entered() -> None:
    for lock in (asyncio.Lock(), asyncio.Semaphore(), asyncio.BoundedSemaphore(2)):
        assert entered(lock) is None
    assert entered(over_asyncio(asyncio.timeout, [1], {})) is None
    group = entered(asyncio.TaskGroup())
    assert isinstance(group, TaskSet)
    assert group.create_task(Coroutine(lambda: 7), name="seven").result() == 7
    with pytest.raises(Lost):
        entered(asyncio.Condition())
