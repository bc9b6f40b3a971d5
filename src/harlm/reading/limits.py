"""What reading one file may cost, by its size and the settings."""

from __future__ import annotations

from dataclasses import dataclass

from harlm.config import ContextSettings

_MB = 1 << 20
_MOST_MEMORY_MB = 4096
_OUTPUT_MB = 16  # of text for each megabyte of a file
_MOST_OUTPUT_MB = 64
_PARTS = 500_000  # for each megabyte of a file
_MOST_PARTS = 2_000_000


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """The limits for one file.

    Attributes:
        seconds: of processor time; of wall time four times as much.
        memory_mb: of memory, on top of what the reading process has before it starts.
        output: bytes of everything that it returns.
        parts: lines, pages, rows or cells whose place is known.
    """

    seconds: float
    memory_mb: int
    output: int
    parts: int

    @property
    def wall_seconds(self) -> float:
        """Seconds of wall time, for a process that waits instead of computing."""
        return 4 * self.seconds


def limits_of(size: int, settings: ContextSettings) -> ReadingLimits:
    """The limits for a file of ``size`` bytes: those of the settings up to 1 MB, in proportion above that."""
    times = max(1.0, size / _MB)
    return ReadingLimits(
        seconds=settings.reading_seconds * times,
        memory_mb=max(settings.reading_mb, min(int(settings.reading_mb * times), _MOST_MEMORY_MB)),
        output=int(min(_OUTPUT_MB * times, _MOST_OUTPUT_MB)) * _MB,
        parts=int(min(_PARTS * times, _MOST_PARTS)),
    )
