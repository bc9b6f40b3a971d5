"""What the budget costs, whether it holds, and how near it comes to the best: the ledger beside a counter, the meter beside
a server's bill, reservations beside what was used, plans beside the bounds, the allocator beside every other division, and
runs under limits of all sizes.
"""

from __future__ import annotations

import asyncio
import math
import os
import random
import statistics
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from bench.faulty_server import MIX
from bench.measure import median, report
from harlm import HARLM, Budget, HarlmError, LimitExceeded
from harlm.budget import Account, Billing, Caps, PriceList, Reservation
from harlm.budget.allocator import Option, allocate
from harlm.budget.bounds import Cost, Reader, code_merge, least_tokens, map_reduce, nested_loop
from harlm.config import Config, EngineSettings, ModelSettings
from harlm.engine import Models, Node, Run
from harlm.engine.call import Call, make
from harlm.router import HeuristicRouter
from harlm.testing import EventLog, FakeSandbox, FaultyServer, Request, ScriptedServer
from harlm.testing.faulty import Bill
from harlm.tokens import estimate_tokens
from harlm.types import Amounts, Completion, Growth, Message, Price, Sampling, Usage

Row = list[object]

_ROOT, _SUB = (
    Price(input=1.25, output=10.0, cached=0.125),
    Price(input=0.27, output=1.13, cached=0.027),
)
_PRICES = {"openai/root": _ROOT, "openai/sub": _SUB}

# -- the ledger ------------------------------------------------------------------------------------------

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


def _counted(depth: int) -> float:
    """Microseconds of CPU to check, add and correct one integer."""
    counter = _Counter(1 << 50)
    before = time.process_time()
    for _ in range(_TIMES):
        if counter.used + 500 <= counter.cap:
            counter.used += 500
        counter.used += 200 - 500
    return 1e6 * (time.process_time() - before) / _TIMES


def _speed() -> list[Row]:
    rows: list[Row] = []
    for depth in _DEPTHS:
        ours = [asyncio.run(_settled(depth)) for _ in range(15)]
        bare = [_counted(depth) for _ in range(15)]
        target = "50" if depth == 6 else "-"
        rows.append(
            [
                f"reserve + settle at depth {depth}, µs (limit: one integer)",
                _best(ours),
                "-",
                _best(bare),
                target,
            ]
        )
    return rows


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


async def _overdrawn(seed: int, *, naive: bool) -> tuple[float, int]:
    """The largest overdraft of any account, as a share of its cap, and operations. Ours is checked after each of them."""
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
    return max(0.0, worst), _OPERATIONS


def _overdrafts() -> list[Row]:
    ours, naive = (
        [asyncio.run(_overdrawn(seed, naive=each)) for seed in range(_RUNS)] for each in (False, True)
    )
    operations = sum(count for _, count in ours)
    return [
        [
            f"runs with an overdraft, of {_RUNS} ({operations:,} operations)",
            sum(over > 0 for over, _ in ours),
            sum(over > 0 for over, _ in naive),
            0,
            "0",
        ],
        [
            "  the worst, % of the cap",
            100 * max(over for over, _ in ours),
            100 * max(over for over, _ in naive),
            0.0,
            "0",
        ],
    ]


# -- the meter -------------------------------------------------------------------------------------------

_CHILDREN, _GRANDCHILDREN, _LEAVES = 5, 3, 64
_ASK = "print(len({kind}_query_batched([f'{word} {{i}} of part {{context[:9]}}' for i in range({n})])))"


def _nested(request: Request) -> str:
    """Writes a tree of three levels of nodes with a fan-out of plain calls below each of the last."""
    if request.model == "sub":
        return "yes " * (1 + request.number % 7)
    if len(request.messages) > 2:
        return "```repl\nFINAL('all done')\n```"
    told = request.prompt
    if "split" in told:
        cell = _ASK.format(kind="llm", word="item", n=_LEAVES)
    elif "child" in told:
        cell = _ASK.format(kind="rlm", word="split", n=_GRANDCHILDREN)
    else:
        cell = _ASK.format(kind="rlm", word="child", n=_CHILDREN)
    return f"```repl\n{cell}\n```"


def _usage(request: Request, text: str) -> tuple[int, int, int]:
    prompt = sum(len(each) for _, each in request.messages) // 4 + 1
    return prompt, prompt * (request.number % 3) // 4, len(text.split())


def _exact(prompt: int, cached: int, completion: int, price: Price) -> Fraction:
    """A bill in micro-dollars."""
    full, less, out = (Fraction(str(each)) for each in (price.input, price.cached, price.output))
    return (prompt - cached) * full + cached * less + completion * out


def _billed(bill: Bill) -> Fraction:
    return _exact(bill.prompt, bill.cached, bill.completion, _PRICES[f"openai/{bill.model}"])


def _metered(*, fault_share: float = 0.0, hedging: bool = False) -> tuple[Usage, list[Bill]]:
    """What the meter says, and the server's bills, of one run."""
    drawn = random.Random(11)
    faults = lambda _: drawn.choice(MIX) if drawn.random() < fault_share else None  # noqa: E731 - one use
    with (
        FaultyServer(_nested, usage=_usage, faults=faults) as server,
        tempfile.TemporaryDirectory() as home,
    ):
        client = HARLM(
            model=f"openai/root@{server.base_url}",
            sub_model=f"openai/sub@{server.base_url}",
            mode="full",
            prices=_PRICES,
            home=home,
            settings=Config(models=ModelSettings(hedging=hedging)),
            cache=False,
        )
        usage = client.ask("How is it?", "a short text").usage
        return usage, server.bills


def _meter() -> list[Row]:
    usage, bills = _metered()
    billed = [_billed(bill) for bill in bills]
    exact = sum(billed, Fraction())
    own = sum((each for each, bill in zip(billed, bills, strict=True) if bill.model == "root"), Fraction())
    assert usage.cost_micros is not None
    assert (usage.calls, usage.input_tokens) == (len(bills), sum(bill.prompt for bill in bills))
    nodes = 1 + _CHILDREN + _CHILDREN * _GRANDCHILDREN
    return [
        [
            f"meter - bill, a tree of {len(bills):,} calls and {nodes} nodes, micro-dollars (naive: each rounded)",
            f"{float(usage.cost_micros - exact):+.3f}",
            f"{float(sum(map(round, billed)) - exact):+.3f}",
            f"0 of {float(exact):,.3f}",
            "< 1",
        ],
        [
            "  share of it that is not the nodes' own calls, %",
            float(100 * (exact - own) / exact),
            "-",
            "-",
            "-",
        ],
        [
            "  5 % faults: meter - bill (what is unknown is charged at its bound)",
            _beyond(0.05),
            "-",
            "0",
            "> -1",
        ],
        ["  hedges, a server that answers at once: the same", _beyond(0.0, hedging=True), "-", "0", "> -1"],
    ]


def _beyond(fault_share: float, *, hedging: bool = False) -> str:
    """How much more is booked than billed where not every bill is known."""
    usage, bills = _metered(fault_share=fault_share, hedging=hedging)
    exact = sum(map(_billed, bills), Fraction())
    assert usage.cost_micros is not None
    more = float(usage.cost_micros - exact)
    return f"{more:+,.1f} ({100 * more / float(exact):+.1f} %)"


# -- reservations ----------------------------------------------------------------------------------------

_CALLS, _SLOTS = 2_000, 16
_SHORTEST, _LONGEST = 200, 12_000  # characters
_OUTPUT, _OUTPUT_SIGMA = 150, 0.5
_TRUTH, _TRUTH_SIGMA = (
    {"prose": 1.04, "code": 1.01},
    0.06,
)  # tokens over the estimate; see ``harlm.tokens.estimate``
_STATIC_OUTPUT = 16_384


class _Watched(Account):
    """An account that remembers how much was reserved of it."""

    asked = Amounts()

    async def reserve(self, *arguments: Any, **named: Any) -> Reservation:
        """See ``Account``."""
        reservation = await super().reserve(*arguments, **named)
        self.asked = Amounts(*(map(sum, zip(self.asked, reservation.bound, strict=True))))
        return reservation


class _Mock:
    """A model whose replies have lognormal lengths, and whose tokenizer is not quite what is estimated."""

    name = "openai/sub"
    window = 128_000

    def __init__(self, truth: Mapping[str, int]) -> None:
        self._truth = truth

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """See ``harlm.protocols.LanguageModel``."""
        prompt = messages[0].content
        drawn = random.Random(prompt)
        wanted = max(1, round(_OUTPUT * drawn.lognormvariate(0, _OUTPUT_SIGMA)))
        await asyncio.sleep(drawn.uniform(0.001, 0.005))
        most = sampling.max_tokens or wanted
        return Completion(
            text="x",
            model=self.name,
            usage=Usage(
                calls=1,
                input_tokens=self._truth[prompt],
                output_tokens=min(wanted, most),
                cost_micros=None,
            ),
            stop="length" if wanted > most else "end",
        )


def _prompts() -> dict[str, int]:
    """Slices of this machine's standard library, prose and code in turn, and how many tokens each has."""
    from pydoc_data.topics import topics

    library = Path(sysconfig.get_path("stdlib"))
    code = "".join(path.read_text(encoding="utf-8") for path in sorted(library.glob("[a-d]*.py")))
    texts = {"prose": "".join(topics.values()), "code": code}
    drawn = random.Random(5)
    prompts: dict[str, int] = {}
    while len(prompts) < _CALLS:
        kind = ("prose", "code")[len(prompts) % 2]
        size = drawn.randint(_SHORTEST, _LONGEST)
        start = drawn.randrange(len(texts[kind]) - size)
        prompt = texts[kind][start : start + size]
        truth = estimate_tokens(prompt) * _TRUTH[kind] * drawn.lognormvariate(0, _TRUTH_SIGMA)
        prompts[prompt] = min(len(prompt.encode()), round(truth))
    return prompts


async def _reserved(prompts: Mapping[str, int]) -> tuple[Amounts, Amounts, int]:
    """Bounds that were reserved, what was used, and requests."""
    account = _Watched(Caps(tokens=1 << 40, micros=1 << 40))
    model = _Mock(prompts)
    node = Node(
        models=Models(root=model, sub=model),
        account=account,
        run=Run(
            id="bench",
            sandbox=FakeSandbox(),
            router=HeuristicRouter(),
            sink=EventLog(),
            settings=EngineSettings(concurrency=_SLOTS),
            billing=Billing(PriceList(own=_PRICES)),
        ),
    )
    asked = [[Message(role="user", content=prompt)] for prompt in prompts]
    await asyncio.gather(
        *(make(node, Call(model=model, messages=messages, role="sub")) for messages in asked)
    )
    return account.asked, account.committed, account.committed.calls


def _reservations() -> list[Row]:
    prompts = _prompts()
    asked, used, requests = asyncio.run(_reserved(prompts))
    static = [(len(prompt.encode()), _STATIC_OUTPUT) for prompt in prompts]
    tokens = sum(size + output for size, output in static)
    micros = sum(_SUB.bound_micros(*each) for each in static)
    return [
        [
            f"reserved / used over {_CALLS:,} calls, tokens (naive: a token a byte, {_STATIC_OUTPUT:,} of output)",
            asked.tokens / used.tokens,
            tokens / used.tokens,
            1.0,
            "2.1",
        ],
        ["  in micro-dollars", asked.micros / used.micros, micros / used.micros, 1.0, "2.1"],
        ["  requests more than calls, %", 100 * (requests - _CALLS) / _CALLS, 0.0, 0.0, "-"],
    ]


# -- plans -----------------------------------------------------------------------------------------------

_WINDOWS = (8_000, 32_000, 128_000)
_WORDS = 400  # tokens of instructions, and of a summary: the most that the theorems are tested for
_USUAL_CHUNK = 1_000  # tokens; what libraries cut texts into unless told otherwise
_ATOM = 100


def _texts(window: int) -> Iterator[int]:
    """Lengths from forty windows up to twenty million tokens."""
    low, high = math.log(40 * window), math.log(20_000_000)
    return (round(math.exp(low + at * (high - low) / 299)) for at in range(300))


def _plans() -> list[Row]:
    rows: list[Row] = []
    usual = Reader(window=_USUAL_CHUNK + _WORDS, instructions=_WORDS, summary=_WORDS)
    plans: dict[str, Callable[[int, Reader], Cost]] = {"code merge": code_merge, "map-reduce": map_reduce}
    for name, plan in plans.items():
        for window in _WINDOWS:
            reader = Reader(window=window, instructions=_WORDS, summary=_WORDS)
            ours, naive = (
                max(
                    plan(tokens, each).input_tokens / least_tokens("linear", tokens, reader)
                    for tokens in _texts(window)
                )
                for each in (reader, usual)
            )
            title = f"{name}, window {window // 1000}k: tokens read / least (T1), worst text (naive: {_USUAL_CHUNK:,} a chunk)"
            rows.append([title, ours, naive, 1.0, "1.06"])
    return [*rows, *_pair_plans()]


def _pair_plans() -> Iterator[Row]:
    growth: Growth = "arbitrary pairs"
    for window in _WINDOWS:
        reader = Reader(window=window, instructions=_WORDS, summary=_WORDS)
        many = [round(200 * 1.05**each) for each in range(95)]  # 200 to 20,000 atoms
        bounds = [least_tokens(growth, each * _ATOM, reader, atoms=each) for each in many]
        ours = max(
            nested_loop(each, _ATOM, reader).input_tokens / least
            for each, least in zip(many, bounds, strict=True)
        )
        naive = max(
            math.comb(each, 2) * (2 * _ATOM + _WORDS) / least
            for each, least in zip(many, bounds, strict=True)
        )
        yield [f"pairs, window {window // 1000}k (naive: a call a pair)", ours, naive, 1.0, "2.1"]


# -- the allocator ---------------------------------------------------------------------------------------

_CASES = 3_000
Children = list[list[Option]]


def _case(drawn: random.Random) -> tuple[int, Children]:
    children = []
    for _ in range(drawn.randint(2, 6)):
        costs = sorted(drawn.sample(range(1, 31), drawn.randint(1, 5)))
        worths = sorted(drawn.randint(0, 60) for _ in costs)
        children.append([Option(cost=cost, utility=worth) for cost, worth in zip(costs, worths, strict=True)])
    return drawn.randint(5, 80), children


def _optimum(budget: int, children: Children) -> float:
    """The best of all divisions."""
    best = [0.0] * (budget + 1)
    for options in children:
        best = [
            max(
                best[left],
                *(best[left - each.cost] + each.utility for each in options if each.cost <= left),
                0.0,
            )
            for left in range(budget + 1)
        ]
    return best[budget]


def _worth(grants: Sequence[int], children: Children) -> float:
    return sum(
        max((each.utility for each in options if each.cost <= grant), default=0.0)
        for grant, options in zip(grants, children, strict=True)
    )


def _first_come(budget: int, children: Children) -> list[int]:
    """Each child in turn takes the best that it can have."""
    grants = []
    for options in children:
        most = max((each.cost for each in options if each.cost <= budget), default=0)
        grants.append(most)
        budget -= most
    return grants


def _allocations() -> list[Row]:
    drawn = random.Random(9)
    ratios: dict[str, list[float]] = {"ours": [], "equal": [], "first": []}
    while len(ratios["ours"]) < _CASES:
        budget, children = _case(drawn)
        if not (best := _optimum(budget, children)):
            continue
        ratios["ours"].append(_worth(allocate(budget, children), children) / best)
        ratios["equal"].append(_worth([budget // len(children)] * len(children), children) / best)
        ratios["first"].append(_worth(_first_come(budget, children), children) / best)
    many = [
        [Option(cost=cost, utility=cost**0.5) for cost in sorted(drawn.sample(range(1, 10**6), 100))]
        for _ in range(100)
    ]
    cpu, _ = median(lambda: allocate(10**7, many), 15)
    mean = {name: statistics.fmean(each) for name, each in ratios.items()}
    least = {name: min(each) for name, each in ratios.items()}
    return [
        [
            f"utility / the best possible, mean of {_CASES:,} cases (naive: equal; first come)",
            mean["ours"],
            f"{mean['equal']:.3f}; {mean['first']:.3f}",
            1.0,
            "0.97",
        ],
        ["  least", least["ours"], f"{least['equal']:.3f}; {least['first']:.3f}", 1.0, "0.5"],
        ["  ms to allocate among 10,000 options", 1000 * cpu, "-", "-", "-"],
    ]


# -- whole runs ------------------------------------------------------------------------------------------

_CELLS = (
    "replies = []\nfor i in range(1000):\n    replies.append(llm_query(f'item {i}'))",
    "replies = llm_query_batched([f'item {i}' for i in range(1000)])",
)
_BUDGETS: Mapping[str, tuple[Budget, ...]] = {
    "tokens": tuple(
        Budget(tokens=each) for each in (1_500, 2_000, 3_000, 5_000, 8_000, 12_000, 20_000, 50_000)
    ),
    "calls": tuple(Budget(calls=each) for each in (1, 2, 3, 5, 10, 30, 100, 300, 900)),
    "usd": tuple(Budget(usd=each) for each in (0.001, 0.002, 0.004, 0.006, 0.01, 0.015, 0.025)),
}


def _fan_out(cell: str) -> Callable[[Request], str]:
    def reply(request: Request) -> str:
        if request.model == "sub":
            return f"reply to {request.prompt}"
        if "<learned>" in request.prompt:
            return "so far"
        return f"```repl\n{cell}\n```" if len(request.messages) == 2 else "```repl\nFINAL('all done')\n```"

    return reply


def _spent(requests: Sequence[Request], cell: str) -> dict[str, Fraction]:
    """What a run has taken, as its server counts: a fourth of the characters, half of the prompt cached."""
    spent = {"tokens": Fraction(), "calls": Fraction(len(requests)), "usd": Fraction()}
    reply = _fan_out(cell)
    for request in requests:
        prompt = sum(len(each) for _, each in request.messages) // 4 + 1
        completion = len(reply(request)) // 4 + 1
        price = _PRICES[f"openai/{request.model}"]
        spent["tokens"] += prompt + completion
        spent["usd"] += _exact(prompt, prompt // 2, completion, price) / 1_000_000
    return spent


def _limited(name: str, budget: Budget, cell: str, home: str) -> tuple[float, str]:
    """The share of the budget that was really used, and how the run ended."""
    with ScriptedServer(_fan_out(cell)) as server:
        client = HARLM(
            model=f"openai/root@{server.base_url}",
            sub_model=f"openai/sub@{server.base_url}",
            mode="full",
            prices=_PRICES,
            budget=budget,
            home=home,
            cache=False,
        )
        try:
            client.ask("What do they say?", "a short text")
            end = "answer"
        except LimitExceeded as breach:
            end = "refusal" if breach.partial is not None and breach.partial.text else "nothing"
        except HarlmError as error:
            end = type(error).__name__
        spent = _spent(server.requests, cell)
    return float(spent[name] / Fraction(str(getattr(budget, name)))), end


def _limits() -> list[Row]:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as home:
        for name, budgets in _BUDGETS.items():
            ended = [_limited(name, each, cell, home) for each in budgets for cell in _CELLS]
            stopped = [used for used, end in ended if end != "answer"]
            typed = sum(end in ("answer", "refusal") for _, end in ended)
            rows += [
                [
                    f"1,000 calls under {len(budgets)} limits of {name}: overshoot, %",
                    100 * max(0.0, max(used for used, _ in ended) - 1),
                    "-",
                    0.0,
                    "0",
                ],
                [
                    "  used of it when it ended a run, %, median",
                    100 * statistics.median(stopped),
                    "-",
                    100.0,
                    "-",
                ],
                ["  ended with an answer or a typed refusal, %", 100 * typed / len(ended), "-", 100.0, "100"],
            ]
    return rows


_PARTS = (_speed, _overdrafts, _meter, _reservations, _plans, _allocations, _limits)


def main() -> None:
    """Measure all, and print one table."""
    load = os.getloadavg()[0]
    rows = [row for part in _PARTS for row in part()]
    title = f"The budget (load {load:.1f} before, {os.getloadavg()[0]:.1f} after)"
    report("budget", title, ["", "HARLM", "naive", "limit", "target"], rows)


if __name__ == "__main__":
    main()
