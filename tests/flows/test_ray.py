"""Batches on a real Ray cluster of two nodes: each question has one result, no budget is overdrawn, and nodes may be lost."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from harlm import HARLM, Budget, Price
from harlm.batch.rows import BatchRow
from harlm.errors import ConfigError, ExecutorFailure
from harlm.testing import ChatServer, Request
from tests.support.cli import harlm
from tests.support.ray_cluster import HAS_RAY, address_of, cluster_of, kill_head, kill_node, logs_of

pytestmark = [
    pytest.mark.skipif(not HAS_RAY, reason="Ray is not installed: pip install 'harlm[ray]'"),
    pytest.mark.filterwarnings("ignore"),  # of Ray
]
COUNT = 40
QUESTIONS = [f"What is number {n}?" for n in range(COUNT)]
PRICES = {f"openai/{name}": Price(input=1.0, output=2.0) for name in ("root", "sub")}
RESULTS = Path("r.jsonl")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with cluster_of() as started:
        yield started


def reply(request: Request) -> str:
    """The root counts with the help of two calls, each of its own prompt."""
    if request.model == "sub":
        return f"reply to {request.prompt}"
    if len(request.messages) < 2:
        return "nothing"  # the last words of a run that was ended
    number = request.messages[1][1].partition("number ")[2].partition("?")[0]
    return f"```repl\nx = [llm_query('part {{}} of {number}'.format(n)) for n in range(2)]\nFINAL(x[1])\n```"


def client(server: ChatServer, mode: Any = "direct", **settings: Any) -> HARLM:
    url = server.base_url
    named = {"model": f"openai/root@{url}", "sub_model": f"openai/sub@{url}"}
    return HARLM(**named, mode=mode, prices=PRICES, **settings)  # type: ignore[arg-type] # settings of the test


async def rows_of(
    client: HARLM, cluster: Any, on_row: Callable[[BatchRow], None] = lambda _: None, **how: Any
) -> list[BatchRow]:
    rows: AsyncIterator[BatchRow] = client.abatch(
        QUESTIONS,
        "a text",
        results=RESULTS,
        executor="ray",
        address=address_of(cluster),
        **{"at_once": 8, **how},
    )
    heard = []
    async with aclosing(rows):  # type: ignore[type-var] # an iterator that can be closed
        async for row in rows:
            heard.append(row)
            on_row(row)
    return heard


def once_each(rows: list[BatchRow]) -> bool:
    return Counter(each.question for each in rows) == Counter(QUESTIONS) and all(
        each.is_final for each in rows
    )


async def test_both_nodes_answer_and_each_question_has_one_result(
    cluster: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    with ChatServer(lambda _: "1883", latency_s=0.08) as server:
        rows = await rows_of(client(server, concurrency=6, api_key="a-key-that-is-secret"), cluster)
    assert once_each(rows)
    assert server.arrived == COUNT
    assert server.most_in_flight <= 6, "the limit holds for all nodes together"
    assert len({each.run for each in rows}) == COUNT
    assert not capfd.readouterr().out, "Ray says nothing on stdout"
    assert b"raylet" in logs_of(cluster)
    assert b"a-key-that-is-secret" not in logs_of(cluster)


async def test_the_budget_of_a_batch_holds_over_both_nodes_and_the_rest_is_asked_later(cluster: Any) -> None:
    with ChatServer(lambda _: "1883", latency_s=0.05) as server:
        first = await rows_of(client(server), cluster, budget=Budget(calls=25))
        assert server.arrived == 25
        assert sum(each.paid.calls for each in first) == 25
        assert {each.status for each in first if not each.is_final} == {"stopped"}
        rest = await rows_of(client(server), cluster, budget=Budget(calls=COUNT, usd=0.1))
    assert once_each([each for each in first if each.is_final] + rest)
    assert server.arrived == COUNT, "what was paid is not paid again, and counts"


async def test_a_cluster_that_is_not_there_and_objects_that_cannot_travel_are_told() -> None:
    with socket.socket() as taken, ChatServer(lambda _: "1883") as server:
        taken.bind(("127.0.0.1", 0))
        nowhere = f"127.0.0.1:{taken.getsockname()[1]}"
        for address in (nowhere, server.url.removeprefix("http://")):
            with pytest.raises(ExecutorFailure, match=f"no Ray cluster answers at {address}"):
                async for _ in client(server).abatch(QUESTIONS, "x", executor="ray", address=address):
                    pass
        with pytest.raises(ConfigError, match="not the address of a Ray cluster"):
            async for _ in client(server).abatch(QUESTIONS, "x", executor="ray", address="ray://head"):
                pass
        with pytest.raises(ConfigError, match="cannot be sent to the nodes"):
            async for _ in HARLM(model=lambda _: "1883").abatch(
                QUESTIONS, "x", executor="ray", address=nowhere
            ):
                pass


def test_the_command_line_says_in_one_line_that_no_cluster_is_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = f"127.0.0.1:{taken.getsockname()[1]}"
        Path("q.jsonl").write_text('"What?"\n', "utf-8")
        Path("a.md").write_text("a text", "utf-8")
        failed = harlm("batch", "q.jsonl", "a.md", "--executor", "ray", "--address", nowhere)
    assert failed.code == 5
    assert "Traceback" not in failed.err
    assert nowhere in failed.err


async def test_a_node_that_is_killed_loses_no_question_and_its_calls_are_not_paid_again(cluster: Any) -> None:
    node = cluster.list_all_nodes()[1]
    with ChatServer(reply, latency_s=0.1) as server:
        answered = 0

        def kill_in_the_middle(row: BatchRow) -> None:
            nonlocal answered
            answered += 1
            if answered == 8:
                kill_node(node)

        rows = await rows_of(client(server, "full"), cluster, kill_in_the_middle, at_once=6)
        asked = Counter(each.prompt for each in server.requests if each.model == "sub")
    assert once_each(rows)
    assert all(each.answer == f"reply to part 1 of {each.question.split()[-1][:-1]}" for each in rows)
    assert set(asked) == {f"part {part} of {n}" for part in range(2) for n in range(COUNT)}
    again = {prompt for prompt, times in asked.items() if times > 1}
    assert len(again) <= 6, "only what was in flight on the lost node"


async def test_a_head_that_goes_away_ends_the_batch_and_it_continues_elsewhere() -> None:
    with ChatServer(lambda _: "1883", latency_s=0.3) as server:
        with cluster_of() as doomed:
            heard: list[BatchRow] = []

            def kill(row: BatchRow) -> None:
                heard.append(row)
                if len(heard) == 4:
                    kill_head(doomed)

            with pytest.raises(ExecutorFailure, match="the same command continues"):
                async with asyncio.timeout(60):
                    await rows_of(client(server, concurrency=2), doomed, kill, at_once=2)
        rest = [
            each async for each in client(server).abatch(QUESTIONS, "a text", results=RESULTS, at_once=COUNT)
        ]
    assert once_each(heard + rest)
    assert server.arrived <= COUNT + 4, "what was paid is kept"
