"""Kills hosts at random moments, and says what they leave: run with a tier, a seed and a number of kills.

Each host is a fork of this process, which is warm, adopts the processes that a host leaves behind, and prints
what it found as JSON: ``running``, the processes that did not end, ``folders``, the folders that were
there before and after another host ran, and ``ended``, the exit code of that host.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from harlm import HARLM
from harlm.config import Config, EngineSettings, SandboxSettings, TracingSettings
from tests.support.processes import descendants

_ADOPT = 36  # PR_SET_CHILD_SUBREAPER
_PATIENCE_S = 10.0
_FIRST_S = 0.3


async def _root(messages: Sequence[dict[str, str]]) -> str:
    if len(messages) < 4:
        return "```repl\nprint(llm_query('x'))\n```"
    return "```repl\nFINAL('ok')\n```"


async def _sub(prompt: str) -> str:
    await asyncio.sleep(0.05)
    return "reply"


def _ask(tier: str) -> None:
    client = HARLM(
        model=_root,
        sub_model=_sub,
        settings=Config(
            engine=EngineSettings(mode="full"),
            sandbox=SandboxSettings(tier=tier, allow_unsafe=True),  # type: ignore[arg-type] # a tier
            tracing=TracingSettings(home=str(Path.cwd() / "home")),
        ),
    )
    assert client.ask("q", "some text").text == "ok"
    for thread in threading.enumerate():
        if thread.name == "harlm-sweep":
            thread.join()


def _host(tier: str, *, times: int) -> int:
    """The process id of a new host, which asks ``times`` times."""
    pid = os.fork()
    if pid == 0:
        for _ in range(times):
            _ask(tier)
        os._exit(0)
    return pid


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _still_running() -> int:
    """How many processes of killed hosts run when they have had their time to end."""
    gives_up = time.monotonic() + _PATIENCE_S
    while (running := descendants(os.getpid())) and time.monotonic() < gives_up:
        _reap()
        time.sleep(0.005)
    return len(running)


def _folders() -> list[str]:
    return sorted(each.name for each in Path(tempfile.gettempdir()).glob("harlm-*"))


def main() -> None:
    """Kill hosts, and print what they left."""
    tier, seed, kills = sys.argv[1], sys.argv[2], int(sys.argv[3])
    ctypes.CDLL(None).prctl(_ADOPT, 1, 0, 0, 0)
    chance = random.Random(f"{tier} {seed}")
    running = 0
    for _ in range(kills):
        pid = _host(tier, times=1_000)
        time.sleep(chance.uniform(0, _FIRST_S))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        running += _still_running()
    before = _folders()
    _, ended = os.waitpid(_host(tier, times=1), 0)
    running += _still_running()
    sys.stdout.write(
        json.dumps({"running": running, "folders": {"before": before, "after": _folders()}, "ended": ended})
    )


if __name__ == "__main__":
    main()
