"""Zip, tar and gzip archives, read from memory one member after another.

An archive may be hostile: nothing is written to disk, and no member's name is used as a path. Since a small
archive can unpack to any size, there are limits on the number of members, on all bytes that it unpacks to,
and on the bytes out for each byte in.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, Protocol, cast

from harlm.context.document_names import shown_name
from harlm.context.readers.reading import shown_error
from harlm.errors import ContextError
from harlm.types import Skipped

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".gz")

MAX_MEMBERS = 20_000
MAX_BYTES = 1 << 30
MAX_RATIO = 200
"""Bytes out for each byte in.

Text compresses 3 to 20 times; the limit of DEFLATE itself is about 1000 times.
"""

_FREE_BYTES = 10 << 20  # bytes out for which the ratio does not matter
_PIECE = 1 << 20
_LONGEST_NAME = 1000  # characters
_ENTRY, _END_OF_LIST = b"PK\x01\x02", b"PK\x05\x06"


def members(name: str, data: bytes, skipped: list[Skipped]) -> Iterator[tuple[str, bytes]]:
    """The name and the content of every regular member.

    Args:
        name: the name of the archive, which is the prefix of its members' names.
        data: the contents of the archive.
        skipped: members that are left out are added to it.

    Raises:
        ContextError: the archive is broken, or exceeds a limit.
    """
    meter = SizeMeter(len(data), advice="unpack it yourself and name the folder")
    lower = name.lower()
    try:
        if lower.endswith(".zip"):
            yield from _zip_members(name, data, meter, skipped)
        elif lower.endswith(".gz") and not lower.endswith(".tar.gz"):
            yield name[: -len(".gz")], meter.read(gzip.GzipFile(fileobj=io.BytesIO(data)))
        else:
            yield from _tar_members(name, data, meter, skipped)
    except (ContextError, MemoryError):
        raise
    except Exception as error:  # the standard library raises any kind of error for a broken archive
        raise ContextError(
            f"is not an archive that can be read ({shown_error(error)}); "
            "unpack it yourself and name the folder"
        ) from error


def refuse_many_entries(data: bytes, advice: str) -> None:
    """Refuse a zip with too many members before its list of members is read, which takes memory for each.

    Raises:
        ContextError: it has too many.
    """
    end = data.rfind(_END_OF_LIST)
    size = int.from_bytes(data[end + 12 : end + 16], "little") if end >= 0 else 0
    start = 0 if size == 0xFFFFFFFF else max(0, end - size)
    if data.count(_ENTRY, start, max(end, 0)) > MAX_MEMBERS:
        raise _too_many(advice)


def _zip_members(
    name: str, data: bytes, meter: SizeMeter, skipped: list[Skipped]
) -> Iterator[tuple[str, bytes]]:
    refuse_many_entries(data, meter.advice)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            meter.count()
            if info.is_dir():
                continue
            member = f"{name}/{_plain(info.filename)}"
            if info.flag_bits & 1:
                skipped.append(Skipped(name=member, reason="encrypted", is_unread=True))
                continue
            with archive.open(info) as stream:
                yield member, meter.read(stream)


def _tar_members(
    name: str, data: bytes, meter: SizeMeter, skipped: list[Skipped]
) -> Iterator[tuple[str, bytes]]:
    # The whole stream is metered: also headers, which can be as long as any member, and members without content.
    with tarfile.open(fileobj=cast("IO[bytes]", _Metered(_unpacked(data), meter)), mode="r|") as archive:
        for info in archive:
            meter.count()
            archive.members = []  # type: ignore[attr-defined] # else it keeps every header
            member = f"{name}/{_plain(info.name)}"
            if not info.isfile():
                if not info.isdir():
                    skipped.append(Skipped(name=member, reason="a link or device in an archive"))
                continue
            stream = archive.extractfile(info)
            assert stream is not None
            yield member, stream.read()


def _unpacked(data: bytes) -> IO[bytes]:
    """The bytes as they were before compression, as a stream."""
    packed = io.BytesIO(data)
    if data.startswith(b"\x1f\x8b"):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=packed))
    if data.startswith(b"BZh"):
        return cast("IO[bytes]", bz2.BZ2File(packed))
    if data.startswith(b"\xfd7zXZ\0"):
        return cast("IO[bytes]", lzma.LZMAFile(packed))
    return packed


class _Metered:
    """A stream whose bytes are counted as they are read."""

    def __init__(self, stream: IO[bytes], meter: SizeMeter) -> None:
        self._stream = stream
        self._meter = meter

    def read(self, size: int) -> bytes:
        """See ``io.RawIOBase.read``."""
        piece = self._stream.read(min(size, _PIECE))
        self._meter.add(len(piece))
        return piece


def _plain(member: str) -> str:
    """A member's name without parts that lead out of the archive. It is only shown, never opened."""
    parts = [part for part in PurePosixPath(member.replace("\\", "/")).parts if part not in ("/", "..", ".")]
    return shown_name("/".join(parts))[:_LONGEST_NAME] or "member"


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes:
        """Some bytes; an empty result at the end."""
        ...


class SizeMeter:
    """Counts the bytes and members that one archive unpacks to, and stops at a limit.

    Attributes:
        advice: the advice for the user, in the message of an exceeded limit.

    Args:
        size: the size of the archive itself, in bytes.
        advice: see the attribute.
    """

    def __init__(self, size: int, *, advice: str) -> None:
        self.advice = advice
        self._allowed = min(MAX_BYTES, max(_FREE_BYTES, MAX_RATIO * size))
        self._bytes = 0
        self._members = 0

    def allow(self, size: int) -> None:
        """Check that ``size`` more bytes are within the limit.

        Raises:
            ContextError: they are not.
        """
        if self._bytes + size > self._allowed:
            raise ContextError(
                f"unpacks to more than {self._allowed:,} bytes (the limit is {MAX_RATIO} times its size, "
                f"at most {MAX_BYTES:,}); {self.advice}"
            )

    def add(self, size: int) -> None:
        """Count ``size`` bytes.

        Raises:
            ContextError: there are too many.
        """
        self.allow(size)
        self._bytes += size

    def count(self) -> None:
        """Count one member of any kind.

        Raises:
            ContextError: there are too many.
        """
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise _too_many(self.advice)

    def read(self, stream: _Readable) -> bytes:
        """The whole content of one member.

        Raises:
            ContextError: there are too many bytes.
        """
        pieces = []
        while piece := stream.read(_PIECE):
            self.add(len(piece))
            pieces.append(piece)
        return b"".join(pieces)


def _too_many(advice: str) -> ContextError:
    return ContextError(f"contains more than {MAX_MEMBERS:,} files; {advice}")
