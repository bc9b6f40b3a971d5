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
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from harlm.errors import ConfigError, TraceError
from harlm.events import Answered, AnyEvent, Event, Failed, RunStarted
from harlm.redact import Redactor
from harlm.types import Answer

_INLINE = 4096  # bytes; a longer value is stored as a blob
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

    Responsibilities: make the folder, append whole events, move long values to blobs, hide secrets.

    Args:
        folder: the folder to make; only its owner can open it.
        redactor: applied to everything that is written.

    Raises:
        ConfigError: the folder cannot be made.
    """

    def __init__(self, folder: Path, redactor: Redactor) -> None:
        self._folder = folder
        self._redactor = redactor
        try:
            self._blobs = folder / "blobs"
            _make_private(self._blobs)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            self._events = os.open(folder / "events.jsonl", flags, 0o600)
        except OSError as error:
            advice = (
                "close some files, or raise their limit (`ulimit -n`)"
                if error.errno in (errno.EMFILE, errno.ENFILE)
                else "set HARLM_HOME to a writable folder"
            )
            raise ConfigError(
                f"runs cannot be stored in {str(folder.parent)!r} ({error.strerror}); {advice}"
            ) from error

    def emit(self, event: Event) -> None:
        """Append one event.

        Raises:
            OSError: the event cannot be written, for example because the disk is full.
        """
        line = _encode(event)
        if len(line) > _INLINE:
            line = _encode(self._without_long_values(event))
        rest = memoryview(self._redactor.clean(line) + b"\n")
        while rest:
            rest = rest[os.write(self._events, rest) :]
        match event:
            case RunStarted():
                self._write("run.json", _run_record(event))
            case Answered(answer=answer):
                self._write("result.json", RunResult(run=event.run, answer=answer))
            case Failed(error=error, type=kind):
                self._write("result.json", RunResult(run=event.run, error=error, error_type=kind))

    def close(self) -> None:
        """Close the file of events."""
        os.close(self._events)

    def _without_long_values(self, event: Event) -> dict[str, object]:
        fields: dict[str, object] = {"kind": event.kind}
        for name in event.__struct_fields__:
            value = getattr(event, name)
            fields[name] = value if name in _ENVELOPE else self._inline_or_blob(value)
        return fields

    def _inline_or_blob(self, value: object) -> object:
        data = _encode(value)
        if len(data) <= _INLINE:
            return msgspec.Raw(data)
        data = self._redactor.clean(data)
        name = hashlib.blake2b(data, digest_size=16).hexdigest()
        path = self._blobs / name
        if not path.exists():
            _write_private(path, data)
        return {"blob": name, "bytes": len(data)}

    def _write(self, name: str, value: object) -> None:
        data = msgspec.json.format(self._redactor.clean(_encode(value)), indent=2)
        _write_private(self._folder / name, data + b"\n")


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


def _write_private(path: Path, data: bytes) -> None:
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
        """All events in order, with long values restored. A last line that a crash cut off is skipped.

        Raises:
            TraceError: the file cannot be read, or an event is damaged.
        """
        try:
            lines = (self.folder / "events.jsonl").read_bytes().splitlines(keepends=True)
        except OSError as error:
            raise TraceError(f"the events of run {self.folder.name} cannot be read: {error}") from error
        for line in lines:
            if line.endswith(b"\n"):
                yield self._event(line)

    def _event(self, line: bytes) -> Event:
        try:
            fields = msgspec.json.decode(line, type=dict[str, object])
            whole = {name: self._whole(value) for name, value in fields.items()}
            event: Event = msgspec.convert(whole, AnyEvent)
        except (msgspec.MsgspecError, OSError) as error:
            raise TraceError(
                f"run {self.folder.name} contains an event that cannot be read: {error}"
            ) from error
        return event

    def _whole(self, value: object) -> object:
        if isinstance(value, Mapping) and value.keys() == {"blob", "bytes"} and str(value["blob"]).isalnum():
            return msgspec.json.decode((self.folder / "blobs" / str(value["blob"])).read_bytes())
        return value


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
    except (OSError, msgspec.MsgspecError) as error:
        raise TraceError(f"{str(path)!r} is not a file of a stored run: {error}") from error
