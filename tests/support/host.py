"""Judges the host of a run from outside, while what runs in it is hostile: a cell, a reply, a document, a folder.

A child process makes the runs, with a function as the model and no network. This process watches it: how long its
event loop stood still, its memory, the time, the disk, how the run ended and what is left.
"""

from __future__ import annotations

import json
import os
import re
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.support.processes import descendants

FUZZ: Final = bool(os.environ.get("HARLM_FUZZ"))
"""Whether many cases are generated, and the exact bounds hold. Read before the tests' environment is cleaned."""

ROOT = Path(__file__).parents[2]
CELLS = ROOT / "tests" / "abuse" / "cells" / "host"
_LOOK_S = 0.05
_MOST_MB = 1_500  # of the child's memory above its start; then it is killed
_PATIENCE_S = 3.0  # for what a run leaves to be gone
_START_S = 60.0
_TEXT = "The quick brown fox jumps over the lazy dog. " * 20


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What the host may cost.

    Attributes:
        gap_p99_s: the event loop's delay that 99 of 100 samples stay below, in seconds.
        gap_s: its greatest delay.
        late_s: how long after its deadline a run may end.
        rss_mb: how much the host's memory may grow during a run, in MiB.
        disk_mb: how much a run may write.
    """

    gap_p99_s: float
    gap_s: float
    late_s: float
    rss_mb: float = 250
    disk_mb: float = 64


EXACT = Bounds(gap_p99_s=0.05, gap_s=0.25, late_s=0.3)
"""The bounds that hold on a quiet machine; asserted if ``HARLM_FUZZ`` is set."""

ON_A_BUSY_MACHINE = Bounds(gap_p99_s=1.0, gap_s=2.0, late_s=3.0)
"""The same with room for a machine of two cores that also runs other tests."""

BOUNDS = EXACT if FUZZ else ON_A_BUSY_MACHINE


def cell(code: str) -> str:
    """The reply of a model that writes this cell."""
    return f"```repl\n{code}\n```"


FINISHES: Final = cell("FINAL('done')")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One run.

    Attributes:
        name: for messages.
        replies: what the root model replies, in order; the last is repeated.
        text: the context.
        folder: a path whose files are the context instead.
        documents: if more than 1, the context is so many short texts instead.
        seconds: the deadline of the run; ``None`` for none.
        ends: how the run may end: statuses of an answer, and names of errors (``LimitExceeded`` for all kinds).
        bounds: what the host may cost.
    """

    name: str
    replies: Sequence[str] = (FINISHES,)
    question: str = "do it"
    text: str = _TEXT
    folder: str | None = None
    documents: int = 1
    seconds: float | None = 5.0
    mode: str = "full"
    turns: int = 4
    tier: str = "auto"
    cell_seconds: float = 20.0
    memory_mb: int = 64
    cache: bool = True
    ends: Sequence[str] = ("ok", "partial", "not_found", "LimitExceeded", "NoAnswer")
    bounds: Bounds = field(default=BOUNDS)

    @property
    def cap_s(self) -> float:
        """Seconds after which the child is killed."""
        return (self.seconds or 60.0) + max(10.0, 2 * self.bounds.late_s)


def cells(name: str, *turns: str, **options: object) -> Case:
    """A run in which a model writes these cells, one in each turn, and then finishes."""
    return Case(
        name=name, replies=[*map(cell, turns), FINISHES], turns=len(turns) + 2, **options  # type: ignore[arg-type] # fields of Case
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a run was seen to cost.

    Attributes:
        ended: the status of its answer, the name of an error, or ``killed``.
        text: the answer, or the error's message.
        marks: the marks (``MARK-`` and 16 hexadecimal digits) that a model was shown.
        left: what it left behind.
    """

    name: str
    ended: str
    text: str = ""
    marks: Sequence[str] = ()
    wall_s: float
    gap_p99_s: float
    gap_s: float
    rss_mb: float
    disk_mb: float
    left: Sequence[str] = ()

    def faults(self, case: Case) -> list[str]:
        """How it broke the bounds of its case; empty if it kept to them."""
        bounds = case.bounds
        late_s = self.wall_s - (case.seconds or float("inf"))
        found = {
            f"it ended with {self.ended}: {self.text[:160]}": self.ended not in case.ends,
            f"the event loop stood still for {self.gap_s:.2f} s": self.gap_s > bounds.gap_s,
            f"99 of 100 samples: {self.gap_p99_s:.3f} s late": self.gap_p99_s > bounds.gap_p99_s,
            f"{late_s:.2f} s after its deadline": late_s > bounds.late_s,
            f"{self.rss_mb:.0f} MB of memory": self.rss_mb > bounds.rss_mb,
            f"{self.disk_mb:.0f} MB written": self.disk_mb > bounds.disk_mb,
            f"left: {', '.join(self.left)}": bool(self.left),
        }
        return [f"{self.name}: {fault}" for fault, is_fault in found.items() if is_fault]

    def __str__(self) -> str:
        return (
            f"{self.name:<48} {self.ended:<16} {self.wall_s:6.2f} s  loop p99 {1000 * self.gap_p99_s:5.0f} ms, "
            f"most {1000 * self.gap_s:5.0f} ms  {self.rss_mb:5.0f} MB  disk {self.disk_mb:4.0f} MB"
        )


class Host:
    """A child process that makes runs, judged from outside. One that had to be killed is replaced.

    Args:
        folder: an empty folder for its home and its temporary files.
        limit: called in the child before it starts, such as to set a limit of the system.
    """

    def __init__(self, folder: Path, limit: Callable[[], None] | None = None) -> None:
        self._folder = folder
        self._limit = limit
        self._child: subprocess.Popen[bytes] | None = None
        self._home = folder / "home"
        self._temporary = folder / "temporary"
        self._unread = b""

    def judge(self, case: Case) -> Judged:
        """Make one run and judge it."""
        if self._child is None:
            self._start()
        judged = self._judge(case)
        sys.stdout.write(f"{judged}\n")
        return judged

    def hold(self, *cases: Case) -> list[Judged]:
        """Make these runs; all must keep to their bounds."""
        seen = [self.judge(case) for case in cases]
        faults = [fault for one, case in zip(seen, cases, strict=True) for fault in one.faults(case)]
        assert faults == [], "\n".join(faults)
        return seen

    def _start(self) -> None:
        for folder in (self._home, self._temporary):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        self._unread = b""
        with (self._folder / "stderr").open("ab") as errors:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "tests.support.hostile_runs", str(self._home)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, cwd=ROOT, preexec_fn=self._limit,
                env={**os.environ, "TMPDIR": str(self._temporary), "HARLM_HOME": str(self._home)},
            )  # fmt: skip
        honest = self._judge(
            cells("an honest cell", "print(llm_query('x'))", seconds=_START_S), patience_s=0.0
        )
        if honest.ended != "ok":
            raise AssertionError(f"an honest run ended with {honest}\n{self.errors()}")

    def errors(self) -> str:
        """What the child printed on stderr, the end of it."""
        return (self._folder / "stderr").read_text(errors="replace")[-2000:]

    def _judge(self, case: Case, patience_s: float = _PATIENCE_S) -> Judged:
        child = self._child
        assert child is not None
        assert child.stdin is not None
        before = _Held.by(child.pid, self._temporary)
        first_disk = _size_mb(self._folder)
        child.stdin.write(json.dumps(asdict(case)).encode() + b"\n")
        child.stdin.flush()
        first_mb = _rss_mb(child.pid)
        begun = self._read(_START_S, lambda: True)
        from_s, most_mb = time.monotonic(), [first_mb]

        def is_bearable() -> bool:
            most_mb.append(max(_rss_mb(child.pid), most_mb.pop()))
            return most_mb[0] - first_mb < _MOST_MB

        found = None if begun is None else self._read(case.cap_s, is_bearable)
        wall_s = time.monotonic() - from_s
        most = max(most_mb[0], _rss_mb(child.pid, "VmHWM"))
        if found is None:
            self.close()
            return Judged(
                name=case.name, ended="killed", text=f"it did not end\n{self.errors()[-300:]}", wall_s=wall_s,
                gap_p99_s=wall_s, gap_s=wall_s, rss_mb=most - first_mb, disk_mb=_size_mb(self._folder) - first_disk,
            )  # fmt: skip
        late = found["late_s"] or [wall_s]
        return Judged(
            name=case.name, ended=found["ended"], text=found["text"], marks=found["marks"], wall_s=wall_s,
            gap_p99_s=late[int(0.99 * (len(late) - 1))], gap_s=late[-1], rss_mb=most - first_mb,
            disk_mb=_size_mb(self._folder) - first_disk, left=before.left(child.pid, self._temporary, patience_s),
        )  # fmt: skip

    def _read(self, patience_s: float, go_on: Callable[[], bool]) -> dict[str, Any] | None:
        """The next line of the child; ``None`` if it ended, took too long or ``go_on`` said no."""
        assert self._child is not None
        assert self._child.stdout is not None
        until = time.monotonic() + patience_s
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._child.stdout, selectors.EVENT_READ)
            while b"\n" not in self._unread:
                if waiting.select(_LOOK_S):
                    piece = os.read(self._child.stdout.fileno(), 1 << 20)
                    if not piece:
                        return None
                    self._unread += piece
                elif not go_on() or time.monotonic() > until:
                    return None
        line, _, self._unread = self._unread.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        """Kill the child."""
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None


@dataclass(frozen=True)
class _Held:
    """What a process has at one moment."""

    descriptors: int
    threads: int
    processes: frozenset[int]
    files: frozenset[str]

    @classmethod
    def by(cls, pid: int, temporary: Path) -> _Held:
        return cls(
            len(list(Path(f"/proc/{pid}/fd").iterdir())),
            len(list(Path(f"/proc/{pid}/task").iterdir())),
            frozenset(descendants(pid)),
            frozenset(each.name for each in temporary.iterdir()),
        )

    def left(self, pid: int, temporary: Path, patience_s: float) -> list[str]:
        """What the process has more than at this moment, and still has after a while."""
        until = time.monotonic() + patience_s
        while (found := self._more(_Held.by(pid, temporary))) and time.monotonic() < until:
            time.sleep(_LOOK_S)
        return found

    def _more(self, now: _Held) -> list[str]:
        found = []
        if now.descriptors > self.descriptors:
            found.append(f"{now.descriptors - self.descriptors} descriptors")
        if now.threads > self.threads:
            found.append(f"{now.threads - self.threads} threads")
        if new := now.processes - self.processes:
            found.append(f"{len(new)} processes")
        return found + sorted(now.files - self.files)


def _rss_mb(pid: int, what: str = "VmRSS") -> float:
    """The memory of a process in MiB; 0 if it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    found = re.search(rf"^{what}:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def _size_mb(folder: Path) -> float:
    """The files below a folder, in MiB."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size
        except OSError:
            continue
    return total / (1 << 20)


@contextmanager
def host(limit: Callable[[], None] | None = None) -> Iterator[Host]:
    """A host, which ends with the block."""
    with tempfile.TemporaryDirectory(prefix="hostile-", ignore_cleanup_errors=True) as folder:
        one = Host(Path(folder), limit)
        try:
            yield one
        finally:
            one.close()
