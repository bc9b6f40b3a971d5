"""The runs of ``perf.root_output``, for the ``harlm`` that this interpreter finds; prints one line of JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from harlm import HARLM
from harlm.testing import ChatServer, EventLog, Request

LINE_S = 0.05  # a line of twelve words: about 300 tokens a second
CONTEXT = "\n".join(f"2026-01-{day:02} {'ERROR' if day % 3 else 'ok'} unit {day}" for day in range(1, 29))
COUNT = "```repl\nrows = [line for line in context.splitlines() if 'ERROR' in line]\nprint(len(rows))\n```\n"
FINISH = "```repl\nFINAL(f'{len(rows)} errors')\n```\n"
PLAN = "To answer this I first look at how the lines of the log are made.\n" * 4
EXPLAINS = "The block above reads each line, keeps those with the word and counts them.\n" * 15

STYLES: Mapping[str, tuple[str, ...]] = {
    "all in one reply, then explains": (COUNT + FINISH + EXPLAINS, FINISH + EXPLAINS),
    "looks, then finishes and explains": (COUNT, FINISH + EXPLAINS),
    "plans in words, looks, then finishes and explains": (PLAN + COUNT + PLAN, FINISH + EXPLAINS),
    "nothing but code, in two replies": (COUNT, FINISH),
    "nothing but code, in one reply": (COUNT + FINISH, FINISH),
}
"""What the root model writes, turn by turn; the last reply again if it is asked once more."""


def writes(replies: tuple[str, ...]) -> Callable[[Request], str]:
    """A root model that writes these replies."""

    def reply(request: Request) -> str:
        turn = sum(role == "assistant" for role, _ in request.messages)
        return replies[min(turn, len(replies) - 1)]

    return reply


def measured(replies: tuple[str, ...], settings: Mapping[str, Any]) -> dict[str, float]:
    """One run: its turns, its output by the books and by what arrived, and its time."""
    log = EventLog()
    with ChatServer(writes(replies), line_s=LINE_S) as server:
        client = HARLM(model=f"openai/root@{server.base_url}", mode="full", cache=False, **settings)
        started = time.perf_counter()
        answer = client.ask("How many errors are there?", CONTEXT, sinks=[log])
        seconds = time.perf_counter() - started
    assert answer.text == "19 errors", answer
    said = [event.text for event in log.events if event.kind == "call_finished"]  # type: ignore[attr-defined] # of calls
    return {
        "turns": len(said),
        "tokens": answer.usage.output_tokens,
        "words": sum(len(text.split()) for text in said),
        "seconds": seconds,
    }


if __name__ == "__main__":
    chosen = dict(each.split("=", 1) for each in sys.argv[1:])
    measured(STYLES["nothing but code, in one reply"], chosen)  # starts the zygote, which later runs share
    print(json.dumps({style: measured(replies, chosen) for style, replies in STYLES.items()}))
