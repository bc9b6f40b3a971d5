"""Stores that are files of JSON lines: one line an entry or a paid call, in front of HARLM's stores in memory."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote, unquote, urlsplit

import msgspec

from harlm.errors import ConfigError, MemoryFailure
from harlm.journal import InMemoryCalls
from harlm.memory import InMemoryStore
from harlm.threads import StopFlag
from harlm.types import Entry, PaidCall, Recollection, Usage


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


_Row = TypeVar("_Row", bound=_Keyed)


class LineFile(Generic[_Row]):
    """A file to which rows are appended, one line each.

    Args:
        file: its path; it is made with the first row.
        to_line, from_line: turn a row into JSON, and back.
    """

    def __init__(
        self, file: Path, to_line: Callable[[_Row], object], from_line: Callable[[dict[str, Any]], _Row]
    ) -> None:
        self._file = file
        self._to_line = to_line
        self._from_line = from_line
        self._waiting: dict[str, _Row] = {}

    @property
    def is_behind(self) -> bool:
        """Whether rows wait to be written."""
        return bool(self._waiting)

    def rows(self) -> Iterator[_Row]:
        """All rows, the first one first. A line that a crash has cut is left out."""
        if not self._file.exists():
            return
        with self._file.open(encoding="utf-8") as lines:
            for line in lines:
                try:
                    yield self._from_line(json.loads(line))
                except (ValueError, KeyError, TypeError, msgspec.ValidationError):
                    continue

    def add(self, row: _Row) -> None:
        """Have a row written with the next ``flush``."""
        self._waiting[row.key] = row

    def flush(self) -> None:
        """Write all rows that wait, in one piece.

        Raises:
            MemoryFailure: they cannot be written.
        """
        if not self._waiting:
            return
        text = "".join(json.dumps(self._to_line(row)) + "\n" for row in self._waiting.values())
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(descriptor)
        except OSError as error:
            raise MemoryFailure(f"{self._file} cannot be written ({error})") from error
        self._waiting.clear()


class LineEntries:
    """A ``MemoryStore`` whose entries are the lines of a file."""

    def __init__(self, file: Path) -> None:
        self._lines = LineFile(file, _entry_to_line, _entry_from_line)
        self._held = InMemoryStore(1 << 40)
        for each in self._lines.rows():
            self._held.put(each)

    @property
    def is_behind(self) -> bool:
        """Whether entries wait to be written."""
        return self._lines.is_behind

    def put(self, entry: Entry) -> None:
        """See ``harlm.protocols.MemoryStore``."""
        is_new = self._held.get(entry.key) is None
        self._held.put(entry)
        if is_new:
            self._lines.add(entry)

    def get(self, key: str) -> Entry | None:
        """See ``harlm.protocols.MemoryStore``."""
        return self._held.get(key)

    def search(self, query: str, k: int, *, run: str, stop: StopFlag | None = None) -> Sequence[Recollection]:
        """See ``harlm.protocols.MemoryStore``."""
        return self._held.search(query, k, run=run, stop=stop)

    def flush(self) -> None:
        """See ``harlm.protocols.MemoryStore``."""
        self._lines.flush()

    def close(self) -> None:
        """See ``harlm.protocols.MemoryStore``."""
        self._lines.flush()
        self._held.close()


class LineCalls:
    """A ``CallStore`` whose calls are the lines of a file."""

    def __init__(self, file: Path) -> None:
        self._lines = LineFile(file, msgspec.to_builtins, _call_from_line)
        self._held = InMemoryCalls()
        for each in self._lines.rows():
            self._held.put(each)

    @property
    def is_behind(self) -> bool:
        """Whether calls wait to be written."""
        return self._lines.is_behind

    def put(self, call: PaidCall) -> None:
        """See ``harlm.protocols.CallStore``."""
        is_new = self._held.get(call.key) is None
        self._held.put(call)
        if is_new:
            self._lines.add(call)

    def get(self, key: str) -> PaidCall | None:
        """See ``harlm.protocols.CallStore``."""
        return self._held.get(key)

    def flush(self) -> None:
        """See ``harlm.protocols.CallStore``."""
        self._lines.flush()

    def close(self) -> None:
        """See ``harlm.protocols.CallStore``."""
        self._lines.flush()
        self._held.close()


class LineStores:
    """The stores in one folder.

    Args:
        folder: holds the files.
        namespace: those of other namespaces are other files.
    """

    def __init__(self, folder: Path, namespace: str) -> None:
        self._folder = folder / quote(namespace, safe="")

    def entries(self) -> LineEntries:
        """The store of entries."""
        return LineEntries(self._folder / "entries.jsonl")

    def calls(self) -> LineCalls:
        """The store of paid calls."""
        return LineCalls(self._folder / "calls.jsonl")


def make(url: str, namespace: str) -> LineStores:
    """The stores at ``lines:///FOLDER``."""
    parts = urlsplit(url)
    if parts.netloc or not parts.path.startswith("/"):
        raise ConfigError("memory.store: write lines:///FOLDER with the whole path of a folder")
    return LineStores(Path(unquote(parts.path)), namespace)


def _entry_to_line(entry: Entry) -> object:
    is_bytes = isinstance(entry.value, bytes)
    value = base64.b64encode(entry.value).decode() if isinstance(entry.value, bytes) else entry.value
    return {**msgspec.to_builtins(replace(entry, value="")), "value": value, "is_bytes": is_bytes}


def _entry_from_line(line: dict[str, Any]) -> Entry:
    text, is_bytes = str(line.pop("value")), line.pop("is_bytes")
    usage = msgspec.convert(line.pop("usage"), Usage)
    return Entry(**line, value=base64.b64decode(text) if is_bytes else text, usage=usage)


def _call_from_line(line: dict[str, Any]) -> PaidCall:
    return PaidCall(
        key=str(line["key"]),
        model=str(line["model"]),
        text=str(line["text"]),
        usage=msgspec.convert(line["usage"], Usage),
        created=msgspec.convert(line["created"], float),
    )
