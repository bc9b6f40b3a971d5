"""The stored run, a folder of plain files that can be read without HARLM:

- ``run.json``: the question and the context, written at the start;
- ``events.jsonl``: one line for each event, appended as it happens;
- ``blobs/``: long values, named by a hash of their content;
- ``result.json``: the answer or the error.
"""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from harlm.errors import ConfigError, TraceError
from harlm.events import (
    Answered,
    AnyEvent,
    CallFailed,
    Event,
    Failed,
    FellBack,
    LimitReached,
    NodeFinished,
    Noted,
    RunStarted,
    TraceCut,
)
from harlm.redact import Redactor
from harlm.tracing.cutting import WHOLE, Cutter
from harlm.tracing.run_lock import opened_events
from harlm.types import Answer

_RESUMED = b'{"kind":"resumed"'  # how the line begins with which a run is taken up again
_INLINE = 4096  # bytes; a longer value is stored as a blob
_KEPT_BACK = 1 << 20  # bytes of a trace for what is written after it was cut, at most an eighth of it
_CUT_TO = 1_000  # characters of an error or a note after the trace was cut
_ENVELOPE = frozenset({"v", "seq", "ts", "run", "node", "parent"})
_T = TypeVar("_T")
_encode = msgspec.json.Encoder().encode


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """``run.json``: the question, the models and the size of the context, written when the run starts.

    ``started`` is in seconds since the epoch.
    """

    v: int = 1
    run: str
    started: float
    question: str
    root_model: str
    sub_model: str
    documents: int
    characters: int
    tokens: int


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """``result.json``: how a run ended. Exactly one of ``answer`` and ``error`` is set."""

    v: int = 1
    run: str
    answer: Answer | None = None
    error: str | None = None
    error_type: str | None = None


class JsonlSink:
    """Writes one run into its own folder. A ``harlm.protocols.TraceSink``.

    Responsibilities: make the folder, append whole events, move long values to blobs, hide secrets, keep to
    a size.

    The folder counts as open, and is never removed by HARLM, until ``close`` or the end of the process.

    Args:
        folder: the folder to make; only its owner can open it.
        redactor: applied to everything that is written.
        is_new: whether the run begins; otherwise its events are appended to those of its earlier attempts.
        max_bytes: of events and blobs together. When it is reached, ``TraceCut`` is written; after it errors
            and notes are, as long as there is room kept back for them, and always the end of the run.
        on_cut: called once with that event.
        on_written: called with the bytes of each write.

    Raises:
        ConfigError: no descriptor is left for it.
        OSError: the folder cannot be made.
        TraceError: the run is not new, and open in another process.
    """

    def __init__(
        self,
        folder: Path,
        redactor: Redactor,
        *,
        is_new: bool = True,
        max_bytes: int = 1 << 62,
        on_cut: Callable[[Event], None] = lambda _: None,
        on_written: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._folder = folder
        self._redactor = redactor
        self._cutter = Cutter(redactor)
        self._max_bytes = max_bytes
        self._ordinary_bytes = max_bytes - min(_KEPT_BACK, max_bytes // 8)
        self._on_cut = on_cut
        self._on_written = on_written
        self._written = 0
        self._is_cut = False
        try:
            self._blobs = folder / "blobs"
            self._events = opened_events(folder, lambda: _make_private(self._blobs), is_new=is_new)
            try:
                self._end = 0 if is_new else _whole_lines(self._events, folder / "events.jsonl")
            except BaseException:
                os.close(self._events)
                raise
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
            raise ConfigError(
                f"runs cannot be stored in {str(folder.parent)!r} ({error.strerror}); "
                "close some files, or raise their limit (`ulimit -n`)"
            ) from error

    def emit(self, event: Event) -> None:
        """Append one event, cut to a bounded length, unless the trace has reached its size.

        Raises:
            OSError: the event cannot be written, for example because the disk is full. A part of its line
                that was written is taken back, so that later events can be read.
        """
        match event:
            case RunStarted():
                self._write("run.json", _run_record(event))
            case Answered(answer=answer):
                self._write("result.json", RunResult(run=event.run, answer=answer))
            case Failed(error=error, type=kind):
                self._write("result.json", RunResult(run=event.run, error=error, error_type=kind))
        self._append(event)

    def close(self) -> None:
        """Close the file of events."""
        os.close(self._events)

    def _append(self, event: Event) -> None:
        is_end = _is_end(event)
        if self._is_cut and not is_end:
            if not isinstance(event, _TOLD) or self._written >= self._max_bytes:
                return
            event = self._cutter.cut(event, _CUT_TO)
        blobs: dict[str, bytes] = {}
        line = _encode(event)
        if len(line) > _INLINE:
            event = self._cutter.cut(event, min(WHOLE, max(self._max_bytes // 16, _CUT_TO)))
            line = _encode(self._without_long_values(event, blobs))
        line = self._redactor.clean(line) + b"\n"
        size = len(line) + sum(map(len, blobs.values()))
        if not (is_end or self._is_cut) and self._written + size > self._ordinary_bytes:
            self._is_cut = True
            self._say_cut(event)
            self._append(event)  # errors and notes are still written
            return
        for name, data in blobs.items():
            write_private(self._blobs / name, data)
        self._write_line(line)
        self._written += size
        self._on_written(size)

    def _say_cut(self, event: Event) -> None:
        cut = TraceCut(
            limit_mb=self._max_bytes >> 20, seq=event.seq, ts=time.time(), run=event.run, node=event.node, parent=event.parent
        )  # fmt: skip
        line = _encode(cut) + b"\n"
        self._write_line(line)
        self._written += len(line)
        self._on_cut(cut)

    def _write_line(self, line: bytes) -> None:
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.write(self._events, rest) :]
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._events, self._end)
            raise
        self._end += len(line)

    def _without_long_values(self, event: Event, blobs: dict[str, bytes]) -> dict[str, object]:
        fields: dict[str, object] = {"kind": event.kind}
        for name in event.__struct_fields__:
            value = getattr(event, name)
            fields[name] = value if name in _ENVELOPE else self._inline_or_blob(value, blobs)
        return fields

    def _inline_or_blob(self, value: object, blobs: dict[str, bytes]) -> object:
        data = _encode(value)
        if len(data) <= _INLINE:
            return msgspec.Raw(data)
        data = self._redactor.clean(data)
        name = hashlib.blake2b(data, digest_size=16).hexdigest()
        if not (self._blobs / name).exists():
            blobs[name] = data
        return {"blob": name, "bytes": len(data)}

    def _write(self, name: str, value: object) -> None:
        data = msgspec.json.format(self._redactor.clean(_encode(value)), indent=2)
        write_private(self._folder / name, data + b"\n")


_TOLD = (LimitReached, Noted, FellBack, CallFailed)
"""Written after the trace was cut, as long as there is room."""


def _is_end(event: Event) -> bool:
    """Whether an event is written in any case: the beginning and the end of the run."""
    is_root = isinstance(event, NodeFinished) and event.parent is None
    return is_root or isinstance(event, RunStarted | Answered | Failed)


def _run_record(event: RunStarted) -> RunRecord:
    return RunRecord(
        run=event.run,
        started=event.ts,
        question=event.question,
        root_model=event.root_model,
        sub_model=event.sub_model,
        documents=event.documents,
        characters=event.characters,
        tokens=event.tokens,
    )


def write_private(path: Path, data: bytes) -> None:
    """Write a file for its owner only, whole or not at all: a reader never sees half a file."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(data)
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def _make_private(folder: Path) -> None:
    """Make a folder, and the missing folders above it, each for its owner only."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)


class NoTrace:
    """In the place of a ``JsonlSink`` whose folder cannot be made. A ``harlm.protocols.TraceSink``.

    Args:
        error: why it cannot be made.
        folder: the folder.
    """

    def __init__(self, error: OSError, folder: Path) -> None:
        self._error = OSError(error.errno, f"{str(folder)!r}: {error.strerror}")

    def emit(self, event: Event) -> None:
        """Write nothing.

        Raises:
            OSError: always.
        """
        raise self._error

    def close(self) -> None:
        """There is nothing to close."""


class RunFolder:
    """Reads a stored run.

    Attributes:
        folder: the folder of the run.
        record: the content of ``run.json``.

    Raises:
        TraceError: ``run.json`` is missing or damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.record = _read(folder / "run.json", RunRecord)

    @property
    def result(self) -> RunResult | None:
        """The result; ``None`` if the run has not ended, or was killed.

        Raises:
            TraceError: ``result.json`` is damaged.
        """
        path = self.folder / "result.json"
        return _read(path, RunResult) if path.exists() else None

    def events(self) -> Iterator[Event]:
        """The events of the latest attempt at the run in order, with long values restored. A last line that a crash cut off is
        skipped.

        Raises:
            TraceError: the file cannot be read, or an event is damaged.
        """
        try:
            with (self.folder / "events.jsonl").open("rb") as lines:
                lines.seek(_latest_attempt(lines))
                for line in lines:
                    if line.endswith(b"\n"):
                        yield self._event(line)
        except OSError as error:
            raise TraceError(f"the events of run {self.folder.name} cannot be read: {error}") from error

    def all_readable_events(self) -> Iterator[Event]:
        """The events of all attempts at the run in order, without those that cannot be read."""
        with suppress(OSError), (self.folder / "events.jsonl").open("rb") as lines:
            for line in lines:
                with suppress(TraceError):
                    yield self._event(line)

    def _event(self, line: bytes) -> Event:
        try:
            fields = msgspec.json.decode(line, type=dict[str, object])
            whole = {name: self._whole(value) for name, value in fields.items()}
            event: Event = msgspec.convert(whole, AnyEvent)
        except (msgspec.MsgspecError, OSError, RecursionError) as error:
            raise TraceError(
                f"run {self.folder.name} contains an event that cannot be read: {error}"
            ) from error
        return event

    def _whole(self, value: object) -> object:
        if isinstance(value, Mapping) and value.keys() == {"blob", "bytes"} and str(value["blob"]).isalnum():
            return msgspec.json.decode((self.folder / "blobs" / str(value["blob"])).read_bytes())
        return value


def _whole_lines(opened: int, path: Path) -> int:
    """Cut off a last line that a crash has left half written; returns the bytes of the file then."""
    size = os.fstat(opened).st_size
    with path.open("rb") as lines:
        end = size
        while end:
            start = max(0, end - _INLINE)
            lines.seek(start)
            at = lines.read(end - start).rfind(b"\n")
            if at >= 0:
                end = start + at + 1
                break
            end = start
    if end < size:
        os.ftruncate(opened, end)
    return end


def _latest_attempt(lines: BinaryIO) -> int:
    """Where the events of the latest attempt begin."""
    found = at = 0
    for line in lines:
        if line.startswith(_RESUMED):
            found = at
        at += len(line)
    return found


def find_run(runs: Path, name: str) -> RunFolder:
    """The stored run with this id, or the only one whose id begins with ``name``; ``last`` is the newest.

    Raises:
        TraceError: there is no such run, or more than one.
    """
    ids = list_runs(runs)
    wanted = ids[:1] if name == "last" else [each for each in ids if each.startswith(name.upper())]
    if len(wanted) != 1:
        found = "more than one id begins with it" if wanted else "`harlm runs list` shows the stored runs"
        raise TraceError(f"there is no single run {name!r} in {str(runs)!r}: {found}")
    return RunFolder(runs / wanted[0])


def list_runs(runs: Path) -> list[str]:
    """The ids of all stored runs, newest first."""
    try:
        return sorted((entry.name for entry in runs.iterdir() if (entry / "run.json").exists()), reverse=True)
    except OSError:
        return []


def _read(path: Path, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError, RecursionError) as error:
        raise TraceError(f"{str(path)!r} is not a file of a stored run: {error}") from error
