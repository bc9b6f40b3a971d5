"""Batches on a Ray cluster: two nodes beside one, a node that is killed, and what Ray takes beside runs in this process."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import aclosing, chdir, contextmanager
from pathlib import Path
from typing import Any

from tests.support.processes import descendants
from tests.support.ray_cluster import add_node, address_of, cluster_of, kill_node

from harlm import HARLM, Budget, Price
from harlm.batch.rows import BatchRow
from harlm.testing import ChatServer, Request
from perf.measure import Table, report, server_process

_COUNT = 160
_LATENCY_S = 0.8
_AT_ONCE = 8  # runs of a node: few, so that latency is what bounds it
_GOAL = 1.8
_KILLS = (10, 40, 80)  # rows after which a node is killed
_LIMIT = 100  # requests of a batch that cannot pay for all of its questions
_TIMED = (60, 460)  # rows between which processor time is counted
_TICKS = os.sysconf("SC_CLK_TCK")


async def asked(
    url: str, count: int, on_row: Callable[[int], None] = lambda _: None, **how: Any
) -> list[BatchRow]:
    """Ask some questions in a batch.

    Args:
        url: of the models.
        count: of questions.
        on_row: told how many have ended.
        how: arguments of ``abatch``, and ``mode`` and ``models`` of the client.
    """
    models: dict[str, Any] = {"model": f"openai/root@{url}", "sub_model": f"openai/sub@{url}"}
    mode = how.pop("mode", "direct")
    models |= how.pop("models", {})
    prices = {str(name).partition("@")[0]: Price(input=1.0, output=2.0) for name in models.values()}
    client = HARLM(**models, mode=mode, prices=prices, concurrency=64)
    rows = []
    batch = client.abatch([f"What is number {n}?" for n in range(count)], "a text", **how)
    async with aclosing(batch):
        async for row in batch:
            rows.append(row)
            on_row(len(rows))
    return rows


@contextmanager
def own_folder() -> Iterator[None]:
    """A folder and a home of its own, so that no batch knows the calls of another."""
    before = os.environ.get("HARLM_HOME")
    with tempfile.TemporaryDirectory(prefix="cluster-") as name, chdir(name):
        os.environ["HARLM_HOME"] = str(Path(name) / "home")
        try:
            yield
        finally:
            os.environ.pop("HARLM_HOME")
            if before is not None:
                os.environ["HARLM_HOME"] = before


def _throughput(nodes: int) -> float:
    """Questions a second on some nodes."""
    first: list[float] = []

    def reply(_: Request) -> str:
        first.append(time.monotonic())
        return "1883"

    with own_folder(), cluster_of(nodes) as cluster, ChatServer(reply, latency_s=_LATENCY_S) as server:
        how: dict[str, Any] = {"executor": "ray", "address": address_of(cluster), "at_once": _AT_ONCE}
        rows = asyncio.run(asked(server.base_url, _COUNT, **how))
        ended = time.monotonic()
    assert all(each.is_final for each in rows), rows
    began = first[0] - _LATENCY_S  # it replies after its latency
    return _COUNT / (ended - began)


def _reply(request: Request) -> str:
    """The root asks two calls, each of its own prompt."""
    if request.model == "sub":
        return f"reply to {request.prompt}"
    number = re.search(r"number (\d+)\?", request.messages[1][1])
    assert number is not None
    return f"```repl\nx = [llm_query(f'part {{n}} of {number[1]}') for n in range(2)]\nFINAL(x[1])\n```"


def _killed() -> list[list[object]]:
    """Batches in which a node is killed: one line for each moment."""
    lines: list[list[object]] = []
    with cluster_of(2) as cluster:
        node = cluster.list_all_nodes()[1]
        for at in _KILLS:
            doomed = node

            def kill(ended: int, at: int = at, doomed: Any = doomed) -> None:
                if ended == at:
                    kill_node(doomed)

            with own_folder(), ChatServer(_reply, latency_s=0.1) as server:
                how: dict[str, Any] = {
                    "executor": "ray",
                    "address": address_of(cluster),
                    "at_once": _AT_ONCE,
                    "mode": "full",
                }
                budget = Budget(usd=5.0, calls=4 * _COUNT)
                rows = asyncio.run(asked(server.base_url, _COUNT, kill, budget=budget, **how))
                calls = Counter(each.prompt for each in server.requests if each.model == "sub")
                arrived = server.arrived
            lines.append(_line(f"a node killed after {at} rows", rows, calls, arrived, 4 * _COUNT))
            node = add_node(cluster)
        with own_folder(), ChatServer(lambda _: "1883", latency_s=0.1) as server:
            how = {"executor": "ray", "address": address_of(cluster), "at_once": _AT_ONCE}
            rows = asyncio.run(asked(server.base_url, _COUNT, budget=Budget(calls=_LIMIT), **how))
            named = f"a limit of {_LIMIT} requests for {_COUNT} questions"
            lines.append(
                _line(named, [each for each in rows if each.is_final], Counter(), server.arrived, _LIMIT)
            )
    return lines


def _line(name: str, rows: list[BatchRow], calls: Counter[str], arrived: int, limit: int) -> list[object]:
    """What a batch has lost, doubled, asked again and overdrawn."""
    results = Counter(each.question for each in rows if each.is_final)
    expected = min(_COUNT, limit)
    lost, doubled = expected - len(results), sum(results.values()) - len(results)
    return [name, lost, doubled, sum(calls.values()) - len(calls), max(0, arrived - limit)]


def _cpu(without: int) -> float:
    """CPU seconds of this process and all below it but one."""
    total = 0
    for pid in (os.getpid(), *descendants(os.getpid())):
        if pid != without and (stat := Path(f"/proc/{pid}/stat")).exists():
            fields = stat.read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def _overhead() -> list[list[object]]:
    """CPU of a question in this process, and on a cluster of one node, with all of its processes."""
    lines: list[list[object]] = []
    with server_process() as server, cluster_of(1) as cluster:
        for name, how in (
            ("in this process", {}),
            ("on one node of a cluster", {"executor": "ray", "address": address_of(cluster)}),
        ):
            taken: list[float] = []

            def note(ended: int, taken: list[float] = taken) -> None:
                if ended in _TIMED:
                    taken.append(_cpu(server.pid))

            models = {"model": f"openai/sub-0@{server.url}"}
            with own_folder():
                rows = asyncio.run(asked(server.url, _TIMED[1] + 16, note, models=models, at_once=16, **how))
            assert all(each.is_final for each in rows)
            lines.append([name, (taken[1] - taken[0]) / (_TIMED[1] - _TIMED[0]) * 1_000])
    lines.append(["taken by Ray, its processes and the way there and back", lines[1][1] - lines[0][1]])  # type: ignore[operator] # floats
    return lines


def main() -> None:
    """Measure, and write the page."""
    one, two = _throughput(1), _throughput(2)
    killed, overhead = _killed(), _overhead()
    report(
        "cluster",
        "Batches on a Ray cluster (SIMULATED latency)",
        f"Real Ray clusters, all of whose nodes are processes of this machine. Throughput: {_COUNT} questions in *direct* mode, {_AT_ONCE} at once on a node, from the first "
        f"request to the last result; the model is SIMULATED and replies after {_LATENCY_S * 1_000:,.0f} ms. A node killed: {_COUNT} questions whose runs ask three calls each; "
        "calls that the lost node had under way are asked again. Processor time: questions of a model that replies at once, between two moments of one batch, over all "
        "processes but the model's.",
        [
            Table("Throughput", ["nodes", "questions a second", "beside one node", "goal"], [[1, one, 1.0, "-"], [2, two, two / one, _GOAL]]),
            Table("A node killed, and a limit", ["batch", "results lost", "results doubled", "calls asked again", "requests beyond the limit"], killed),
            Table("Processor time of a question", ["", "CPU, ms"], overhead),
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
