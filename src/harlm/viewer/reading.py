"""Reads a stored run as a story, and says in words what of it is damaged."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import msgspec

from harlm.errors import TraceError
from harlm.events import FORMAT
from harlm.tracing.jsonl import RunFolder
from harlm.tracing.request import has_questions, is_imported
from harlm.tracing.run_lock import held_closed
from harlm.viewer.lines import Damage, LineReader, latest_attempt
from harlm.viewer.shapes import RunHead
from harlm.viewer.story import StoryBuilder, put_answer


class RunReading:
    """One run, read as far as it is written; ``follow`` reads what was added since. Safe to use from several threads.

    Args:
        folder: of the run.

    Attributes:
        story: what was read.
        lines: where it is read from.
        is_open: whether a process writes it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines = LineReader(folder)
        self.is_open = False
        self.story = StoryBuilder(_head(folder))
        self._lock = threading.RLock()

    def told(self) -> bytes:
        """The whole story as it is now, as JSON."""
        with self._lock:
            self.follow()
            return msgspec.json.encode(self.story.whole())

    def news(self) -> bytes:
        """What was read since this, or ``told``, was called last, as JSON."""
        with self._lock:
            return msgspec.json.encode(self.story.news())

    def follow(self) -> bool:
        """Read what was added; whether what was read before is void, since the run was taken up again or its file replaced."""
        with self._lock:
            return self._follow()

    def _follow(self) -> bool:
        began_again = self.lines.size() < self.lines.read_to
        if began_again:
            self._begin_again()
        self.is_open = _is_open(self.folder)  # before the lines: what ends now has written them
        with suppress(TraceError):
            for line in self.lines.lines():
                if line.event.kind == "resumed" and line.at:
                    began_again = True
                    self._begin_again(keep_place=True)
                self.story.add(line)
        self._put_state()
        return began_again

    def _begin_again(self, *, keep_place: bool = False) -> None:
        if not keep_place:
            self.lines.begin_again()
        self.story = StoryBuilder(_head(self.folder))

    def _put_state(self) -> None:
        head = self.story.head
        if self.is_open and not self.story.has_ended:
            head.state = "running"
        elif not self.story.has_ended:
            _put_result(self.folder, head)
        if not self.is_open:
            self.story.stop()
        head.warnings = [
            *(each for each in head.warnings if each.startswith("the run is larger")),
            *warnings_of(self.lines.damage, has_events=bool(self.lines.number)),
        ]


def warnings_of(damage: Damage, *, has_events: bool = True) -> list[str]:
    """What the user should know of a trace that is not read whole."""
    found = []
    if damage.newer:
        found.append(
            f"this run was stored by a newer HARLM (format {damage.newer}; this one reads up to {FORMAT}): use that version to see all of it"
        )
    if damage.lines:
        found.append(f"{damage.lines:,} events are damaged and left out; the first: {damage.first}")
    if damage.unknown:
        found.append(
            f"{damage.unknown:,} events are of kinds that this version does not know; they are left out"
        )
    if not has_events:
        found.append("no events of this run can be read")
    return found


def _head(folder: Path) -> RunHead:
    _, attempts = latest_attempt(folder)
    head = RunHead(
        run=folder.name,
        attempts=attempts + 1,
        is_session=has_questions(folder),
        is_imported=is_imported(folder),
    )
    with suppress(TraceError):  # a warning says that events are missing
        record = RunFolder(folder).record
        head.started, head.question = record.started, record.question[:50_000]
        head.root_model, head.sub_model = record.root_model, record.sub_model
        head.documents, head.characters, head.tokens = record.documents, record.characters, record.tokens
    return head


def _put_result(folder: Path, head: RunHead) -> None:
    """The end of a run whose last events are missing, from its file of results."""
    head.state = "stopped"
    with suppress(TraceError):
        result = RunFolder(folder).result
        if result is not None and result.answer is not None:
            put_answer(head, result.answer)
        elif result is not None:
            head.state, head.error, head.error_type = "failed", result.error or "", result.error_type or ""


def _is_open(folder: Path) -> bool:
    with held_closed(folder) as is_closed:
        return not is_closed
