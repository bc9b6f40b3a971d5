"""``python -m tests.support.hostile_runs HOME``: makes runs, one for each case that arrives on stdin as a line of
JSON, and prints how each ended. ``tests.support.host`` starts it and judges it from outside.
"""

from __future__ import annotations

import asyncio
import gc
import json
import re
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from harlm import HARLM, LimitExceeded, threads
from harlm.config import BudgetSettings, Config, EngineSettings, MemorySettings, SandboxSettings

_TICK_S = 0.005
_MARK = re.compile(r"MARK-[0-9a-f]{16}")
_SHORT = 200_000
_KEPT_S = 0.02


class _Model:
    """The root model of a run: replies with what the case says, and notes which marks it was shown.

    Args:
        case: see ``tests.support.host.Case``.
    """

    def __init__(self, case: dict[str, Any]) -> None:
        self._replies = list(case["replies"])
        self.marks: set[str] = set()

    def reply(self, messages: Sequence[Mapping[str, str]]) -> str:
        """The next reply; the last is repeated."""
        for message in messages:
            self.look(message["content"])
        number = sum(message["role"] == "assistant" for message in messages)
        return str(self._replies[min(number, len(self._replies) - 1)])

    def look(self, prompt: str) -> None:
        """Note the marks in a prompt. Long prompts are skipped, since looking would hold up the loop."""
        if len(prompt) < _SHORT:
            self.marks.update(_MARK.findall(prompt))


class Gaps:
    """How long the event loop stood still, sampled: the time by which each of many short sleeps was late."""

    def __init__(self) -> None:
        self.late_s: list[float] = []

    async def sample(self) -> None:
        """Sample until cancelled."""
        before = time.monotonic()
        while True:
            await asyncio.sleep(_TICK_S)
            now = time.monotonic()
            self.late_s.append(max(now - before - _TICK_S, 0.0))
            before = now


def _settings(case: dict[str, Any]) -> Config:
    limit = case["cell_seconds"]
    return Config(
        sandbox=SandboxSettings(
            tier=case["tier"],
            cell_seconds=limit,
            cpu_seconds=limit,
            silence_seconds=limit,
            allow_unsafe=False,
        ),
        budget=BudgetSettings(seconds=case["seconds"]),
        memory=MemorySettings(max_mb=case["memory_mb"], cache=case["cache"]),
        engine=EngineSettings(mode=case["mode"], max_turns=case["turns"], max_depth=1),
    )


def _context(case: dict[str, Any]) -> Any:
    if case["folder"] is not None:
        return Path(case["folder"])
    if case["documents"] > 1:
        return [f"text {number}" for number in range(case["documents"])]
    return case["text"]


async def _run(case: dict[str, Any], home: str, gaps: Gaps) -> dict[str, Any]:
    model = _Model(case)

    async def sub(prompt: str) -> str:
        model.look(prompt)
        return "reply"

    sampling = asyncio.create_task(gaps.sample())
    await asyncio.sleep(0)
    try:
        client = HARLM(model=model.reply, sub_model=sub, settings=_settings(case), home=home)
        answer = await client.aask(case["question"], _context(case))
        ended, text = str(answer.status), answer.text
    except LimitExceeded as error:
        ended, text = "LimitExceeded", str(error)
    except Exception as error:  # noqa: BLE001 - however it ends is what is asked
        ended, text = type(error).__name__, str(error)
    finally:
        await asyncio.sleep(0)
        sampling.cancel()
        with suppress(asyncio.CancelledError):
            await sampling
    return {"ended": ended, "text": text[:4000], "marks": sorted(model.marks)}


def _say(news: dict[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(news)}\n")
    sys.stdout.flush()


def main() -> None:
    """Make the runs. Threads without work end soon, so that those that are left after a run can be told from them."""
    threads._KEPT_S = _KEPT_S
    home = sys.argv[1]
    for line in sys.stdin:
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak of the memory
        _say({"begun": True})
        gaps = Gaps()
        found = asyncio.run(_run(json.loads(line), home, gaps))
        gc.collect()  # a pool of threads ends with its last reference
        _say({**found, "late_s": sorted(gaps.late_s)})


if __name__ == "__main__":
    main()
