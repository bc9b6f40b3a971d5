"""Runs a program twice on real REPLs, once alone and once with a scout ahead of it, against the same seeded model, and tells
whether anybody could see a difference: output, error, variables with their aliases, calls in their order.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Self

from harlm.engine.replies import ReplySoFar
from harlm.errors import CodeError
from harlm.guest.vocabulary import FORESEEN, PURE_TOOL, TOOL
from harlm.protocols import EarlyScout, Foresight, Repl, ReplSetup, Sandbox
from harlm.scheduler.broker import Broker, Making
from harlm.scheduler.record import CellRecord
from harlm.types import Context, Observation, Usage
from tests.support.program_tools import TOOLS
from tests.support.program_typed import value_for

_CLEAN = "[globals().pop(name) for name in list(globals()) if name[:1] != '_'] and None"

_DESCRIBE = """
def _described(names):
    import random, types
    seen = {}
    def one(value, depth=0):
        kind = type(value)
        if kind in (str, int, float, bool, bytes, type(None)): return repr(value)
        if depth > 8: return "…"
        if id(value) in seen: return f"<{seen[id(value)]}>"
        if isinstance(value, (list, dict, set, tuple)) or kind.__module__ == "__main__":
            seen[id(value)] = len(seen)
        if isinstance(value, dict): inner = [f"{one(key, depth + 1)}: {one(item, depth + 1)}" for key, item in value.items()]
        elif isinstance(value, (list, tuple)): inner = [one(item, depth + 1) for item in value]
        elif isinstance(value, (set, frozenset)): inner = sorted(one(item, depth + 1) for item in value)
        elif kind is types.FunctionType: inner = [one(cell.cell_contents, depth + 1) for cell in value.__closure__ or ()]
        elif kind.__module__ == "__main__": inner = [one(vars(value), depth + 1)]
        elif isinstance(value, BaseException): inner = [str(value)]
        else: inner = []
        return f"{kind.__name__}#{seen.get(id(value), '')}({', '.join(inner)})"
    told = {name: one(value) for name, value in names.items() if not name.startswith("_")}
    return told, hash(random.getstate())
print(_described({name: value for name, value in globals().items() if name not in _RESERVED}))
"""
_RESERVED = (
    "_RESERVED = 'lookup record context llm_query llm_query_batched rlm_query rlm_query_batched budget FINAL FINAL_VAR SUBMIT SHOW_VARS "
    "answer'.split()\n"
)
DESCRIBES = _RESERVED + _DESCRIBE
"""A cell that prints all variables with their aliases, and the state of ``random``."""
_SCOUT_S = 0.1
_ROOM = {"tokens": 1_000, "is_small": False, "has_stronger": False, "second_looks": 0.5, "calls_left": None}
_ANY_PROMPT = re.compile(r"no reply to '.*'")  # which of several calls side by side failed first is chance
_ADDRESS = re.compile(r"0x[0-9a-f]+")
_CELL = re.compile(r"<cell \d+>")
_MOMENT = re.compile(r"\b1[789]\d{8}\.\d+")  # seconds since the epoch


class SeededModel:
    """Replies by what is asked and how often it was; some calls fail, all take some time.

    Args:
        seed: of the replies; how long they take is another matter.
        slowest_s: seconds that a reply takes at most.
        delays: seed of how long they take.
        is_ordered: whether the second time is told from the first.
    """

    def __init__(self, seed: int, slowest_s: float, delays: int, *, is_ordered: bool = True) -> None:
        self._is_ordered = is_ordered
        self._seed = seed
        self._asked: Counter[str] = Counter()
        self._slowest_s = slowest_s
        self._delays = random.Random(delays)
        self.claimed: list[str] = []
        self.broker: Broker | None = None
        self.scout_is_there = asyncio.Event()

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        """See ``harlm.protocols.ReplHost``."""
        self.claimed.append(f"{function} {arguments}")
        if function == TOOL:
            return await self._reply(arguments)
        if function not in FORESEEN:
            return self._judged(function, arguments)
        if self.broker is not None:
            with suppress(TimeoutError):  # or the cell would be over before its scout is there
                await asyncio.wait_for(self.scout_is_there.wait(), _SCOUT_S)
            self.scout_is_there.set()
            return await self.broker.claim(function, arguments)
        return await self._reply(arguments)

    def _judged(self, function: str, arguments: Mapping[str, object]) -> object:
        """What combinators are told: a label for each item, by what it says and by how often the question was asked."""
        if function != "leaf":
            return _ROOM if function == "room" else None
        prompt = str(arguments["prompt"])
        self._asked[prompt] += 1
        numbers = re.findall(r"^(\d+): ", prompt, re.MULTILINE)
        seed = f"{self._seed} {prompt} {self._asked[prompt]}"
        said = blake2b(seed.encode(), digest_size=64).digest()
        lines = [f"{number}: {('yes', 'no')[said[int(number) % 64] % 2]}" for number in numbers]
        return {"text": "\n".join(lines), "tokens": [], "failure": ""}

    def begin(self, function: str, arguments: Mapping[str, object], is_early: bool, sample: int) -> Making:
        """See ``harlm.scheduler.broker.Make``."""
        assert function in FORESEEN
        self.scout_is_there.set()
        return Making(self._reply(arguments, sample + 1), Usage)

    async def _reply(self, arguments: Mapping[str, object], number: int | None = None) -> object:
        prompt, schema = _prompt(arguments), arguments.get("schema")
        asked = f"{prompt} {schema}"
        self._asked[asked] += 1
        # Threads that ask the same get what they get.
        number = (number or self._asked[asked]) * self._is_ordered
        digest = blake2b(f"{self._seed} {asked} {number}".encode(), digest_size=8).hexdigest()
        await asyncio.sleep(self._delays.random() ** 2 * self._slowest_s)
        chosen = int(digest[:4], 16)
        if chosen % 41 == 0:
            raise CodeError(f"llm_query failed: no reply to {prompt[:20]!r}")
        if schema is not None:
            return value_for(schema, digest)
        return f"{('yes', 'no', 'maybe', 'one')[chosen % 4]} {digest[4:10]}"


def _prompt(arguments: Mapping[str, object]) -> str:
    """What tells one call from another: the prompt of a model, or all that a tool is given."""
    return str(arguments.get("prompt") or arguments)


@dataclass(frozen=True, slots=True)
class Seen:
    """All that could be seen of a program."""

    output: str
    error: str | None
    final: str
    variables: str
    claimed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A program's two runs."""

    alone: Seen
    ahead: Seen
    record: CellRecord

    @property
    def is_same(self) -> bool:
        """Whether the two cannot be told apart."""
        return self.alone == self.ahead


class Twins:
    """Two REPLs for one program after another.

    Args:
        sandbox: opens them.
        slowest_s: how long the model takes at most.
        first: a cell that both run before everything else.
        functions: that their cells may call.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        slowest_s: float = 0.01,
        *,
        first: str = "pass",
        functions: Sequence[str] = ("llm_query", "llm_query_batched"),
    ) -> None:
        self._sandbox = sandbox
        self._functions = tuple(functions)
        self._first = first
        self._slowest_s = slowest_s
        self._stack = AsyncExitStack()
        self._repls: list[tuple[Repl, _Switch]] = []

    async def __aenter__(self) -> Self:
        for _ in range(2):
            switch = _Switch()
            setup = ReplSetup(
                context=Context.of_text("the context\n" * 50),
                functions=(*self._functions, TOOL, PURE_TOOL),
                tools=TOOLS,
                seed=7,
            )
            repl = await self._sandbox.open(setup, switch)
            self._stack.push_async_callback(repl.close)
            await repl.run(self._first)
            self._repls.append((repl, switch))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def run(self, cells: Sequence[str], seed: int, *, is_ordered: bool = True) -> Pair:
        """Run a program of some cells, the last one of which may have a scout.

        Args:
            is_ordered: whether its calls come in one order only.
        """
        alone, _ = await self._one(0, cells, seed, is_ordered=is_ordered, with_scout=False)
        ahead, record = await self._one(1, cells, seed, is_ordered=is_ordered, with_scout=True)
        return Pair(alone, ahead, record)

    async def _one(
        self, at: int, cells: Sequence[str], seed: int, *, is_ordered: bool, with_scout: bool
    ) -> tuple[Seen, CellRecord]:
        repl, switch = self._repls[at]
        model = switch.model = SeededModel(seed, self._slowest_s, seed + at, is_ordered=is_ordered)
        await repl.run(_CLEAN)
        for cell in cells[:-1]:
            await repl.run(cell)
        record = CellRecord(calls=())
        if with_scout:
            model.broker = Broker(model.begin)
            scout = await written(repl, model.broker, cells[-1], seed) if seed % 2 else None
            seen = await repl.run(cells[-1], ahead=model.broker if scout is None else None)
            if scout is not None:
                scout.close()
            record = await model.broker.close()
            model.broker = None
        else:
            seen = await repl.run(cells[-1])
        told = await repl.run(DESCRIBES)
        return _seen(seen, told, model.claimed, is_ordered=is_ordered), record


async def written(repl: Repl, foresight: Foresight, cell: str, seed: int) -> EarlyScout | None:
    """A scout of a cell that has arrived in random pieces; ``None`` if there can be none."""
    scout = await repl.scout(foresight)
    if scout is None:
        return None
    pieces, so_far, code, tail = random.Random(seed), ReplySoFar(), "", ""
    text = f"```repl\n{cell}```\n"
    largest = max(4, len(text) // 20)
    at = 0
    while at < len(text):
        at += pieces.randint(1, largest)
        whole = so_far.take(text[:at])
        if whole != code:
            code = whole
            scout.tell(code, is_all=False)
        if so_far.tail != tail:
            tail = so_far.tail
            scout.hint(tail)
        await asyncio.sleep(0.0005 * pieces.random())
    scout.tell(cell, is_all=True)
    return scout


class _Switch:
    """A host that stays while models come and go."""

    def __init__(self) -> None:
        self.model = SeededModel(0, 0.0, 0)

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        """See ``harlm.protocols.ReplHost``."""
        return await self.model.call(function, arguments)


def _seen(seen: Observation, told: Observation, claimed: list[str], *, is_ordered: bool) -> Seen:
    return Seen(
        output=plain(seen.output),
        error=None
        if seen.error is None
        else plain(seen.error if is_ordered else _ANY_PROMPT.sub("no reply", seen.error.rpartition("\n")[2])),
        final=repr(seen.final),
        variables=plain(told.output),
        claimed=_claims(claimed, seen, is_ordered=is_ordered),
    )


def _claims(claimed: list[str], seen: Observation, *, is_ordered: bool) -> tuple[str, ...]:
    """The calls of a program. Threads make theirs in any order; how many of them are still made when one fails is chance."""
    if is_ordered:
        return tuple(claimed)
    return tuple(sorted(claimed)) if seen.error is None else ()


def plain(text: str) -> str:
    """Without what no two runs have in common."""
    return _MOMENT.sub("<now>", _CELL.sub("<cell>", _ADDRESS.sub("0x", text)))
