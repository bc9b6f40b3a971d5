"""Whole batches over HTTP: killed and stopped in the middle, they continue where they were, and pay for nothing twice."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harlm.home import user_config_file
from harlm.testing import ChatServer, Request
from harlm.testing.dialects import estimated_tokens
from tests.support.busy import eventually
from tests.support.cli import harlm
from tests.support.durable import started, wait_for

COUNT = 24
RESULTS = Path("r.jsonl")


def reply(request: Request) -> str:
    """The root counts with the help of two calls, each of its own prompt."""
    if request.model == "sub":
        return f"reply to {request.prompt}"
    if len(request.messages) < 2:
        return "nothing"  # the last words of a run that was ended
    number = request.messages[1][1].partition("number ")[2].partition("?")[0]
    return f"```repl\nx = [llm_query('part {{}} of {number}'.format(n)) for n in range(2)]\nFINAL(x[1])\n```"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    Path("a.txt").write_text("a text", "utf-8")
    Path("q.jsonl").write_text(
        "".join(json.dumps(f"What is number {n}?") + "\n" for n in range(COUNT)), "utf-8"
    )
    with ChatServer(reply, latency_s=0.05) as opened:
        yield opened


def command(server: ChatServer) -> tuple[str, ...]:
    url = server.base_url
    return (
        "batch",
        "q.jsonl",
        "a.txt",
        "-m",
        f"openai/root@{url}",
        "--sub-model",
        f"openai/sub@{url}",
        "--mode",
        "full",
        "--at-once",
        "4",
        "-o",
        "r.jsonl",
    )


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in RESULTS.read_text("utf-8").splitlines()]


def asked_for(server: ChatServer) -> Counter[str]:
    """How often each sub-call was asked for."""
    return Counter(each.prompt for each in server.requests if each.model == "sub")


def check(server: ChatServer, in_flight: int) -> None:
    """Every question has its one right answer, and only calls in flight were paid for twice."""
    found = rows()
    assert sorted(int(row["id"]) for row in found) == list(range(1, COUNT + 1))
    assert {row["answer"] == f"reply to part 1 of {int(row['id']) - 1}" for row in found} == {True}
    twice = {prompt: count for prompt, count in asked_for(server).items() if count > 1}
    assert len(twice) <= in_flight, twice
    assert len(list((Path.cwd() / "runs").glob("0*"))) <= COUNT + in_flight, (
        "runs were taken up again, not begun from the start"
    )


@pytest.mark.parametrize("after", [5, 30])
def test_a_batch_that_is_killed_goes_on_where_it_was(server: ChatServer, after: int) -> None:
    process = started(*command(server))
    try:
        wait_for(server, after)
    finally:
        process.kill()
        process.communicate()
    done = harlm(*command(server))
    assert done.code == 0, done.err
    assert f"{COUNT} of {COUNT} questions" in done.err
    check(server, in_flight=8)


def test_ctrl_c_ends_what_is_under_way_and_the_same_command_goes_on(server: ChatServer) -> None:
    process = started(*command(server))
    try:
        assert eventually(lambda: RESULTS.exists() and len(rows()) >= 4, 60)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130, said
    assert "stopping: questions that are under way end with what they have" in said
    assert "the same command continues where this one ended (-o r.jsonl)" in said
    assert "Traceback" not in said
    assert len(rows()) < COUNT
    assert harlm(*command(server)).code == 0
    check(server, in_flight=8)


def test_the_provider_s_bill_never_exceeds_the_budget_of_the_batch(server: ChatServer) -> None:
    prices = user_config_file().with_name("prices.toml")
    prices.parent.mkdir(parents=True)
    prices.write_text(
        '["openai/root"]\ninput = 100\noutput = 100\n["openai/sub"]\ninput = 100\noutput = 100\n', "utf-8"
    )
    done = harlm(*command(server), "--max-cost", "0.9", "--max-cost-each", "0.5")
    assert done.code == 4, done.err
    bill = sum((estimated_tokens(each) + len(reply(each).split())) * 100 for each in server.requests) / 1e6
    assert 0 < bill <= 0.9
    again = harlm(*command(server), "--max-cost", "20")
    assert again.code == 0, again.err
    check(server, in_flight=8)
