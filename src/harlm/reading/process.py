"""The process that reads files in foreign formats. Its zygote has confined it before the first byte of a file is
looked at.

It writes to one socket and can do nothing else. The host counts what it sends, and ends it when a file passes a
limit.
"""

from __future__ import annotations

import math
import os
import resource
import socket
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

from harlm.context.readers import read_file
from harlm.context.readers.brought import from_wire
from harlm.errors import ContextError
from harlm.reading.frames import (
    PIECE,
    DocumentHead,
    FileEnd,
    Frame,
    LeftOutPart,
    PartsPiece,
    TextPiece,
    UnreadFile,
    with_length,
)
from harlm.types import Document, Marks, ReadResult

OUT_OF_MEMORY = "out of memory"
"""The reason that stands for the limit of memory, which the host puts into words."""

_LONGEST_REASON = 1024
_LABELS = 1 << 11  # of at most 200 characters in one frame
_AT_ONCE = 1 << 18  # bytes that are sent together


def prepare(parsers: Sequence[str]) -> None:
    """Import the parsers, before the process is confined or forked."""
    for parser in parsers:
        with suppress(Exception, SystemExit):  # reported for the file that needs it
            import_module(parser)


def serve(batch: dict[str, Any], wire: int, files: int) -> None:
    """Read the files of a batch and send what they hold; ends after a file that needed too much memory.

    Args:
        batch: ``files``, a name and a size for each; ``cpu_seconds`` for all; ``brought``, the readers of other packages.
        wire: the socket to the host.
        files: the file that holds their bytes, one after another.
    """
    seconds = math.ceil(batch["cpu_seconds"]) + 1
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))  # should the host have been killed
    at, brought = 0, from_wire(batch.get("brought", []))
    with socket.socket(fileno=wire) as host:
        for name, size in batch["files"]:
            try:
                _send(host, _frames_of(read_file(name, _exactly(files, at, size), brought)))
            except ContextError as error:
                host.sendall(with_length([UnreadFile(str(error)[:_LONGEST_REASON])]))
            except MemoryError:
                host.sendall(with_length([UnreadFile(OUT_OF_MEMORY)]))
                return
            at += size


def _exactly(file: int, at: int, size: int) -> bytes:
    data = os.pread(file, size, at)
    if len(data) == size:
        return data
    pieces = [data]
    while (got := sum(map(len, pieces))) < size and (piece := os.pread(file, size - got, at + got)):
        pieces.append(piece)
    return b"".join(pieces)


def _send(host: socket.socket, frames: Iterator[Frame]) -> None:
    """Send frames, many small ones in one call."""
    waiting = bytearray()
    for frame in frames:
        waiting += with_length([frame])
        if len(waiting) > _AT_ONCE:
            host.sendall(waiting)
            waiting.clear()
    host.sendall(waiting)


def _frames_of(reading: ReadResult) -> Iterator[Frame]:
    for document in reading.documents:
        yield from _document_frames(document)
    for skipped in reading.skipped:
        yield LeftOutPart(skipped.name, skipped.reason[:_LONGEST_REASON], skipped.is_unread)
    yield FileEnd()


def _document_frames(document: Document) -> Iterator[Frame]:
    marks = document.marks
    yield DocumentHead(
        document.name,
        document.kind,
        None if marks is None else marks.unit,
        marks is not None and marks.own_lines,
    )
    for start in range(0, len(document.text), PIECE):
        yield TextPiece(document.text[start : start + PIECE])
    if marks is not None:
        yield from _part_frames(marks)


def _part_frames(marks: Marks) -> Iterator[Frame]:
    step = _LABELS if marks.labels else PIECE
    for start in range(0, len(marks.starts), step):
        yield PartsPiece(
            array("Q", marks.starts[start : start + step]).tobytes(),
            array("Q", marks.numbers[start : start + step]).tobytes(),
            list(marks.labels[start : start + step]),
        )
