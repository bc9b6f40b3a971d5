"""What a question takes in each process of a cluster, and a batch of a million questions on 100 nodes, simulated from that."""

from __future__ import annotations

import asyncio
import heapq
import math
import os
import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.support.postgres import shared_server
from tests.support.processes import descendants
from tests.support.ray_cluster import address_of, cluster_of

from perf.cluster import asked, own_folder
from perf.measure import Table, report, server_process

_TICKS = os.sysconf("SC_CLK_TCK")
_TIMED = (60, 360)  # rows between which processor time is counted
_QUESTIONS = 1_000_000
_NODES, _CORES, _AT_ONCE = 100, 8, 64
_LATENCY_S, _SPREAD = 2.0, 0.6  # of a reply: median, and sigma of its logarithm
_CLIENT, _LIMITER, _NODE, _PROVIDER, _STORE = "the client", "the limiter", "nodes", "the provider", "Postgres"
_KINDS = ("client", "limiter", "node", "store", "ray")
_LOSS = 100  # the stage of an event that is no question's
_AWAY_S = 120.0  # until a lost node is there again
_NOTICED_S = 3.0  # until its runs are taken up


@dataclass(frozen=True, slots=True)
class Costs:
    """CPU milliseconds of one question in each kind of process."""

    client: float
    limiter: float
    node: float
    store: float
    ray: float


# -- measured ----------------------------------------------------------------------------------------------


def costs_of(work: str, *, shared: bool) -> Costs:
    """Measure what a question takes on a cluster of one node.

    Args:
        work: ``direct`` for one call, ``full`` for two turns of the root model and eight sub-calls.
        shared: whether memory, calls and journals are in Postgres.
    """
    marks: list[Mapping[str, float]] = []
    with server_process() as server, cluster_of(1) as cluster, own_folder():
        store = shared_server().database() if shared else None

        def note(ended: int) -> None:
            if ended in _TIMED:
                marks.append(_cpu_by_kind(server.pid))

        if store is not None:
            os.environ["HARLM_STORE"] = store
        try:
            root = "sub-0" if work == "direct" else "root-EACH-8"
            models = {"model": f"openai/{root}@{server.url}", "sub_model": f"openai/sub-0@{server.url}"}
            how: dict[str, Any] = {
                "executor": "ray",
                "address": address_of(cluster),
                "at_once": 16,
                "mode": work,
            }
            rows = asyncio.run(asked(server.url, _TIMED[1] + 16, note, models=models, **how))
        finally:
            os.environ.pop("HARLM_STORE", None)
    assert all(each.is_final for each in rows)
    first, last = marks
    taken = {kind: 1_000 * (last[kind] - first[kind]) / (_TIMED[1] - _TIMED[0]) for kind in last}
    return Costs(taken["client"], taken["limiter"], taken["node"], taken["store"], taken["ray"])


def _cpu_by_kind(model: int) -> Mapping[str, float]:
    """CPU seconds so far of all processes but the model's, by kind; what a process has started and waited for is its own."""
    found = dict.fromkeys(_KINDS, 0.0)
    for pid in {os.getpid(), *descendants(os.getpid())} - {model}:
        with suppress(OSError):
            ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]
            found[_kind_of(pid)] += sum(map(int, ticks)) / _TICKS
    return found


def _kind_of(pid: int) -> str:
    if pid == os.getpid():
        return "client"
    name = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
    if "postgres" in name:
        return "store"
    if "RayLimiter" in name:
        return "limiter"
    return (
        "node" if "RayNode" in name or "harlm" in name else "ray"
    )  # a node with the sandboxes that it starts


# -- simulated ---------------------------------------------------------------------------------------------


class Station:
    """Some servers with one queue: first come, first served."""

    def __init__(self, servers: int, seconds: float) -> None:
        self._free = [0.0] * servers
        self._seconds = seconds
        self.busy = 0.0

    def done(self, now: float, share: float = 1.0) -> float:
        """When work that arrives now is done; arrivals come in order of time."""
        taken = share * self._seconds
        self.busy += taken
        ends = max(now, heapq.heappop(self._free)) + taken
        heapq.heappush(self._free, ends)
        return ends

    def use(self, seconds: float) -> float:
        """The share of its time in which it worked."""
        return self.busy / (len(self._free) * seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A batch on a cluster.

    Attributes:
        costs: of one question.
        replies: a question waits for, one after another.
        calls: requests of a question.
        questions, nodes, cores, at_once: cores and runs at once are those of a node.
        clients: batches side by side, each with a part of the questions, and with a limiter of its own.
        requests_a_second: that the provider takes, over all nodes.
        store_cores: cores of Postgres.
        lost_every_s: mean seconds between two losses of a node; it returns after ``_AWAY_S``.
    """

    costs: Costs
    replies: int = 1
    calls: int = 1
    questions: int = _QUESTIONS
    nodes: int = _NODES
    cores: int = _CORES
    at_once: int = _AT_ONCE
    clients: int = 1
    requests_a_second: float = math.inf
    store_cores: int = 8
    lost_every_s: float = math.inf


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended.

    Attributes:
        hours: until the last result.
        rate: questions a second.
        use: the share of time in which each part worked.
        taken_up: runs that another node took up.
    """

    hours: float
    rate: float
    use: Mapping[str, float]
    taken_up: int


class Simulation:
    """One batch, event by event. Each question passes the client, the limiter, its node, the provider, the store, and back.

    Args:
        plan: what is simulated.
        seed: of latencies and losses.
    """

    def __init__(self, plan: Plan, seed: int = 1) -> None:
        self._plan, self._random = plan, random.Random(seed)
        costs = plan.costs
        self._client = Station(plan.clients, costs.client / 1e3)
        self._limiter = Station(plan.clients, costs.limiter / 1e3)
        self._store = Station(plan.store_cores, costs.store / 1e3)
        self._provider = Station(1, plan.calls / plan.requests_a_second)
        self._nodes = [Station(plan.cores, (costs.node + costs.ray) / 1e3) for _ in range(plan.nodes)]
        self._losses = [0] * plan.nodes  # so far, by node
        self._back = [0.0] * plan.nodes  # when a lost node is there again
        self._taken_up = 0

    def outcome(self) -> Outcome:
        """Simulate it."""
        plan, stages = (
            self._plan,
            (self._begun, self._leased, self._worked, self._admitted, self._waited, self._stored),
        )
        events: list[
            tuple[float, int, int, int]
        ] = []  # when, which stage has ended, on which node, after how many losses
        begun = min(plan.questions, plan.nodes * plan.at_once)
        events += ((0.0, -1, number % plan.nodes, 0) for number in range(begun))
        if plan.lost_every_s < math.inf:
            events.append((self._random.expovariate(1 / plan.lost_every_s), _LOSS, 0, 0))
        heapq.heapify(events)
        ended, now = 0, 0.0
        while ended < plan.questions:
            now, stage, node, losses = heapq.heappop(events)
            if stage == _LOSS:
                self._lose(now, events)
            elif stage >= 0 and losses != self._losses[node]:  # its node was lost: another takes it up
                self._taken_up += 1
                heapq.heappush(events, (now + _NOTICED_S, -1, self._other(node), -1))
            elif stage < len(stages) - 1:
                heapq.heappush(events, (stages[stage + 1](now, node), stage + 1, node, self._losses[node]))
            else:
                ended += 1
                if begun < plan.questions:
                    begun += 1
                    heapq.heappush(events, (max(now, self._back[node]), -1, node, 0))
        use = {
            _CLIENT: self._client.use(now),
            _LIMITER: self._limiter.use(now),
            _NODE: sum(each.use(now) for each in self._nodes) / plan.nodes,
            _PROVIDER: self._provider.use(now),
            _STORE: self._store.use(now),
        }
        return Outcome(now / 3600, plan.questions / now, use, self._taken_up)

    def _begun(self, now: float, _: int) -> float:
        return self._client.done(now)

    def _leased(self, now: float, _: int) -> float:
        return self._limiter.done(now)

    def _worked(self, now: float, node: int) -> float:
        return self._nodes[node].done(now)

    def _admitted(self, now: float, _: int) -> float:
        return self._provider.done(now)

    def _waited(self, now: float, _: int) -> float:
        drawn = (
            self._random.lognormvariate(math.log(_LATENCY_S), _SPREAD) for _ in range(self._plan.replies)
        )
        return now + sum(drawn)

    def _stored(self, now: float, _: int) -> float:
        return self._store.done(now)

    def _lose(self, now: float, events: list[tuple[float, int, int, int]]) -> None:
        node = self._random.randrange(self._plan.nodes)
        self._losses[node] += 1
        self._back[node] = now + _AWAY_S
        heapq.heappush(events, (now + self._random.expovariate(1 / self._plan.lost_every_s), _LOSS, 0, 0))

    def _other(self, node: int) -> int:
        return (node + 1 + self._random.randrange(self._plan.nodes - 1)) % self._plan.nodes


# -- the page ----------------------------------------------------------------------------------------------


def _cost_rows(measured: Mapping[str, Costs]) -> list[list[object]]:
    return [
        [name, each.client, each.limiter, each.node, each.ray, each.store] for name, each in measured.items()
    ]


def _saturations(measured: Mapping[str, Costs]) -> list[list[object]]:
    """Questions a second that each part can carry."""
    rows: list[list[object]] = []
    for name, each in measured.items():
        node = 1_000 / (each.node + each.ray)
        store = f"{1_000 / each.store:,.0f}" if each.store else "-"
        limiter = f"{1_000 / each.limiter:,.0f}" if each.limiter else "more than was measured"
        rows.append([name, f"{1_000 / each.client:,.0f}", limiter, f"{node:,.0f}", store])
    return rows


def _scenarios(direct: Costs, full: Costs, shared: Costs) -> Mapping[str, Plan]:
    usual = Plan(costs=direct)
    wide = Plan(costs=full, replies=3, calls=10)
    return {
        "one call a question, no limit of the provider": usual,
        "the same on 10 nodes": replace(usual, nodes=10),
        "500 requests a second": replace(usual, requests_a_second=500),
        "a node lost every 30 s": replace(usual, lost_every_s=30),
        "ten calls a question": wide,
        "the same in four batches side by side": replace(wide, clients=4),
        "ten calls, 1,000 requests a second": replace(wide, requests_a_second=1_000),
        "ten calls, all in one Postgres of 2 cores": replace(wide, costs=shared, store_cores=2),
    }


def _simulated(plans: Mapping[str, Plan]) -> list[list[object]]:
    rows: list[list[object]] = []
    for name, plan in plans.items():
        came = Simulation(plan).outcome()
        most = max(came.use, key=lambda each: came.use[each])
        busiest = (
            f"{most}: {100 * came.use[most]:.0f} %"
            if came.use[most] > 0.9
            else f"none (most: {most}, {100 * came.use[most]:.0f} %)"
        )
        rows.append([name, plan.nodes, came.rate, came.hours, busiest, came.taken_up])
    return rows


def main() -> None:
    """Measure, simulate, and write the page."""
    measured = {
        "one call": costs_of("direct", shared=False),
        "ten calls": costs_of("full", shared=False),
        "ten calls, in Postgres": costs_of("full", shared=True),
    }
    plans = _scenarios(*measured.values())
    report(
        "scale",
        "A million questions on 100 nodes, SIMULATED",
        "Measured: CPU of a question in each process of a real cluster of one node on this machine, with a model that replies at once. Simulated from that, event by event: "
        f"batches of {_QUESTIONS:,} questions, nodes of {_CORES} cores with {_AT_ONCE} runs at once, replies after {_LATENCY_S:g} s (median; lognormal, sigma {_SPREAD:g}). Not "
        "simulated: networks, disks, and machines that are unlike.",
        [
            Table("CPU of a question, ms (measured)", ["", "client", "limiter", "node", "Ray", "Postgres"], _cost_rows(measured)),
            Table("Questions a second at which a part is full", ["", "client", "limiter", "a core of a node", "a core of Postgres"], _saturations(measured)),
            Table(f"{_QUESTIONS:,} questions (SIMULATED)", ["batch", "nodes", "questions a second", "hours", "what is full", "runs taken up"], _simulated(plans)),
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
