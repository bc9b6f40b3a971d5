"""Shows on stderr how a run proceeds and when it will end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from harlm.cli.progress_line import ProgressLine, time_text
from harlm_bench.outcomes import Result


class Progress:
    """A watcher of a run.

    Args:
        expected: how many questions each system has in all, those of earlier runs included.
        jobs: questions at once.
        clock: seconds.
    """

    def __init__(
        self, expected: Mapping[str, int], jobs: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._left = Counter(expected)
        self._total = sum(expected.values())
        self._jobs = jobs
        self._wall: dict[str, list[float]] = {}
        self._spent = 0
        self._unbilled = 0
        self._failed: Counter[str] = Counter()
        self._shown = ProgressLine(self.line, clock=clock)

    def __enter__(self) -> Self:
        self._shown.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shown.__exit__(kind, error, trace)

    def kept(self, system: str) -> None:
        """A question was answered in an earlier run."""
        self._left[system] -= 1

    def finished(self, result: Result) -> None:
        """A question has its result."""
        self._left[result.system] -= 1
        self._wall.setdefault(result.system, []).append(result.outcome.wall_s)
        self._spent += result.usage.micro_usd or 0
        self._unbilled += result.usage.micro_usd is None
        if result.outcome.status != "answered":
            self._failed[result.outcome.status] += 1
        self._shown.moved()

    @property
    def seconds_left(self) -> float | None:
        """The time that the rest takes, if each system keeps its pace; ``None`` before the first result."""
        times = [each for walls in self._wall.values() for each in walls]
        if not times:
            return None
        usual = sum(times) / len(times)
        left = 0.0
        for system, count in self._left.items():
            walls = self._wall.get(system)
            left += max(0, count) * (sum(walls) / len(walls) if walls else usual)
        return left / self._jobs

    def line(self) -> str:
        """Such as ``120 of 400 questions, 4 min left, $0.31; 2 crashed``."""
        left = sum(max(0, count) for count in self._left.values())
        parts = [f"{self._total - left} of {self._total} questions"]
        seconds = self.seconds_left
        if left and seconds is not None:
            parts.append(f"{time_text(seconds)} left")
        if self._spent:
            parts.append(f"${self._spent / 1e6:.2f}" + (" and unknown bills" if self._unbilled else ""))
        failed = ", ".join(f"{count} {status}" for status, count in sorted(self._failed.items()))
        return ", ".join(parts) + (f"; {failed}" if failed else "")
