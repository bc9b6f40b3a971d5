"""The texts of a context in one nameless file, which a worker inherits and reads. Knows UTF-8 and file descriptors; refuses
to know what a document is for.

One write and one read for each text, without either side waiting for the other: a socket would have them take turns.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import FileIO

from harlm.sandbox import wire
from harlm.types import Document, pieces


@contextmanager
def nameless_file() -> Iterator[int]:
    """A descriptor of an empty file that has no name: in memory where the system has such (Linux), else on disk.

    Raises:
        OSError: it cannot be made.
    """
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("harlm-context")
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    else:
        with tempfile.TemporaryFile() as file:
            yield file.fileno()


def write_texts(documents: Iterable[Document], descriptor: int) -> list[wire.Text]:
    """Write all texts of ``documents`` one after another, close the descriptor, and say how long each text is.

    Lone surrogates are kept. A huge text is written in pieces, so that no second copy of it is made.

    Raises:
        OSError: the file cannot be written, such as for want of memory.
    """
    with open(descriptor, "wb", buffering=0) as file:
        return [
            wire.Text(
                name=document.name,
                has_lines=document.marks is None,
                size=sum(_write(file, piece) for piece in pieces(document.text)),
                ascii=document.text.isascii(),
            )
            for document in documents
        ]


def _write(file: FileIO, piece: str) -> int:
    data = memoryview(piece.encode("utf-8", "surrogatepass"))
    rest = data
    while rest:
        rest = rest[file.write(rest) :]
    return len(data)
