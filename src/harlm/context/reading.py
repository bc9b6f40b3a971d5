"""Reads the files that were found: plain text in this process, foreign formats by a ``DocumentReader``, in batches.

Secrets in files that the user did not name are left out here, wherever they were read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harlm.config import ContextSettings
from harlm.context.files import FoundFile
from harlm.context.ignore import has_binary_name
from harlm.context.patterns import spec_of
from harlm.context.raw_files import read_found, read_named
from harlm.context.readers import has_format, is_archive, is_foreign, is_lfs_pointer, read_document
from harlm.context.secrets import is_secret_name, secret_in
from harlm.errors import ContextError
from harlm.protocols import DocumentReader
from harlm.types import Document, RawFile, ReadResult, Skipped, Unread

_BATCH_FILES, _BATCH_BYTES = 256, 4 << 20
_PENDING = ReadResult(())
_HOW_TO_ASK = "add --include with a pattern that matches it, or name it, to read it"


class FileReading:
    """Reads files in the order in which they were found.

    Args:
        loading: the limits of size.
        reader: reads foreign formats.
        check: is called for every file.
    """

    def __init__(self, loading: ContextSettings, reader: DocumentReader, check: Callable[[], None]) -> None:
        self._most = loading.max_file_mb << 20
        self._asked = spec_of(loading.include)
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
        except ContextError as error:
            return _failed(file, str(error), is_unread=True)
        if data and is_foreign(file.name, data):
            self._wait(place, file, RawFile(file.name, data))
            return None
        try:
            return self._without_secrets(file, read_document(file.name, data))
        except ContextError as error:
            is_unread = has_format(file.name, data)
            if is_lfs_pointer(data):
                is_unread = not has_binary_name(file.name)
            return _failed(file, str(error), is_unread=is_unread)

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
            if isinstance(result, Unread):
                self._results[place] = _failed(file, result.reason, is_unread=True)
            else:
                self._results[place] = self._without_secrets(file, result)

    def _without_secrets(self, file: FoundFile, read: ReadResult) -> ReadResult:
        """The documents that hold no secret, or that the user asked for: by name, or by a pattern to include."""
        if not read.documents or (file.named and not is_archive(file.name)):
            return read
        kept: list[Document] = []
        found: list[Skipped] = []
        for document in read.documents:
            reason = self._secret(file, document)
            if reason is None:
                kept.append(document)
            else:
                found.append(Skipped(name=document.name, reason=reason))
        return read if not found else ReadResult(tuple(kept), (*read.skipped, *found))

    def _secret(self, file: FoundFile, document: Document) -> str | None:
        """Why a document is not sent; ``None`` if it is."""
        is_member = file.named
        if is_member and not document.name.startswith(f"{file.name}/"):
            return None  # a compressed file, which the user named
        if self._asked is not None and (not is_member or self._asked.match_file(document.name)):
            return None  # a walk finds only files that match
        if is_member and is_secret_name(document.name):
            return f"may hold secrets; {_HOW_TO_ASK}"
        what = secret_in(document.text)
        return None if what is None else f"holds what looks like {what}; {_HOW_TO_ASK}"


def _failed(file: FoundFile, reason: str, *, is_unread: bool) -> ReadResult:
    if file.named:
        raise ContextError(f"{file.path!r} {reason}")
    return ReadResult((), (Skipped(name=file.name, reason=reason, is_unread=is_unread),))
