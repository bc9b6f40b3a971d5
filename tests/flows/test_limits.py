"""Runs that reach a limit, over real HTTP: spending stays within the limit, and findings are not lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harlm import HARLM, Answer, Budget, DeadlineExceeded, LimitExceeded, Price, events
from harlm.testing import EventLog, FaultyServer, Request, ScriptedServer
from tests.support.cli import harlm

PRICES = {
    "openai/root": Price(input=1.25, output=10.0),
    "openai/sub": Price(input=0.25, output=2.0),
}
MANY = (
    "replies = []\nfor i in range({n}):\n    replies.append(llm_query(f'item {{i}}'))\n    print(replies[-1])"
)
BATCH = "replies = llm_query_batched([f'item {{i}}' for i in range({n})])\nprint(len(replies))"


def fan_out(cell: str) -> Callable[[Request], str]:
    """A root model that writes ``cell`` once, and finishes when it is asked again."""

    def reply(request: Request) -> str:
        if request.model == "sub":
            return f"reply to {request.prompt}"
        if "<learned>" in request.prompt:
            return "so far: " + request.prompt.partition("Reply: ")[2].partition("\n")[0]
        if len(request.messages) == 2:
            return f"```repl\n{cell}\n```"
        return "```repl\nFINAL('all done')\n```"

    return reply


def client(server: ScriptedServer | FaultyServer, budget: Budget, **settings: object) -> HARLM:
    return HARLM(
        model=f"openai/root@{server.base_url}",
        sub_model=f"openai/sub@{server.base_url}",
        mode="full",
        budget=budget,
        prices=PRICES,
        **settings,  # type: ignore[arg-type] # settings of the test
    )


def tokens(answer: Answer) -> int:
    return answer.usage.input_tokens + answer.usage.output_tokens


@pytest.mark.parametrize(
    ("budget", "limit"),
    [
        (Budget(tokens=3000), "tokens"),
        (Budget(tokens=6_000), "tokens"),
        (Budget(calls=10), "calls"),
        (Budget(usd=0.006), "usd"),
    ],
    ids=str,
)
@pytest.mark.parametrize("cell", [MANY, BATCH], ids=["loop", "batch"])
def test_a_thousand_calls_stay_within_the_limit(budget: Budget, limit: str, cell: str) -> None:
    log = EventLog()
    with ScriptedServer(fan_out(cell.format(n=1000))) as server:
        with pytest.raises(LimitExceeded) as caught:
            client(server, budget).ask("What do they say?", "a short text", sinks=[log])
        partial = caught.value.partial
    assert caught.value.limit == limit
    assert partial is not None
    assert partial.status == "partial"
    assert partial.text
    assert partial.usage.calls == len(server.requests) <= (budget.calls or 1001)
    assert tokens(partial) <= (budget.tokens or 1 << 60)
    assert (partial.usage.cost_micros or 0) <= (budget.usd or 1) * 1_000_000
    assert [event.limit for event in log.of(events.LimitReached)] == [limit]
    assert log.of(events.Answered)[0].answer == partial


@pytest.mark.parametrize("cell", [MANY, BATCH], ids=["loop", "batch"])
def test_a_time_limit_ends_a_cell_and_keeps_its_findings(cell: str) -> None:
    """Sub-calls take a minute, except the first few: their replies are the findings. A busy machine needs more time to say them."""

    def latency(request: Request) -> float:
        return 60.0 if request.model == "sub" and request.number > 6 else 0.0

    for seconds in (2.0, 8.0, 20.0):
        with FaultyServer(fan_out(cell.format(n=64)), latency_s=latency) as server:
            started = time.monotonic()
            with pytest.raises(DeadlineExceeded) as caught:
                client(server, Budget(seconds=seconds)).ask("What do they say?", "a short text")
            took = time.monotonic() - started
        assert 1.0 < took < 1.3 * seconds
        partial = caught.value.partial
        assert partial is not None
        if partial.text.startswith("so far: reply to item"):
            return
    pytest.fail("no partial answer has the findings")


def test_each_limit_prints_a_partial_answer_and_exits_4(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("a short text")

    def latency(request: Request) -> float:
        return (
            10.0 if request.number > 600 else 0.0
        )  # of all requests: the run with a limit of time comes to them

    with FaultyServer(fan_out(MANY.format(n=1000)), latency_s=latency) as server:
        for flags in (["--max-tokens", "3000"], ["--max-calls", "5"], ["--timeout", "1s"]):
            ran = harlm(
                "ask",
                "What do they say?",
                tmp_path / "text.txt",
                "-m",
                f"openai/root@{server.base_url}",
                "--sub-model",
                f"openai/sub@{server.base_url}",
                "--mode",
                "full",
                *flags,
            )
            assert ran.code == 4, ran
            assert ran.out.strip(), ran
            assert flags[0] in ran.err
            assert "this answer is partial" in ran.err
