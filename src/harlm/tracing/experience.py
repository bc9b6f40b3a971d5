"""What runs teach the router, kept from run to run: how often each root model's programs ended cleanly, and how the user rated modes
on each corpus. Two small JSON files in the home; a lost or broken one costs what it held, never a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from harlm.config.tables import read_settings_file
from harlm.errors import ConfigError
from harlm.events import Event, Judged
from harlm.storage.whole_files import write_whole
from harlm.types import Mode, skill_from

_MOST = 2_000  # models, and corpora; the oldest ones go first
_IN_CODE: tuple[Mode, ...] = ("repl", "full")
_Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]

Counts = dict[str, tuple[_Count, _Count]]
Ratings = dict[str, dict[Mode, tuple[_Count, _Count]]]


class Skills:
    """How well root models write code, by their own runs. A ``harlm.protocols.TraceSink``.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._counts = _read(path, Counts) or {}

    def of(self, model: str) -> float | None:
        """The skill of a model by its runs in code; ``None`` without any."""
        if model not in self._counts:
            return None
        clean, runs = self._counts[model]
        return skill_from(clean, runs)

    def emit(self, event: Event) -> None:
        """Count a run whose answer was judged, if its root model wrote code."""
        if not isinstance(event, Judged) or event.mode not in _IN_CODE:
            return
        counts = _read(self._path, Counts) or {}
        clean, runs = counts.pop(event.model, (0, 0))
        is_clean = event.confidence.signals.ran_clean is not False
        counts[event.model] = (clean + is_clean, runs + 1)
        self._counts = counts
        with suppress(OSError, ValueError):  # a name that cannot be written costs no run
            write_whole(self._path, msgspec.json.encode(dict(list(counts.items())[-_MOST:])))


def ratings_in(path: Path) -> Mapping[str, Mapping[Mode, tuple[int, int]]]:
    """By corpus and mode, how many runs were rated good, and how many bad; nothing if the file is missing or broken."""
    return _read(path, Ratings) or {}


def rated(path: Path, corpus: str, mode: Mode, *, is_good: bool, before: bool | None) -> None:
    """Count a rating.

    Args:
        path: the file.
        corpus, mode: of the run.
        is_good: the rating.
        before: an earlier rating of the same run, which no longer counts; ``None`` if there was none.

    Raises:
        ConfigError: the file cannot be written.
    """
    ratings = _read(path, Ratings) or {}
    modes = ratings.pop(corpus, {})
    good, bad = modes.get(mode, (0, 0))
    if before is not None:
        good, bad = max(0, good - before), max(0, bad - (not before))
    modes[mode] = (good + is_good, bad + (not is_good))
    ratings[corpus] = modes
    try:
        write_whole(path, msgspec.json.encode(dict(list(ratings.items())[-_MOST:])))
    except OSError as error:
        raise ConfigError(
            f"the rating cannot be kept in {str(path)!r} ({error.strerror}); set HARLM_HOME to a writable folder"
        ) from error


_T = TypeVar("_T")


def _read(path: Path, kind: type[_T]) -> _T | None:
    try:
        data = read_settings_file(path, may_be_link=True)
        return None if not data else msgspec.json.decode(data, type=kind)
    except (ConfigError, msgspec.DecodeError):
        return None
