"""The systems that are measured, each behind one call: run the turns of a pattern against a server."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from harlm import HARLM
from harlm.config import Config
from harlm_bench.systems.attempt import NotInstalled
from harlm_bench.systems.rivals.environments import Needs, interpreter
from perf.ahead.pattern import CONTEXT, QUESTION, Pattern
from perf.ahead.script import Dialect

IN_FLIGHT = 64
"""Calls in flight that each system may have, more than any pattern needs at once."""

_HERE = Path(__file__).parent
_SERVE = _HERE.parents[1] / "src" / "harlm_bench" / "systems" / "rivals" / "workers" / "serve.py"
_WITHIN_S = 120.0


class Runner(Protocol):
    """Runs patterns in one system."""

    def __call__(self, pattern: Pattern, url: str) -> None:
        """Run all turns of a pattern.

        Raises:
            RuntimeError: the system did not come to the end of the turns.
        """


class Peer(NamedTuple):
    """A system in an environment of its own.

    Attributes:
        needs: what is installed.
        adapter: the file beside this one that runs it.
        dialect: how it wants replies.
    """

    needs: Needs
    adapter: str
    dialect: Dialect


PEERS: Mapping[str, Peer] = {
    "spec-ptc": Peer(
        Needs(name="spec-ptc", requirements=("rlms==0.1.3", "spec-ptc==0.1.1"), least=(3, 12)),
        "spec_ptc",
        "repl",
    ),
    "dspy-rlm-hooks": Peer(
        Needs(name="dspy-rlm-hooks", requirements=("dspy==3.4.0", "dspy-rlm-hooks==0.1.15"), least=(3, 12)),
        "dspy_hooks",
        "dspy",
    ),
}
"""DSPy 3.4.1 calls ``dspy.RLM``'s iterations with one more argument than ``dspy-rlm-hooks`` 0.1.15 takes, so 3.4.0 it is."""


def harlm(home: str, *, is_serial: bool = False) -> Runner:
    """HARLM through its public interface.

    Args:
        home: its folder.
        is_serial: whether nothing is asked early.
    """

    def run(pattern: Pattern, url: str) -> None:
        client = HARLM(
            model=f"openai/root@{url}", sub_model=f"openai/sub@{url}", mode="full", home=home, cache=False,
            concurrency=IN_FLIGHT, speculation="off" if is_serial else "safe", settings=Config(),
        )  # fmt: skip
        client.ask(QUESTION, CONTEXT)

    return run


@contextmanager
def peer(name: str, cache: Path) -> Iterator[Runner]:
    """A peer in a process of its own.

    Args:
        name: of the peer.
        cache: the folder of environments.

    Raises:
        NotInstalled: it cannot be installed, or does not start.
    """
    chosen = PEERS[name]
    python = interpreter(chosen.needs, cache)
    adapter = _HERE / "peers" / f"{chosen.adapter}.py"
    with subprocess.Popen(
        [str(python), str(_SERVE), str(adapter), "{}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            told = _answer(process)
            if not told.get("ready"):
                raise NotInstalled(f"{name} does not start: {told.get('error', 'its process ended')}")
            yield _asking(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()


def _asking(process: subprocess.Popen[str]) -> Runner:
    def run(pattern: Pattern, url: str) -> None:
        job = {
            "base_url": url, "turns": len(pattern.turns), "is_async": pattern.is_async, "context": CONTEXT,
            "question": QUESTION, "in_flight": IN_FLIGHT,
        }  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        told = _answer(process)
        if told.get("status") != "answered":
            raise RuntimeError(str(told.get("reason", "its process ended")))

    return run


def _answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The next line of a worker; a worker that is silent for too long is killed."""
    assert process.stdout is not None
    alarm = threading.Timer(_WITHIN_S, process.kill)
    alarm.start()
    try:
        line = process.stdout.readline()
    finally:
        alarm.cancel()
    told: dict[str, Any] = json.loads(line) if line.strip() else {}
    return told
