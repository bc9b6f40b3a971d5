"""The texts of a context in one nameless file, which a worker inherits and reads.

Each text is written once and read once, and neither side waits for the other. Over a socket they would take
turns.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO

from harlm.sandbox.process import frames
from harlm.types import Document, pieces


@contextmanager
def nameless_file() -> Iterator[int]:
    """A descriptor of an empty file without a name: in memory if the system supports that (Linux), else on
    disk.

    Raises:
        OSError: the file cannot be created.
    """
    if (descriptor := _in_memory()) is not None:
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    else:
        with tempfile.TemporaryFile() as file:
            yield file.fileno()


def _in_memory() -> int | None:
    """A descriptor of a file in memory; ``None`` if the system has no such files or does not allow them."""
    if not hasattr(os, "memfd_create"):
        return None
    try:
        return os.memfd_create("harlm-context", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
            raise  # a file on disk would need the same
        return None


def _seal(descriptor: int) -> None:
    """Make the file read-only for every process that has it open."""
    if sys.platform == "linux":
        seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
        with suppress(OSError):  # a file on disk cannot be sealed
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)


def write_texts(documents: Iterable[Document], descriptor: int) -> list[frames.TextExtent]:
    """Write all texts of ``documents`` one after another, and seal the file.

    Lone surrogates are kept. A huge text is written in pieces, so no second copy of it is made in memory.

    Returns:
        the name and the size in bytes of each text, in order.

    Raises:
        OSError: the file cannot be written, for example because memory or disk is full.
    """
    with open(descriptor, "wb", buffering=0, closefd=False) as file:
        texts = [
            frames.TextExtent(
                name=document.name,
                has_lines=document.marks is None,
                size=sum(_write(file, piece) for piece in pieces(document.text)),
                ascii=document.text.isascii(),
            )
            for document in documents
        ]
        _seal(file.fileno())
    return texts


def _write(file: FileIO, piece: str) -> int:
    data = memoryview(piece.encode("utf-8", "surrogatepass"))
    rest = data
    while rest:
        rest = rest[file.write(rest) :]
    return len(data)
