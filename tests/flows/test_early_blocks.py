"""Blocks that run while the root model still writes, and replies that end with the node, over real HTTP and real REPLs."""

from __future__ import annotations

from typing import Any

import pytest

from harlm import HARLM, Answer, events
from harlm.testing import ChatServer, EventLog, Request

CONTEXT = "\n".join(f"{'ERROR' if number % 3 else 'ok'} unit {number}" for number in range(30))
COUNT = "```repl\nrows = [line for line in context.splitlines() if 'ERROR' in line]\nprint(len(rows))\n```\n"
FINISH = "```repl\nFINAL(f'{len(rows)} errors')\n```\n"
ASKS = "```repl\nrows = [llm_query(f'{line}?') for line in context.splitlines()[:4]]\nprint(rows)\n```\n"
PROSE = "This is what the block above does, and why it does it.\n" * 30
LONG = 4 * PROSE


def ask(server: ChatServer, log: EventLog, **settings: Any) -> Answer:
    client = HARLM(
        model=f"openai/root@{server.base_url}",
        sub_model=f"openai/sub@{server.base_url}",
        mode="full",
        **{"cache": False, **settings},
    )
    return client.ask("How many errors?", CONTEXT, sinks=[log])


def root(*replies: str) -> Any:
    def reply(request: Request) -> str:
        if request.model == "sub":
            return request.prompt.upper()
        turn = sum(role == "assistant" for role, _ in request.messages)
        return replies[min(turn, len(replies) - 1)]

    return reply


def can_have_twins(log: EventLog) -> bool:
    return log.of(events.ReplOpened)[0].tier in ("s0", "s1", "s2", "s3")


def shown(log: EventLog) -> list[str]:
    """What the root model was shown in its last call."""
    last = [each for each in log.of(events.CallStarted) if each.role == "root"][-1]
    return [message.content for message in last.messages if message.role == "user"][1:]


@pytest.mark.parametrize("limits", [{}, {"budget": {"tokens": 1_000_000}}], ids=["free", "limited"])
def test_a_reply_ends_with_the_node_and_at_least_what_arrived_is_booked(limits: dict[str, Any]) -> None:
    from harlm import Budget

    settings = {"budget": Budget(**limits["budget"])} if limits else {}
    log = EventLog()
    with ChatServer(root(COUNT, FINISH + LONG), line_s=0.05) as server:
        answer = ask(server, log, **settings)
    if not can_have_twins(log):
        pytest.skip("REPLs have no twins here")
    assert (answer.text, answer.status) == ("20 errors", "ok")
    last = log.of(events.CallFinished)[-1]
    assert last.stop == "enough"
    assert len(last.text) < len(FINISH + LONG)
    assert last.usage.output_tokens >= len(last.text.split())
    assert answer.usage.estimated
    assert answer.usage.calls == 2


def test_a_reply_that_has_ended_the_node_is_reused_as_it_is() -> None:
    log, again = EventLog(), EventLog()
    with ChatServer(root(COUNT, FINISH + PROSE), line_s=0.05) as server:
        first = ask(server, log, cache=True)
        second = ask(server, again, cache=True)
        asked = len(server.requests)
    assert first.text == second.text == "20 errors"
    assert asked == 2
    assert second.usage.calls == 0


@pytest.mark.parametrize("script", [(COUNT + PROSE, FINISH), (ASKS + COUNT + PROSE, PROSE, FINISH)])
def test_the_model_is_shown_the_same_with_and_without_early_blocks(script: tuple[str, ...]) -> None:
    seen = []
    for speculation in ("off", "safe"):
        log = EventLog()
        with ChatServer(root(*script), line_s=0.02) as server:
            answer = ask(server, log, speculation=speculation)
        cells = [each.code for each in log.of(events.CellStarted)]
        seen.append((answer.text, answer.usage.calls, answer.usage.early.wasted, shown(log), cells))
    assert seen[0] == seen[1]
