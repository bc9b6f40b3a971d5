from __future__ import annotations

import asyncio
import math
import time

from harlm.budget import UNLIMITED, Caps
from harlm.engine import Node
from harlm.engine.grants import Grants
from harlm.testing import ScriptedModel
from harlm.types import Context
from tests.support.nodes import node_with


def node_of(caps: Caps) -> Node:
    return node_with(ScriptedModel([]), caps=caps)[0]


def words(count: int) -> Context:
    return Context.of_text("word " * count)


async def test_children_of_one_batch_share_by_need_and_their_parent_has_a_share() -> None:
    grants = Grants(node_of(Caps(tokens=120_000)))
    texts = [words(size) for size in (100, 20_000, 20_000, 20_000)]
    small, *large = await asyncio.gather(*(grants.caps(text) for text in texts))
    assert 100_000 < small.tokens + sum(each.tokens for each in large) <= 110_000, "the parent has a share"
    assert 10_000 <= small.tokens < min(each.tokens for each in large)
    assert 60_000 <= (await grants.caps(texts[0])).tokens < 120_000


async def test_a_child_alone_gets_all_except_the_parents_share() -> None:
    grants = Grants(node_of(Caps(tokens=60_000, micros=600_000, calls=60)))
    caps = await grants.caps(words(20_000))
    assert 30_000 < caps.tokens < 60_000
    assert 300_000 < caps.micros < 600_000
    assert 30 < caps.calls < 60


async def test_what_is_not_limited_stays_unlimited() -> None:
    caps = await Grants(node_of(Caps(calls=50))).caps(words(10))
    assert (caps.tokens, caps.micros) == (UNLIMITED, UNLIMITED)
    assert caps.calls < 50
    assert caps.ends == math.inf


async def test_a_child_ends_before_its_parent_must_finish() -> None:
    ends = time.monotonic() + 1_000
    caps = await Grants(node_of(Caps(ends=ends))).caps(words(10))
    assert caps.ends < ends


async def test_a_budget_that_is_too_small_goes_to_the_context_that_holds_what_is_asked_for() -> None:
    grants = Grants(node_of(Caps(tokens=60_000)))
    relevant = Context.of_text("the zeppelin landed in the harbour\n" * 4_000)
    texts = [words(30_000), relevant, words(30_000)]
    caps = await asyncio.gather(*(grants.caps(text, "Where did the zeppelin land?") for text in texts))
    tokens = [each.tokens for each in caps]
    assert tokens[1] > 30_000, "its whole need"
    assert sum(tokens) <= 50_000, "the parent has a share"


async def test_contexts_of_one_relevance_share_a_small_budget_alike() -> None:
    grants = Grants(node_of(Caps(tokens=60_000)))
    caps = await asyncio.gather(*(grants.caps(words(30_000), "Where is the zeppelin?") for _ in range(2)))
    assert caps[0].tokens == caps[1].tokens > 20_000


async def test_a_spent_budget_grants_nothing() -> None:
    caps = await Grants(node_of(Caps(tokens=0, micros=0, calls=0))).caps(words(10))
    assert (caps.tokens, caps.micros, caps.calls) == (0, 0, 0)


async def test_a_child_that_is_cancelled_while_it_waits_does_not_stop_the_others() -> None:
    grants = Grants(node_of(Caps(tokens=120_000)))
    first, second = (asyncio.ensure_future(grants.caps(words(100))) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).tokens > 0
    assert first.cancelled()
