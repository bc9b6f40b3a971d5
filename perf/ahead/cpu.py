"""The processor time of following a reply while it is written: in HARLM's own process, and in the processes below it."""

from __future__ import annotations

import os
import resource
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from perf.ahead.oracle import best_of
from perf.ahead.patterns import FOLLOWED, FOLLOWED_WITHOUT_CALLS
from perf.ahead.runs import run_once
from perf.ahead.script import tokens_of
from perf.ahead.systems import harlm
from perf.measure import Table, server_process

_TIMES = 12
_TOKENS_PER_S = 600.0
_EVERY_S = 0.004


def follow(home: str) -> Table:
    """What each part uses for 1,000 tokens, beside the same reply read to its end.

    Args:
        home: HARLM's folder.
    """
    rows: list[list[object]] = []
    tokens = len(tokens_of(FOLLOWED.turns[0]))
    per_tokens = 1000 * 1000 / (_TIMES * tokens)
    with server_process("perf.ahead.server") as server:
        for name, pattern, is_serial in (
            ("read to its end, no early calls", FOLLOWED, True),
            ("followed, code without calls", FOLLOWED_WITHOUT_CALLS, False),
            ("followed, code with a loop of calls", FOLLOWED, False),
        ):
            runner, best = harlm(home, is_serial=is_serial), best_of(pattern)
            run_once(runner, pattern, best, server.url, "repl", tokens_per_s=_TOKENS_PER_S)
            with _Used(without=server.pid) as used:
                for _ in range(_TIMES):
                    run_once(runner, pattern, best, server.url, "repl", tokens_per_s=_TOKENS_PER_S)
            rows.append([name, used.own_s * per_tokens, used.below_s * per_tokens])
    return Table(
        f"CPU milliseconds for 1,000 tokens: {_TIMES} whole runs with a reply of {tokens:,} tokens at {_TOKENS_PER_S:g} "
        f"tokens/s, processes below read every {1000 * _EVERY_S:g} ms",
        ["the reply is", "HARLM's own process", "REPL and scout"],
        rows,
    )


class _Used:
    """The CPU seconds of this process and of those below it. Processes that end are read a little before they do.

    Args:
        without: a process below that does not count.
    """

    def __init__(self, *, without: int) -> None:
        self.own_s = self.below_s = 0.0
        self._without = without
        self._before: dict[int, float] = {}
        self._last: dict[int, float] = {}
        self._reading_s = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read_on, daemon=True)

    def __enter__(self) -> Self:
        self._before = dict(self._read())
        self.own_s = -_own_s()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self.own_s += _own_s() - self._reading_s
        self.below_s = sum(used - self._before.get(pid, 0.0) for pid, used in self._last.items())

    def _read_on(self) -> None:
        while not self._stop.wait(_EVERY_S):
            for pid, used in self._read():
                self._last[pid] = max(used, self._last.get(pid, 0.0))
        self._reading_s = time.thread_time()

    def _read(self) -> Iterator[tuple[int, float]]:
        waiting = _children(os.getpid())
        while waiting:
            pid = waiting.pop()
            if pid != self._without:
                waiting += _children(pid)
                yield pid, _cpu_s(pid)


def _own_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _cpu_s(pid: int) -> float:
    """CPU seconds of the threads of a process; 0 if it has just ended."""
    try:
        return sum(
            int((task / "schedstat").read_text().split()[0]) / 1e9
            for task in Path(f"/proc/{pid}/task").iterdir()
        )
    except OSError:
        return 0.0


def _children(pid: int) -> list[int]:
    try:
        return [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return []  # it has just ended
