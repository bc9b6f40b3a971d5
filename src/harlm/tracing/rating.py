"""The user's rating of a stored run, a file in its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from harlm.errors import TraceError
from harlm.events import Judged
from harlm.tracing.jsonl import RunFolder

_FILE = "rating"
_WORDS: tuple[Literal["good", "bad"], ...] = ("good", "bad")


def rate(folder: Path, *, is_good: bool) -> None:
    """Rate a run. A later rating replaces an earlier one.

    Raises:
        TraceError: the rating cannot be written.
    """
    try:
        (folder / _FILE).write_text("good" if is_good else "bad", encoding="ascii")
    except OSError as error:
        raise TraceError(
            f"run {folder.name} cannot be rated ({error.strerror}); check its folder {str(folder)!r}"
        ) from error


def rating_of(folder: Path) -> bool | None:
    """Whether a run is rated good; ``None`` if it is not rated."""
    try:
        said = (folder / _FILE).read_bytes()[:10].decode("ascii", "replace").strip()
    except OSError:
        return None
    return said == "good" if said in _WORDS else None


def judged_in(run: RunFolder) -> Judged | None:
    """The event in which the run's answer was judged: of several attempts, the last one in the mode that the answer came from;
    ``None`` without an answer.
    """
    result = run.result
    mode = None if result is None or result.answer is None else result.answer.mode
    judged = [event for event in run.events() if isinstance(event, Judged) and mode in (None, event.mode)]
    return judged[-1] if judged else None
