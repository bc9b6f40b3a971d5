"""Exact reuse: equal calls are made once, and different calls each."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest

from harlm.errors import ModelUnavailable
from harlm.journal import CallJournal, InMemoryCalls, Reuse, call_key
from harlm.types import Completion, Message, PaidCall, Sampling, Usage
from harlm.types.model import Stop

ASKED = [Message(role="system", content="rules"), Message(role="user", content="why?")]


def test_a_key_depends_on_all_that_decides_a_reply_and_on_nothing_else() -> None:
    base = call_key("a/b at c", ASKED, Sampling())
    assert base == call_key("a/b at c", list(ASKED), Sampling(max_tokens=7, request_key="x"))
    others = [
        call_key("a/b at d", ASKED, Sampling()),
        call_key("a/b at c", ASKED[:1], Sampling()),
        call_key("a/b at c", [ASKED[1], ASKED[0]], Sampling()),
        call_key("a/b at c", [Message(role="user", content="rules"), ASKED[1]], Sampling()),
        call_key("a/b at c", [ASKED[0], Message(role="user", content="why? ")], Sampling()),
        call_key("a/b at c", ASKED, Sampling(temperature=0)),
        call_key("a/b at c", ASKED, Sampling(seed=0)),
        call_key("a/b at c", ASKED, Sampling(), 1),
    ]
    assert len({base, *others}) == len(others) + 1


def test_contents_cannot_be_shifted_between_messages() -> None:
    one = [Message(role="user", content="ab"), Message(role="user", content="c")]
    other = [Message(role="user", content="a"), Message(role="user", content="bc")]
    assert call_key("m", one, Sampling()) != call_key("m", other, Sampling())


class Provider:
    def __init__(self, *, stop: Stop = "end", fails: int = 0) -> None:
        self.store = InMemoryCalls()
        self.reuse = Reuse(self.store)
        self.calls = 0
        self._stop = stop
        self._fails = fails

    async def make(self) -> tuple[Completion, float]:
        self.calls += 1
        call = self.calls
        await asyncio.sleep(0.01)
        if call <= self._fails:
            raise ModelUnavailable("gone", model="a/b")
        return Completion(
            text=f"reply {call}", model="a/b", usage=Usage(calls=1, output_tokens=9), stop=self._stop
        ), 0.01

    async def ask(self, key: str = "k", most: int | None = None) -> tuple[str, bool]:
        reply = await self.reuse.reply(key, self.make, most)
        return reply.completion.text, reply.is_known


async def test_equal_calls_are_made_once_even_at_the_same_time() -> None:
    provider = Provider()
    replies = await asyncio.gather(*(provider.ask() for _ in range(20)))
    assert {text for text, _ in replies} == {"reply 1"}
    assert sum(is_known for _, is_known in replies) == 19
    assert await provider.ask() == ("reply 1", True)
    assert provider.calls == 1


async def test_different_keys_do_not_wait_for_each_other() -> None:
    provider = Provider()
    await asyncio.gather(*(provider.ask(f"k{at}") for at in range(5)))
    assert provider.calls == 5


@pytest.mark.parametrize("stop", ["length", "filter"])
async def test_a_reply_that_was_cut_is_not_reused(stop: Literal["length", "filter"]) -> None:
    provider = Provider(stop=stop)
    assert [await provider.ask() for _ in range(2)] == [("reply 1", False), ("reply 2", False)]


async def test_a_reply_that_was_enough_is_reused() -> None:
    provider = Provider(stop="enough")
    assert [await provider.ask() for _ in range(2)] == [("reply 1", False), ("reply 1", True)]


async def test_a_known_reply_that_is_longer_than_the_limit_is_not_reused() -> None:
    provider = Provider()
    await provider.ask()
    assert await provider.ask(most=8) == ("reply 2", False)
    assert (await provider.ask(most=9))[1]


async def test_an_error_is_not_reused_and_a_waiting_task_makes_the_call_itself() -> None:
    provider = Provider(fails=1)
    results = await asyncio.gather(*(provider.ask() for _ in range(4)), return_exceptions=True)
    assert [type(each) for each in results].count(ModelUnavailable) == 1
    assert provider.calls == 2


async def test_a_cancelled_task_leaves_the_call_to_a_waiting_one() -> None:
    provider = Provider()
    first = asyncio.create_task(provider.ask())
    await asyncio.sleep(0)
    second = asyncio.create_task(provider.ask())
    await asyncio.sleep(0)
    first.cancel()
    assert await second == ("reply 2", False)


async def test_a_reused_call_was_last_used_now(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    journal = CallJournal(file)
    journal.put(PaidCall(key="k", model="a/b", text="old", usage=Usage(calls=1), created=1.0))
    journal.flush()
    before = time.time()
    assert (await Reuse(journal).reply("k", Provider().make)).completion.text == "old"
    journal.close()
    with closing(sqlite3.connect(file)) as connection:
        (created, used, uses) = connection.execute("SELECT created, used, uses FROM calls").fetchone()
    assert (created, uses) == (1.0, 1)
    assert before <= used <= time.time()
