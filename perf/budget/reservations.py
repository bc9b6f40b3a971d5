"""Reservations beside what is used."""

from __future__ import annotations

import asyncio
import random
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harlm.budget import Account, Billing, Caps, PriceList, Reservation
from harlm.config import EngineSettings
from harlm.engine import Models, Node, Run
from harlm.engine.call import Call, make
from harlm.memory import InMemoryStore, Memory
from harlm.router import HeuristicRouter
from harlm.testing import EventLog, FakeSandbox
from harlm.tokens import estimate_tokens
from harlm.types import Amounts, Completion, Message, Sampling, Usage
from perf.budget.prices import PRICES, SUB
from perf.measure import Table

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
            id="perf",
            sandbox=FakeSandbox(),
            router=HeuristicRouter(),
            sink=EventLog(),
            settings=EngineSettings(concurrency=_SLOTS),
            memory=Memory(InMemoryStore()),
            billing=Billing(PriceList(own=PRICES)),
        ),
    )
    asked = [[Message(role="user", content=prompt)] for prompt in prompts]
    await asyncio.gather(
        *(make(node, Call(model=model, messages=messages, role="sub")) for messages in asked)
    )
    return account.asked, account.committed, account.committed.calls


def reservations() -> Table:
    """How much more is reserved than used."""
    prompts = _prompts()
    asked, used, requests = asyncio.run(_reserved(prompts))
    static = [(len(prompt.encode()), _STATIC_OUTPUT) for prompt in prompts]
    tokens = sum(size + output for size, output in static)
    micros = sum(SUB.bound_micros(*each) for each in static)
    rows: list[list[object]] = [
        ["tokens: reserved / used", asked.tokens / used.tokens, tokens / used.tokens],
        ["micro-dollars: reserved / used", asked.micros / used.micros, micros / used.micros],
        ["requests more than calls, %", 100 * (requests - _CALLS) / _CALLS, 0.0],
    ]
    title = f"Reservations for {_CALLS:,} calls of a SIMULATED model"
    return Table(title, ["", "HARLM", f"a token a byte, {_STATIC_OUTPUT:,} of output"], rows)
