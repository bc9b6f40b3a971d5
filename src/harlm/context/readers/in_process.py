"""Reads files in this process, without limits: for tests, and for systems on which no process can be confined."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harlm.context.readers import read_file
from harlm.context.readers.brought import brought_readers
from harlm.errors import ContextError
from harlm.types import RawFile, ReadResult, Unread


class InProcessReader:
    """A ``DocumentReader`` that protects from nothing but broken files."""

    def prepare(self, file: RawFile) -> None:
        """See ``DocumentReader.prepare``."""

    def read(self, files: Sequence[RawFile], check: Callable[[], None]) -> Sequence[ReadResult | Unread]:
        """See ``DocumentReader.read``."""
        results: list[ReadResult | Unread] = []
        for file in files:
            check()
            try:
                results.append(read_file(file.name, file.data, brought_readers()))
            except ContextError as error:
                results.append(Unread(str(error)))
        return results

    def close(self) -> None:
        """See ``DocumentReader.close``."""
