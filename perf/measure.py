"""What the benches share: CPU seconds, memory of a process tree, servers in processes of their own, and the report."""

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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

import harlm

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "results"
_LOAD_BEFORE = os.getloadavg()[0]


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
    """The greatest sum of resident megabytes over this process and all below it, except ``without`` (the
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


class ServerProcess(NamedTuple):
    """A model server in a process of its own."""

    url: str
    pid: int

    def counts(self) -> dict[str, int]:
        """What a ``FaultyServer`` has counted."""
        with urlopen(f"{self.url.removesuffix('/v1')}/counts") as told:
            seen: dict[str, int] = json.load(told)
        return seen


@contextmanager
def server_process(module: str = "perf.server", *options: object) -> Iterator[ServerProcess]:
    """Start one, and end it."""
    command = [sys.executable, "-m", module, *map(str, options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield ServerProcess(process.stdout.readline().strip(), process.pid)
        finally:
            process.terminate()


class Table(NamedTuple):
    """One table of a bench."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[object]]


def report(
    bench: str, title: str, about: str, tables: Sequence[Table], *, options: str = "", keep: bool = True
) -> None:
    """Print the tables of a bench, and keep them as ``docs/results/BENCH.md``.

    Args:
        bench: the name of the module.
        title: of the page. It says SIMULATED if any table is of a simulated model.
        about: one or two sentences: what is measured, and beside what.
        tables: in their order.
        options: of the command that was run.
        keep: whether the file is written; a run of only some parts is printed.
    """
    command = f"python -m perf.{bench} {options}".strip()
    facts = {"Date": f"{datetime.now(UTC):%Y-%m-%d}", "Machine": _machine(), "HARLM": _version()}
    listed = "".join(f"- {name}: {fact}\n" for name, fact in {**facts, "Run": f"`{command}`"}.items())
    page = f"# {title}\n\n{about}\n\n{listed}" + "".join(map(_section, tables))
    print(page)
    if keep:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{bench}.md").write_text(page, encoding="utf-8")


def report_parts(
    bench: str, title: str, about: str, parts: Mapping[str, Callable[[], Iterable[Table]]]
) -> None:
    """Report a bench whose command takes names of parts. Without names all are measured, and kept."""
    names = sys.argv[1:]
    tables = [table for name in names or parts for table in parts[name]()]
    report(bench, title, about, tables, options=" ".join(names), keep=not names)


def _section(table: Table) -> str:
    rows = [[_text(cell).replace("|", "\\|") for cell in row] for row in (table.header, *table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    lines = (" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return f"\n## {table.title}\n\n" + "".join(f"| {line} |\n" for line in lines)


def _text(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:,.3f}" if cell < 10 else f"{cell:,.1f}"
    return str(cell)


def _machine() -> str:
    """Cores, processor, Python, system, and how busy the machine was."""
    load = f"load {_LOAD_BEFORE:.1f} before, {os.getloadavg()[0]:.1f} after"
    python, system = f"Python {platform.python_version()}", f"{platform.system()} {platform.release()}"
    return f"{os.cpu_count()} cores, {_processor()}, {python}, {system}; {load}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _version() -> str:
    """HARLM's version and commit. Results that were just written do not make the commit dirty."""
    try:
        commit = _git("rev-parse", "--short", "HEAD")
        changed = _git("status", "--porcelain", "--", ".", ":!docs/results")
    except (OSError, subprocess.CalledProcessError):
        return f"{harlm.__version__}, not from a checkout"
    return f"{harlm.__version__}, commit {commit}{'-dirty' if changed else ''}"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
