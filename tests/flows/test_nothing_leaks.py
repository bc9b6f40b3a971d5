"""A run that is cancelled at any moment leaves nothing: no descriptor, thread, process, folder or task."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from harlm import HARLM, events, threads
from harlm.config import Config, EngineSettings, SandboxSettings, TracingSettings
from harlm.events import Event
from harlm.types import Completion, Message, Sampling, Usage
from tests.support.holdings import held, left_at_last, left_in_the_end
from tests.support.sandboxes import skip_unless_built

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="descriptors and processes are read from /proc"
)

_AT_ONCE = 10
_RUNS = 2_000 if os.environ.get("HARLM_FUZZ") else 40
_SEED = int(os.environ.get("HARLM_FUZZ_SEED", "0"))

_CELLS = (
    "print(llm_query('one'))",
    "for n in range(3):\n    print(llm_query(f'item {n}'))\nprint('all')",
    "import asyncio\nprint(llm_query_batched(['a', 'b', 'c']))",
    "print(rlm_query('look into this', 'some text'))",
    "x = [llm_query('first')]\nx.append(llm_query(x[0]))\nprint(x)",
    "print(len(context))",
    "open('note', 'w').write('kept')\nprint(context.search('text'))",
    "while True: pass",
    "import os; os._exit(3)",
    "import time; time.sleep(0.05); print('late')",
)


class _Model:
    """Writes a random program piece by piece, then finishes; replies to sub-calls after a moment.

    Args:
        chance: what it writes, and how long it takes.
    """

    def __init__(self, chance: random.Random, *, is_root: bool) -> None:
        self.name = "test/root" if is_root else "test/sub"
        self.window = 100_000
        self._chance = chance
        self._is_root = is_root

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        text = "reply"
        if self._is_root:
            is_last = len(messages) > 2 + 2 * self._chance.randrange(3)
            text = f"```repl\n{'FINAL(1)' if is_last else self._chance.choice(_CELLS)}\n```"
        await asyncio.sleep(self._chance.choice((0, 0, 0.002)))
        if sampling.on_text is not None:
            for end in range(0, len(text), 20):
                sampling.on_text(text[:end])
                await asyncio.sleep(0)
        return Completion(text=text, model=self.name, usage=Usage(calls=1))


@dataclass
class _Moment:
    """A sink that sets ``now`` at its ``countdown``-th event, or at the answer."""

    countdown: int
    at_the_answer: bool = False

    def __post_init__(self) -> None:
        self.now = asyncio.Event()

    def emit(self, event: Event) -> None:
        self.countdown -= 1
        if isinstance(event, events.Answered) if self.at_the_answer else self.countdown <= 0:
            self.now.set()


async def _steps(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def _cancelled(chance: random.Random, client: HARLM) -> None:
    """Start a run, and cancel it at a random moment, perhaps again a moment later."""
    kind = chance.choice(("steps", "delay", "event", "closing"))
    moment = _Moment(chance.randrange(1, 16), at_the_answer=kind == "closing")
    run = asyncio.create_task(client.aask("q", "text of the run", sinks=[moment]))
    if kind == "steps":
        await _steps(chance.randrange(300))
    elif kind == "delay":
        await asyncio.sleep(chance.uniform(0, 0.03))
    else:
        reached = asyncio.create_task(moment.now.wait())
        await asyncio.wait([run, reached], return_when=asyncio.FIRST_COMPLETED, timeout=0.3)
        reached.cancel()
        await _steps(chance.randrange(12))
    for _ in range(chance.choice((1, 1, 2, 3))):
        run.cancel()
        await _steps(chance.randrange(20))
    with suppress(Exception, asyncio.CancelledError):
        await run


async def _abandoned(chance: random.Random, client: HARLM) -> None:
    """Read some events of a stream, and leave it."""
    stream = client.astream("q", "text of the run")
    with suppress(Exception):
        for _ in range(chance.randrange(12)):
            await anext(stream)
    await stream.aclose()


def _client(chance: random.Random, tier: str, home: Path) -> HARLM:
    return HARLM(
        model=_Model(chance, is_root=True),
        sub_model=_Model(chance, is_root=False),
        settings=Config(
            engine=EngineSettings(mode="full", max_turns=4, speculation="eager"),
            sandbox=SandboxSettings(tier=tier, allow_unsafe=True, cell_seconds=1),  # type: ignore[arg-type] # a tier
            tracing=TracingSettings(home=str(home)),
        ),
    )


@pytest.fixture
def seed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> int:
    """Of the random choices. Temporary folders are made in a folder of the test, and threads without work end soon."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(threads, "_KEPT_S", 0.02)
    return _SEED


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("tier", ["s3", "s2", "s0", "monty"])
async def test_a_cancelled_run_leaves_nothing(tier: str, seed: int, clean_environment: Path) -> None:
    await skip_unless_built(tier)
    chance = random.Random(f"{tier} {seed}")
    client = _client(chance, tier, clean_environment)
    ways: tuple[Callable[[random.Random, HARLM], Awaitable[None]], ...] = (_cancelled,) * 9 + (_abandoned,)
    await client.aask("q", "warm")
    before = held()
    for batch in range(_RUNS // _AT_ONCE):
        await asyncio.gather(*(chance.choice(ways)(chance, client) for _ in range(_AT_ONCE)))
        left = await left_in_the_end(before)
        assert not left, f"after {_AT_ONCE * (batch + 1)} runs, seed {seed}: {left}"


@pytest.mark.parametrize("tier", ["s3", "monty"])
def test_an_event_loop_that_ends_with_open_runs_leaves_nothing(
    tier: str, seed: int, clean_environment: Path
) -> None:
    asyncio.run(skip_unless_built(tier))
    chance = random.Random(f"{tier} {seed}")
    client = _client(chance, tier, clean_environment)

    async def ended_early() -> None:
        runs = [asyncio.create_task(client.aask("q", "text of the run")) for _ in range(3)]
        await _steps(chance.randrange(100))
        await asyncio.sleep(chance.uniform(0, 0.05))
        assert runs

    asyncio.run(ended_early())
    before = held()
    for number in range(_RUNS // 10):
        asyncio.run(ended_early())
        left = left_at_last(before)
        assert not left, f"after {number + 1} event loops, seed {seed}: {left}"
