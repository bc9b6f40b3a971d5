"""What the benchmarks share: CPU seconds, memory of a process tree, tables, and where results are kept."""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

RESULTS = Path(__file__).parent / "results"


def cpu_seconds() -> float:
    """CPU that this process and its ended children have used, user and system."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def median(work: Callable[[], Any], times: int) -> tuple[float, float]:
    """Median CPU and wall seconds of some runs of ``work``."""
    cpu, wall = [], []
    for _ in range(times):
        before, started = cpu_seconds(), time.perf_counter()
        work()
        wall.append(time.perf_counter() - started)
        cpu.append(cpu_seconds() - before)
    return statistics.median(cpu), statistics.median(wall)


@contextmanager
def peak_memory(*, without: int) -> Iterator[list[float]]:
    """The greatest sum of resident megabytes over this process and all below it, but for the process ``without`` (the
    model's server), sampled every 5 ms. What processes share is counted for each of them.
    """
    peak = [0.0]
    stop = threading.Event()

    def sample() -> None:
        while not stop.wait(0.005):
            peak[0] = max(peak[0], sum(_resident_mb(pid) for pid in _tree(os.getpid()) if pid != without))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def _tree(pid: int) -> list[int]:
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        if task.name != str(pid):
            below += (task / "children").read_text().split()
    return [pid, *(each for child in below for each in _tree(int(child)))]


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * resource.getpagesize() / 1e6


class Server(NamedTuple):
    """A model server in a process of its own."""

    url: str
    pid: int


@contextmanager
def mock_server(module: str = "bench.server") -> Iterator[Server]:
    """Start one, and end it."""
    process = subprocess.Popen([sys.executable, "-m", module], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield Server(process.stdout.readline().strip(), process.pid)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def report(name: str, title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table, and keep it as JSON."""
    texts = [[_text(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(header), *texts]) for i in range(len(header))]
    print(f"\n{title}")
    for row in [list(header), ["-" * width for width in widths], *texts]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    RESULTS.mkdir(exist_ok=True)
    kept = {
        "title": title,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "header": list(header),
        "rows": [list(row) for row in rows],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(kept, indent=1, default=str) + "\n", encoding="utf-8")


def _text(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:,.3f}" if cell < 10 else f"{cell:,.1f}"
    return str(cell)
