"""The ledger beside a counter: what a reservation costs, and whether an account is ever overdrawn."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Sequence

from harlm.budget import Account, Caps
from harlm.types import Amounts, Usage
from perf.measure import Table

_DEPTHS, _TIMES = (1, 6, 12), 4_000
_USAGE = Usage(calls=1, input_tokens=300, output_tokens=100, cost_micros=200)
_RUNS, _OPERATIONS = 30, 3_500
_TASKS, _NODES, _CAP = 100, 12, 40_000


class _Counter:
    """What most clients count with: check, wait for the reply, add."""

    def __init__(self, cap: int, above: _Counter | None = None) -> None:
        self.cap = cap
        self.used = 0
        self.path: tuple[_Counter, ...] = (self, *(above.path if above else ()))

    def may(self, amount: int) -> bool:
        """Whether that much fits."""
        return all(each.used + amount <= each.cap for each in self.path)

    def add(self, amount: int) -> None:
        """Book it."""
        for each in self.path:
            each.used += amount


async def _settled(depth: int) -> float:
    """Microseconds of CPU to reserve and settle once, every account on the path limited in every currency."""
    account = Account(Caps(tokens=1 << 50, micros=1 << 50, calls=1 << 50))
    for _ in range(depth):
        account = account.child(Caps(tokens=1 << 50, micros=1 << 50, calls=1 << 50))
    want, took = Amounts(1_000, 500, 1), Amounts(400, 200, 1)
    before = time.process_time()
    for _ in range(_TIMES):
        with await account.reserve(want) as reservation:
            reservation.settle(took, "openai/sub", _USAGE)
    return 1e6 * (time.process_time() - before) / _TIMES


def _counted() -> float:
    """The same, to check, add and correct one integer."""
    counter = _Counter(1 << 50)
    before = time.process_time()
    for _ in range(_TIMES):
        if counter.used + 500 <= counter.cap:
            counter.used += 500
        counter.used += 200 - 500
    return 1e6 * (time.process_time() - before) / _TIMES


def speed() -> Table:
    """What it costs to reserve and settle once."""
    rows: list[list[object]] = []
    for depth in _DEPTHS:
        ours = [asyncio.run(_settled(depth)) for _ in range(15)]
        bare = [_counted() for _ in range(15)]
        rows.append([depth, _best(ours), _best(bare)])
    title = "Reserve and settle, µs of CPU: median [best]"
    return Table(title, ["depth of the account", "HARLM", "one integer (limit)"], rows)


def _best(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} [{min(values):.2f}]"


class _Provider:
    """Serves calls that take a while, fail and are given up; knows what every node really owes."""

    def __init__(self, seed: int) -> None:
        self.drawn = random.Random(seed)
        self.owed: dict[int, int] = {}

    async def serve(self, bound: int, path: Sequence[int]) -> int:
        """One call: what it cost, at most ``bound``."""
        cost = self.drawn.randint(bound // 4, bound)
        for _ in range(self.drawn.randint(0, 3)):
            await asyncio.sleep(0)
        if self.drawn.random() < 0.15:
            raise ConnectionRefusedError
        for node in path:
            self.owed[node] = self.owed.get(node, 0) + cost
        for _ in range(self.drawn.randint(1, 5)):
            await asyncio.sleep(0)
        return cost


def _tree(drawn: random.Random) -> list[tuple[int, int]]:
    """Nodes as (parent, cap); the first is the root."""
    return [
        (drawn.randrange(at) if at else -1, _CAP if not at else drawn.randint(_CAP // 20, _CAP))
        for at in range(_NODES)
    ]


def _path(tree: Sequence[tuple[int, int]], node: int) -> list[int]:
    path = [node]
    while (node := tree[node][0]) >= 0:
        path.append(node)
    return path


async def _overdrawn(seed: int, *, naive: bool) -> float:
    """The largest overdraft of any account, as a share of its cap. Ours is checked after each operation."""
    drawn, provider = random.Random(seed), _Provider(seed)
    tree = _tree(drawn)
    accounts: list[Account] = []
    counters: list[_Counter] = []
    for parent, cap in tree:
        caps = Caps(tokens=cap)
        accounts.append(accounts[parent].child(caps) if parent >= 0 else Account(caps))
        counters.append(_Counter(cap, counters[parent] if parent >= 0 else None))

    async def reserved(node: int, bound: int) -> None:
        with await accounts[node].reserve(Amounts(tokens=bound)) as reservation:
            try:
                cost = await provider.serve(bound, _path(tree, node))
            except ConnectionRefusedError:
                reservation.refund()
            else:
                reservation.settle(Amounts(tokens=cost))

    async def checked(node: int, bound: int) -> None:
        if counters[node].may(bound):
            counters[node].add(await provider.serve(bound, _path(tree, node)))

    async def client() -> None:
        for _ in range(_OPERATIONS // _TASKS):
            node, bound = drawn.randrange(_NODES), drawn.randint(1, 200)
            call = asyncio.create_task((checked if naive else reserved)(node, bound))
            if drawn.random() < 0.15:
                for _ in range(drawn.randint(0, 4)):
                    await asyncio.sleep(0)
                call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            if not naive:
                assert all(
                    each.committed.tokens + each.reserved.tokens + each.held.tokens <= each.caps.tokens
                    for each in accounts
                )

    await asyncio.gather(*(client() for _ in range(_TASKS)))
    worst = max(provider.owed.get(node, 0) / cap - 1 for node, (_, cap) in enumerate(tree))
    return max(0.0, worst)


def overdrafts() -> Table:
    """Whether any account is ever overdrawn."""
    ours, naive = (
        [asyncio.run(_overdrawn(seed, naive=each)) for seed in range(_RUNS)] for each in (False, True)
    )
    rows: list[list[object]] = [
        [f"runs with an overdraft, of {_RUNS}", sum(map(bool, ours)), sum(map(bool, naive))],
        ["the worst, % of the cap", 100 * max(ours), 100 * max(naive)],
    ]
    title = f"{_RUNS * _OPERATIONS:,} calls of a SIMULATED provider that fails and is given up"
    return Table(title, ["", "HARLM", "a counter: check, wait, add"], rows)
