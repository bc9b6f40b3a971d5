"""Zip, tar and gzip: members one after another, from memory. Knows how archives attack; refuses to write anything or
to follow a member's name anywhere.

Limits, since an archive's size says nothing of what is in it: members, bytes in all, and bytes out for each byte in.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Protocol

from harlm.context.document_names import shown_name
from harlm.context.readers.reading import shown_error
from harlm.errors import ContextError
from harlm.types import Skipped

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".gz")

MAX_MEMBERS = 20_000
MAX_BYTES = 1 << 30
MAX_RATIO = 200
"""Bytes out for each byte in; text compresses 3 to 20 times, and 1000 times is DEFLATE's own limit."""

_FREE_BYTES = 10 << 20  # below this no ratio is looked at
_PIECE = 1 << 20


def members(name: str, data: bytes, skipped: list[Skipped]) -> Iterator[tuple[str, bytes]]:
    """Name and content of every regular member, named below the archive's name.

    Raises:
        ContextError: broken, or beyond a limit.
    """
    meter = SizeMeter(len(data), advice="unpack it yourself and name the folder")
    lower = name.lower()
    try:
        if lower.endswith(".zip"):
            yield from _zip_members(name, data, meter, skipped)
        elif lower.endswith(".gz") and not lower.endswith(".tar.gz"):
            with gzip.open(io.BytesIO(data)) as stream:
                yield name[: -len(".gz")], meter.read(stream)
        else:
            yield from _tar_members(name, data, meter, skipped)
    except ContextError:
        raise
    except Exception as error:  # the standard library raises anything at all for wrong bytes in an archive
        raise ContextError(
            f"is not an archive that can be read ({shown_error(error)}); unpack it yourself and name the folder"
        ) from error


def left_out(name: str, reason: str) -> Skipped:
    """A member that is not read."""
    return Skipped(name=name, reason=reason)


def _zip_members(
    name: str, data: bytes, meter: SizeMeter, skipped: list[Skipped]
) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            member = f"{name}/{_plain(info.filename)}"
            if info.flag_bits & 1:
                skipped.append(left_out(member, "encrypted"))
                continue
            with archive.open(info) as stream:
                yield member, meter.read(stream)


def _tar_members(
    name: str, data: bytes, meter: SizeMeter, skipped: list[Skipped]
) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r|*") as archive:
        for info in archive:
            member = f"{name}/{_plain(info.name)}"
            if not info.isfile():
                if not info.isdir():
                    skipped.append(left_out(member, "a link or device in an archive"))
                continue
            meter.allow(info.size)
            stream = archive.extractfile(info)
            assert stream is not None
            yield member, meter.read(stream)


def _plain(member: str) -> str:
    """A member's name without anything that could lead out of the archive. It is only ever shown."""
    parts = [part for part in PurePosixPath(member.replace("\\", "/")).parts if part not in ("/", "..", ".")]
    return shown_name("/".join(parts)) or "member"


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes:
        """Some bytes; none at the end."""
        ...


class SizeMeter:
    """Counts what comes out of one archive, and stops at a limit.

    Args:
        size: of the archive itself, in bytes.
        advice: what to do instead, for the message at a limit.
    """

    def __init__(self, size: int, *, advice: str) -> None:
        self._advice = advice
        self._allowed = min(MAX_BYTES, max(_FREE_BYTES, MAX_RATIO * size))
        self._bytes = 0
        self._members = 0

    def allow(self, size: int) -> None:
        """Refuse a member that says itself that it is too big."""
        if self._bytes + size > self._allowed:
            raise ContextError(
                f"unpacks to more than {self._allowed:,} bytes (the limit is {MAX_RATIO} times its size, at most "
                f"{MAX_BYTES:,}); {self._advice}"
            )

    def read(self, stream: _Readable) -> bytes:
        """All of one member."""
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise ContextError(f"holds more than {MAX_MEMBERS:,} files; {self._advice}")
        pieces = []
        while piece := stream.read(_PIECE):
            self.allow(len(piece))
            self._bytes += len(piece)
            pieces.append(piece)
        return b"".join(pieces)
