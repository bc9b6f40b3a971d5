"""Reads the files that were found: plain text in this process, foreign formats by a ``DocumentReader``, in batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harlm.config import ContextSettings
from harlm.context.files import FoundFile
from harlm.context.raw_files import read_found, read_named
from harlm.context.readers import is_foreign, read_document
from harlm.errors import ContextError
from harlm.protocols import DocumentReader
from harlm.types import RawFile, ReadResult, Skipped, Unread

_BATCH_FILES, _BATCH_BYTES = 64, 4 << 20
_PENDING = ReadResult(())


class Reading:
    """Reads files in the order in which they were found.

    Args:
        loading: the limits of size.
        reader: reads foreign formats.
        check: is called for every file.
    """

    def __init__(self, loading: ContextSettings, reader: DocumentReader, check: Callable[[], None]) -> None:
        self._most = loading.max_file_mb << 20
        self._reader = reader
        self._check = check
        self._results: list[ReadResult] = []
        self._waiting: list[tuple[int, FoundFile, RawFile]] = []
        self._waiting_bytes = 0

    def results(self, files: Sequence[FoundFile]) -> Sequence[ReadResult]:
        """What each file holds; nothing but the reason for one that cannot be read.

        Raises:
            ContextError: a file that the user named cannot be read.
        """
        for file in files:
            self._check()
            place = len(self._results)
            self._results.append(_PENDING)
            if (result := self._result(file, place)) is not None:
                self._results[place] = result
        self._read_waiting()
        return self._results

    def _result(self, file: FoundFile, place: int) -> ReadResult | None:
        """What a file holds; ``None`` if it waits for the reader."""
        try:
            data = self._bytes_of(file)
            if data and is_foreign(file.name, data):
                self._wait(place, file, RawFile(file.name, data))
                return None
            return read_document(file.name, data)
        except ContextError as error:
            return _failed(file, str(error))

    def _bytes_of(self, file: FoundFile) -> bytes:
        if file.identity is None:
            return read_named(file.path, self._check)
        return read_found(file.path, file.identity, self._most, self._check, file.root)

    def _wait(self, place: int, file: FoundFile, raw: RawFile) -> None:
        """Have a file read together with others, and its result put in its place."""
        if not self._waiting:
            self._reader.prepare(raw)
        self._waiting.append((place, file, raw))
        self._waiting_bytes += len(raw.data)
        if len(self._waiting) >= _BATCH_FILES or self._waiting_bytes >= _BATCH_BYTES:
            self._read_waiting()

    def _read_waiting(self) -> None:
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if not waiting:
            return
        read = self._reader.read([raw for _, _, raw in waiting], self._check)
        for (place, file, _), result in zip(waiting, read, strict=True):
            own = _failed(file, result.reason) if isinstance(result, Unread) else result
            self._results[place] = own


def _failed(file: FoundFile, reason: str) -> ReadResult:
    if file.named:
        raise ContextError(f"{file.path!r} {reason}")
    return ReadResult((), (Skipped(name=file.name, reason=reason),))
