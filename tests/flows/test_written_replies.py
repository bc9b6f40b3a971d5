"""Replies that are foreseen while a provider writes them, and go wrong: the run ends as without early calls, every call is paid and
none is left.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from functools import cache
from typing import Any, NamedTuple

import pytest

from harlm import HARLM, Answer, events
from harlm.config import Speculation
from harlm.testing import EventLog, FaultyServer
from tests.support.fault_runs import PRICES
from tests.support.written_replies import Attempt, Writer

pytestmark = pytest.mark.usefixtures("short_waits")

LOOP = "out = []\nfor at in range(8):\n    r = llm_query(f'item {at}')\n    out.append(r)\n    last = r\n"
CELL = f"{LOOP}print(out[-1], last == out[-1])\n"
REST = "final = llm_query('all ' + str(len(out)))\nprint(final)\n"
FINISH = "```repl\nFINAL(str(out[:2]) + final)\n```\n"
DONE = "```repl\nFINAL(str(sorted(globals().keys() & {'a', 'b', 'out', 'final', 'x'})))\n```\n"


def block(code: str) -> str:
    return f"```repl\n{code}```\n"


def whole(*texts: str) -> list[list[Attempt]]:
    return [[Attempt(text)] for text in texts]


GOOD = f"Let me ask.\n{block(CELL + REST)}"

SCENARIOS: dict[str, list[list[Attempt]]] = {
    "all goes well": whole(GOOD, FINISH),
    "it breaks off in an open loop and starts anew": [[Attempt(GOOD, 5), Attempt(GOOD)], [Attempt(FINISH)]],
    "it breaks off again and again": [
        [Attempt(GOOD, 3), Attempt(GOOD, 8), Attempt(GOOD, 6), Attempt(GOOD)],
        [Attempt(FINISH, 1), Attempt(FINISH)],
    ],
    "it starts anew with other words around the same cell": [
        [Attempt(GOOD, 6), Attempt(f"No, wait.\nIndeed:\n{block(CELL + REST)}")],
        [Attempt(FINISH)],
    ],
    "it changes a line already sent": [
        [Attempt(GOOD, 9), Attempt(GOOD.replace("item", "other").replace("out = []", "out = ['first']"))],
        [Attempt(FINISH)],
    ],
    "it starts anew without a cell": [
        [Attempt(GOOD, 6), Attempt("I cannot say.\n")],
        [Attempt(GOOD)],
        [Attempt(FINISH)],
    ],
    "it starts anew with two cells": [
        [Attempt(GOOD, 6), Attempt(f"{block('a = 1' + chr(10))}And.\n{block(CELL)}So.\n{block(REST)}")],
        [Attempt(FINISH)],
    ],
    "it never closes its fence": whole(f"Let me ask.\n```repl\n{CELL}{REST}", FINISH),
    "it never closes its fence and continues in words": whole(
        f"```repl\n{CELL}{REST}And that is all that there is to say about it.\n", block(CELL + REST), FINISH
    ),
    "it closes with another fence": whole(f"````repl\n{CELL}```\n{REST}````\n", block(CELL + REST), FINISH),
    "it is cut in the middle of a line": [
        [Attempt(f"```repl\n{CELL}x = llm_query('cut", finish="length")],
        [Attempt(block(CELL + REST))],
        [Attempt(FINISH)],
    ],
    "its cell is not Python": whole(
        block(f"{LOOP}for at in range(3) print(at)\n"), block(CELL + REST), FINISH
    ),
    "several blocks, one of which fails": whole(
        f"One.\n{block(CELL)}Two.\n{block('1 / 0' + chr(10))}Three.\n{block(REST)}", block(REST), FINISH
    ),
    "a loop is left early after its calls were bet on": whole(
        block(f"{LOOP}    if at == 1:\n        break\nprint(len(out))\n{REST}"), FINISH
    ),
    "the open tail changes what it asks": whole(
        block(
            "out = [\n    llm_query(f'item {at}')\n    for at in range(9)\n    if at % 4 == 0\n]\nprint(out)\n"
            + REST
        ),
        FINISH,
    ),
    "a draft turns out to be thoughts": whole(
        f"{block(CELL)}No, that is wrong.\n</think>\n{block(LOOP + REST)}", FINISH
    ),
}


_LEFT = re.compile(r"Left: \$[\d.]+")  # what was made in vain is paid


class Ran(NamedTuple):
    """What could be seen of a run, and what it took."""

    answer: Answer
    shown: list[str]
    server: FaultyServer
    log: EventLog


def ran(turns: list[list[Attempt]], speculation: Speculation, **settings: Any) -> Ran:
    log = EventLog()
    with Writer(turns).server() as server:
        client = HARLM(
            model=f"openai/root@{server.base_url}",
            sub_model=f"openai/sub@{server.base_url}",
            mode="full",
            prices=PRICES,
            cache=False,
            speculation=speculation,
            **settings,
        )
        answer = client.ask("What do they say?", "a short text", sinks=[log])
        arrived = server.arrived
        time.sleep(0.15)
        assert server.in_flight == 0, "no request is left"
        assert server.arrived == arrived, "and none comes after the end"
        last = [request for request in server.requests if request.model == "root"][-1]
    shown = [_LEFT.sub("", text) for role, text in last.messages if role == "user"][1:]
    return Ran(answer, shown, server, log)


@cache
def alone_at(*replies: Attempt) -> Ran:
    """A run without early calls, in which the root model replies with these at once: it is not streamed, so nothing breaks off."""
    return ran([[each] for each in replies], "off")


@pytest.mark.parametrize("speculation", ["safe", "eager"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_run_ends_as_without_early_calls_and_every_call_is_paid(
    scenario: str, speculation: Speculation
) -> None:
    turns = SCENARIOS[scenario]
    alone = alone_at(*(attempts[-1] for attempts in turns))
    ahead = ran(turns, speculation)
    assert (ahead.answer.text, ahead.answer.status) == (alone.answer.text, alone.answer.status)
    assert ahead.shown == alone.shown
    for run in (alone, ahead):
        usage, bill = run.answer.usage, run.server.counts()
        started = [each.call for each in run.log.of(events.CallStarted)]
        ended = [each.call for each in run.log.of(events.CallFinished)]
        ended += [each.call for each in run.log.of(events.CallFailed)]
        assert sorted(started) == sorted(ended), "each call has its end in the trace"
        assert usage.input_tokens >= bill["prompt"]
        assert usage.output_tokens >= bill["completion"]
        assert usage.calls >= bill["calls"]
    assert alone.answer.usage.early.made == 0
    made = ahead.answer.usage.early
    assert made.made >= 1
    assert made.claimed + made.wasted == made.made
    needed = [each.prompt for each in alone.server.requests if each.model == "sub"]
    asked = [each.prompt for each in ahead.server.requests if each.model == "sub"]
    assert len(asked) - len(needed) <= made.wasted
    assert not Counter(needed) - Counter(asked)


@pytest.mark.parametrize(
    "scenario", ["all goes well", "it never closes its fence", "the open tail changes what it asks"]
)
def test_where_no_attempt_breaks_off_the_ledger_is_the_bill(scenario: str) -> None:
    run = ran(SCENARIOS[scenario], "safe")
    usage, bill = run.answer.usage, run.server.counts()
    assert usage.early.made >= 3
    assert usage.early.wasted == 0
    assert (usage.input_tokens, usage.output_tokens, usage.calls) == (
        bill["prompt"],
        bill["completion"],
        bill["calls"],
    )
    assert not usage.estimated


def test_calls_of_an_open_loop_are_made_before_its_end_is_written() -> None:
    log = EventLog()
    with Writer(
        whole(
            block(f"{LOOP}{'    print(at)' * 1}\n" + "    y = at\n" * 20 + "print(len(out))\n" + REST), FINISH
        )
    ).server() as server:
        client = HARLM(
            model=f"openai/root@{server.base_url}", sub_model=f"openai/sub@{server.base_url}", mode="full", cache=False
        )  # fmt: skip
        client.ask("What do they say?", "a short text", sinks=[log])
    order = [each for each in log.events if isinstance(each, events.CallStarted | events.CallFinished)]
    root_ended = next(
        at
        for at, each in enumerate(order)
        if isinstance(each, events.CallFinished) and each.call == order[0].call
    )
    replied = sum(isinstance(each, events.CallFinished) for each in order[:root_ended])
    assert replied >= 8, "they have even been replied to"
