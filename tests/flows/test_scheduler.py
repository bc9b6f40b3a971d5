"""Whole runs with early calls, over real HTTP: the same results as without them, only sooner."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from harlm import HARLM, Answer, Budget, LimitExceeded, events
from harlm.testing import EventLog, Request, ScriptedServer
from harlm.types import Completion, Usage

LOOP = "out = []\nfor at in range(16):\n    out.append(llm_query(f'item {at}'))\nprint(out[:2], budget()['calls_used'])"
LATENCY_S = 0.2


def script(
    cell: str, finish: str = "FINAL(str(out))", bad: str = ""
) -> Callable[[Request], str | web.Response]:
    """A root model that writes ``cell`` once and then finishes; a sub-model that refuses ``bad``."""

    def reply(request: Request) -> str | web.Response:
        if request.model == "sub":
            if request.prompt == bad:
                return web.json_response({"error": {"message": "the item is cursed"}}, status=400)
            return f"reply to {request.prompt}"
        answered = sum(role == "assistant" for role, _ in request.messages)
        return f"```repl\n{finish if answered else cell}\n```"

    return reply


def ask(server: ScriptedServer, log: EventLog | None = None, **settings: Any) -> Answer:
    client = HARLM(
        model=f"openai/root@{server.base_url}", sub_model=f"openai/sub@{server.base_url}", mode="full", concurrency=64,
        **settings,
    )  # fmt: skip
    return client.ask("What do they say?", "a short text", sinks=[] if log is None else [log])


def shown(server: ScriptedServer) -> list[str]:
    """The outputs of cells that the root model was shown."""
    last = [request for request in server.requests if request.model == "root"][-1]
    return [text for role, text in last.messages if role == "user"][1:]


def test_a_plain_loop_is_as_fast_as_its_longest_call_with_the_same_result() -> None:
    seen: dict[str, tuple[str, list[str], float, EventLog]] = {}
    for speculation in ("off", "safe", "eager"):
        log = EventLog()
        with ScriptedServer(script(LOOP), latency_s=LATENCY_S) as server:
            started = time.monotonic()
            answer = ask(server, log, speculation=speculation)
            seen[speculation] = answer.text, shown(server), time.monotonic() - started, log
            subs = [request.prompt for request in server.requests if request.model == "sub"]
        assert sorted(subs) == sorted(f"item {at}" for at in range(16))
        assert (answer.usage.early.made >= 8) == (
            speculation != "off"
        )  # the first ones may be faster than the scout
        assert answer.usage.early.wasted == 0
        assert answer.usage.calls == 18
    assert seen["off"][:2] == seen["safe"][:2] == seen["eager"][:2]
    assert seen["off"][2] > 16 * LATENCY_S
    assert seen["safe"][2] < seen["off"][2] / 2
    assert seen["off"][3].of(events.Scheduled) == []
    told = seen["safe"][3].of(events.Scheduled)[0]
    assert (told.calls, told.wasted, told.pattern) == (16, 0, "map")
    assert told.parallelism > 2
    assert LATENCY_S < told.critical_path_s < 9 * LATENCY_S


def test_children_are_made_early_too() -> None:
    children = "out = []\nfor at in range(4):\n    out.append(rlm_query(f'part {at}', context='text ' * 9))\nprint(out)"

    def reply(request: Request) -> str:
        asked = next(text for role, text in request.messages if role == "user")
        if "part" in asked:
            return (
                "```repl\nprint(1)\n```" if len(request.messages) < 4 else "```repl\nFINAL('child done')\n```"
            )
        return f"```repl\n{'FINAL(str(out))' if len(request.messages) > 3 else children}\n```"

    with ScriptedServer(reply, latency_s=0.1) as server:
        answer = ask(server)
    assert answer.text == str(["child done"] * 4)
    assert answer.usage.early.made >= 2
    assert answer.usage.early.wasted == 0


@pytest.mark.parametrize("handled", [False, True])
def test_a_failure_is_raised_where_the_cell_makes_the_call_in_the_same_words(handled: bool) -> None:
    body = (
        "    try: out.append(llm_query(f'item {at}'))\n    except Exception as error: out.append(str(error))"
    )
    cell = LOOP if not handled else f"out = []\nfor at in range(16):\n{body}\nprint(out)"
    texts = []
    for speculation in ("off", "safe"):
        with ScriptedServer(script(cell, bad="item 7"), latency_s=0.02) as server:
            answer = ask(server, speculation=speculation)
            port = server.url.rpartition(":")[2]
            texts.append(repr((answer.text, shown(server))).replace(port, "PORT"))
    assert texts[0] == texts[1]
    assert "cursed" in texts[0]


def test_unclaimed_calls_are_counted_as_wasted() -> None:
    search = "out = None\nfor at in range(16):\n    r = llm_query(f'item {at}')\n    if 'item 1' in r:\n        out = r\n        break\nprint(out)"
    log = EventLog()
    with ScriptedServer(script(search, "FINAL(out)"), latency_s=0.05) as server:
        answer = ask(server, log)
        subs = [request.prompt for request in server.requests if request.model == "sub"]
    assert answer.text == "reply to item 1"
    assert answer.usage.early.wasted == len(subs) - 2 <= 4
    assert answer.usage.early.wasted == log.of(events.Scheduled)[0].wasted


def test_a_budget_that_runs_out_ends_runs_with_and_without_early_calls() -> None:
    partials = []
    for speculation in ("off", "safe"):
        with ScriptedServer(script(LOOP), latency_s=0.02) as server:
            with pytest.raises(LimitExceeded) as caught:
                ask(server, speculation=speculation, budget=Budget(calls=9))
            assert len(server.requests) <= 9
        assert caught.value.partial is not None
        partials.append((caught.value.limit, caught.value.partial.usage.calls))
    assert partials[0] == partials[1]


def test_a_time_limit_leaves_no_request_in_flight() -> None:
    with ScriptedServer(script(LOOP), latency_s=0.6) as server:
        with pytest.raises(LimitExceeded):
            ask(server, budget=Budget(seconds=1.5), speculation="safe")
        before = len(server.requests)
        time.sleep(1)
        assert len(server.requests) == before
        assert server.in_flight == 0


SLOWLY = (
    "Let me ask.\n\n```repl\n"
    + LOOP.replace("print(", "\n".join(["# so far so good"] * 8) + "\nprint(")
    + "\n```\n"
)


def slow_writer(request: Request) -> str:
    if request.model == "sub":
        return f"reply to {request.prompt}"
    return "```repl\nFINAL(str(out))\n```" if len(request.messages) > 2 else SLOWLY


def test_calls_are_made_while_the_root_model_is_still_writing() -> None:
    texts, seconds = [], []
    for speculation in ("off", "safe"):
        log = EventLog()
        with ScriptedServer(slow_writer, latency_s=0.2, line_s=0.1) as server:
            started = time.monotonic()
            answer = ask(server, log, speculation=speculation)
            seconds.append(time.monotonic() - started)
        texts.append((answer.text, shown(server)))
        order = [event for event in log.events if isinstance(event, events.CallStarted | events.CallFinished)]
        root_ended = next(at for at, event in enumerate(order) if isinstance(event, events.CallFinished))
        early = sum(
            isinstance(event, events.CallStarted) and event.role == "sub" for event in order[:root_ended]
        )
        assert early == (16 if speculation == "safe" else 0)
    assert texts[0] == texts[1]
    assert seconds[1] < seconds[0]  # though only the streamed reply takes its time
    assert (answer.usage.early.made, answer.usage.early.wasted) == (16, 0)


def test_the_first_fan_out_under_a_streamed_reply_is_one_wave() -> None:
    """Nothing at the address has answered when it begins."""
    with ScriptedServer(slow_writer, latency_s=0.8, line_s=0.1) as server:
        answer = ask(server)
        assert server.most_in_flight >= 16
    assert answer.usage.early.made == 16


def test_the_seconds_of_a_run_are_real_whatever_was_made_early() -> None:
    """The calls of the cell take 4.8 s in all, and it gets their replies after 0.3 s."""
    with ScriptedServer(script(LOOP), latency_s=0.3) as server:
        answer = ask(server, budget=Budget(seconds=4.0, usd=1e10))
    assert answer.text == str([f"reply to item {at}" for at in range(16)])
    assert answer.status == "ok"


def test_calls_foreseen_from_a_discarded_reply_are_cancelled() -> None:
    """An attempt that was broken off wrote another reply than the final one."""

    class Fickle:
        name = "test/fickle"
        window = 100_000

        async def complete(self, messages: Any, sampling: Any) -> Completion:
            turn = sum(message.role == "assistant" for message in messages)
            if turn:
                return Completion(text="```repl\nFINAL(str(out))\n```", model=self.name, usage=Usage(calls=1))
            if sampling.on_text is not None:
                sampling.on_text("```repl\nout = [llm_query(f'wrong {at}') for at in range(3)]\nprint(1)\n")
                await asyncio.sleep(0.3)
            return Completion(text=f"```repl\n{LOOP}\n```", model=self.name, usage=Usage(calls=1))

    with ScriptedServer(script(LOOP), latency_s=0.02) as server:
        client = HARLM(model=Fickle(), sub_model=f"openai/sub@{server.base_url}", mode="full")
        answer = client.ask("What do they say?", "a short text")
        prompts = [request.prompt for request in server.requests]
    assert answer.text == str([f"reply to item {at}" for at in range(16)])
    assert sorted(prompts[:3]) == ["wrong 0", "wrong 1", "wrong 2"]
    assert answer.usage.early.wasted == 3


def test_a_server_that_cannot_stream_is_asked_without_streaming() -> None:
    def reply(request: Request) -> str | web.Response:
        if request.body.get("stream"):
            return web.json_response({"error": {"message": "unknown parameter: stream"}}, status=400)
        return script(LOOP)(request)

    with ScriptedServer(reply) as server:
        assert ask(server).text == str([f"reply to item {at}" for at in range(16)])
        assert sum(bool(request.body.get("stream")) for request in server.requests) == 1


def test_a_cell_sees_only_the_cost_of_its_claimed_calls() -> None:
    counting = (
        "seen = []\nfor at in range(8):\n    llm_query(f'item {at}')\n    left = budget()\n"
        "    seen.append((left['calls_used'], left['calls_left'], left['tokens_used']))\nprint(seen)"
    )
    told = []
    for speculation in ("off", "safe"):
        with ScriptedServer(script(counting, "FINAL(str(seen))"), latency_s=0.1) as server:
            answer = ask(server, speculation=speculation, budget=Budget(calls=30, usd=1e10))
        told.append((answer.text, answer.usage.early.made > 3))
    assert told[0][0] == told[1][0]
    assert told[1][1]
