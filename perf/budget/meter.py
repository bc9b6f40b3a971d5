"""The meter beside a server's bill."""

from __future__ import annotations

import random
import tempfile
from fractions import Fraction

from harlm import HARLM
from harlm.config import Config, ModelSettings
from harlm.testing import FaultyServer, Request
from harlm.testing.faulty import Bill
from harlm.types import Usage
from perf.budget.prices import PRICES, bill
from perf.faulty_server import MIX
from perf.measure import Table

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


def _billed(owed: Bill) -> Fraction:
    return bill(owed.model, owed.prompt, owed.cached, owed.completion)


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
            prices=PRICES,
            home=home,
            settings=Config(models=ModelSettings(hedging=hedging)),
            cache=False,
        )
        usage = client.ask("How is it?", "a short text").usage
        return usage, server.bills


def meter() -> Table:
    """What the meter says, less what the server bills."""
    usage, bills = _metered()
    billed = [_billed(each) for each in bills]
    exact = sum(billed, Fraction())
    own = sum((each for each, owed in zip(billed, bills, strict=True) if owed.model == "root"), Fraction())
    assert usage.cost_micros is not None
    assert (usage.calls, usage.input_tokens) == (len(bills), sum(owed.prompt for owed in bills))
    ours = f"{float(usage.cost_micros - exact):+.3f} of {float(exact):,.3f}"
    rounded = f"{float(sum(map(round, billed)) - exact):+.3f}"
    rows: list[list[object]] = [
        ["every bill is known, micro-dollars", ours, rounded],
        ["sub-calls' share of the bill, %", float(100 * (exact - own) / exact), "-"],
        ["5 % faults: what is unknown is charged at its bound", _beyond(0.05), "-"],
        ["hedges, a server that answers at once", _beyond(0.0, hedging=True), "-"],
    ]
    nodes = 1 + _CHILDREN + _CHILDREN * _GRANDCHILDREN
    title = f"Meter less bill: {len(bills):,} calls of a SIMULATED model in a tree of {nodes} nodes"
    return Table(title, ["", "HARLM", "each call rounded"], rows)


def _beyond(fault_share: float, *, hedging: bool = False) -> str:
    """How much more is booked than billed where not every bill is known."""
    usage, bills = _metered(fault_share=fault_share, hedging=hedging)
    exact = sum(map(_billed, bills), Fraction())
    assert usage.cost_micros is not None
    more = float(usage.cost_micros - exact)
    return f"{more:+,.1f} ({100 * more / float(exact):+.1f} %)"
