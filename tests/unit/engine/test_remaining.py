from __future__ import annotations

import time

from harlm import events
from harlm.budget import Account, Caps
from harlm.engine.remaining import left_in_words, limits_of, what_is_left
from harlm.testing import ScriptedModel
from harlm.types import Amounts
from tests.support.nodes import PRICES, answer_of, node_with


def test_nothing_is_said_of_amounts_without_a_limit() -> None:
    assert left_in_words(Account()) == ""
    assert set(what_is_left(Account()).values()) == {None}
    assert left_in_words(Account(Caps(calls=5))) == "5 calls"


def test_the_line_names_each_limited_amount_with_its_unit() -> None:
    account = Account(Caps(tokens=12_000, micros=420_000, calls=88, ends=164.0), now=lambda: 100.0)
    assert left_in_words(account) == "$0.4200, 12,000 tokens, 88 calls, 64 s"


def test_what_is_held_for_finishing_is_not_left() -> None:
    account = Account(Caps(tokens=1_000, calls=10))
    assert account.hold(Amounts(tokens=300, micros=0, calls=1))
    assert left_in_words(account) == "700 tokens, 9 calls"


async def test_early_calls_that_no_cell_has_asked_for_count_as_left() -> None:
    account = Account(Caps(tokens=1_000, calls=10))
    await account.reserve(Amounts(tokens=400, micros=0, calls=2))
    assert what_is_left(account)["tokens_left"] == 600
    left = what_is_left(account, [Amounts(tokens=100, calls=1), Amounts(tokens=300, calls=1)])
    assert (left["tokens_left"], left["calls_left"]) == (1_000, 10)


def test_nothing_left_is_never_negative() -> None:
    account = Account(Caps(tokens=0, micros=0, calls=0, ends=1.0), now=lambda: 5.0)
    assert set(what_is_left(account).values()) == {0}


async def test_the_model_is_told_what_is_left_each_turn() -> None:
    model = ScriptedModel(["```repl\nprint(budget())\n```", "```repl\nFINAL('done')\n```"])
    caps = Caps(calls=10, micros=2_000_000, ends=time.monotonic() + 100)
    node, log = node_with(model, caps=caps, prices=PRICES)
    await answer_of(node)
    first, second = (messages[-1].content for messages in model.asked)
    assert "Turn 1 of 20. Left: $" in first
    assert "9 calls" in first, "one is kept for finishing"
    assert "8 calls" in second
    printed = eval(log.of(events.CellFinished)[0].output, {})
    assert (printed["calls_left"], printed["calls_used"], printed["tokens_left"]) == (8, 1, None)
    assert 0 < printed["usd_left"] < 2
    assert 0 < printed["seconds_left"] <= 100


def test_the_limits_that_are_set_are_named_in_the_users_units() -> None:
    account = Account(Caps(micros=250_000, calls=8, ends=130.0), now=lambda: 100.0)
    assert limits_of(account) == {"usd": 0.25, "calls": 8, "seconds": 30.0}
    assert limits_of(Account()) == {}
