"""Zip and tar archives, and single files compressed as gzip, bzip2 or xz, read from memory one member after another.

An archive may be hostile: nothing is written to disk, and no member's name is used as a path. Since a small
archive can unpack to any size, there are limits on the number of members, on all bytes that it unpacks to,
and on the bytes out for each byte in.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Protocol, cast

from harlm.context.document_names import shown_name
from harlm.context.readers.member_names import member_names, tar_name
from harlm.context.readers.member_rules import LONGEST_RULES, MemberRules, is_rule_file
from harlm.context.readers.reading import shown_error
from harlm.errors import ContextError
from harlm.types import Skipped

if TYPE_CHECKING:
    from typing import Self

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".gz", ".bz2", ".xz")
_ALONE = {".gz": b"\x1f\x8b", ".bz2": b"BZh", ".xz": b"\xfd7zXZ\0"}
"""Suffixes of one compressed file, and how it begins."""

MAX_MEMBERS = 20_000
MAX_BYTES = 1 << 30
MAX_RATIO = 200
"""Bytes out for each byte in.

Text compresses 3 to 20 times; the limit of DEFLATE itself is about 1000 times.
"""

_FREE_BYTES = 10 << 20  # bytes out for which the ratio does not matter
_PIECE = 1 << 20
_LONGEST_NAME = 1000  # characters
_SPECIAL = "a link or device in an archive"
_UNIX = (3, 19)  # systems in the list of a zip: Unix, macOS
_ENTRY, _END_OF_LIST = b"PK\x01\x02", b"PK\x05\x06"


def members(name: str, data: bytes, skipped: list[Skipped]) -> Iterator[tuple[str, bytes]]:
    """The name and the content of every regular member that a walk of a folder would read.

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
        elif (begin := _ALONE.get(f".{lower.rpartition('.')[2]}")) and ".tar." not in lower[-8:]:
            if not data.startswith(begin):
                raise ValueError("its first bytes are not those of its kind")
            yield name.rpartition(".")[0], meter.read(_unpacked(data))
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
        files: list[tuple[str, zipfile.ZipInfo]] = []
        infos = archive.infolist()
        for info, shown in zip(infos, member_names(infos), strict=True):
            meter.count()
            if not info.is_dir():
                files.append((_plain(shown), info))
        texts = {
            member: _rules_in_zip(archive, info, meter) for member, info in files if is_rule_file(member)
        }
        rules = MemberRules(name, (member for member, _ in files), texts)
        for member, info in files:
            if (reason := rules.is_left_out(member)) is not None:
                if reason:
                    skipped.append(Skipped(name=f"{name}/{member}", reason=reason))
            elif (content := _content(archive, info, f"{name}/{member}", meter, skipped)) is not None:
                yield f"{name}/{member}", content
        skipped.extend(rules.left_out())


def _content(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, member: str, meter: SizeMeter, skipped: list[Skipped]
) -> bytes | None:
    """The content of a member of a zip; ``None`` if it is left out, which is reported."""
    if info.flag_bits & 1:
        skipped.append(Skipped(name=member, reason="encrypted", is_unread=True))
        return None
    if _is_special(info):
        skipped.append(Skipped(name=member, reason=_SPECIAL))
        return None
    try:
        with archive.open(info) as stream:
            return meter.read(stream)
    except (ContextError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - any kind of error, for a broken member
        reason = f"cannot be read ({shown_error(error)})"
        skipped.append(Skipped(name=member, reason=reason, is_unread=True))
        return None


def _is_special(info: zipfile.ZipInfo) -> bool:
    """Whether a member is a link or a device, as systems like Unix store them."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    return info.create_system in _UNIX and kind not in (0, stat.S_IFREG)


def _rules_in_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo, meter: SizeMeter) -> bytes:
    """The first bytes of an ignore file; none if it cannot be read, which is reported when it is read itself."""
    if _is_special(info):
        return b""
    try:
        with archive.open(info) as stream:
            data = stream.read(LONGEST_RULES + 1)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - as in ``_content``
        return b""
    meter.add(len(data))
    return data


def _tar_members(
    name: str, data: bytes, meter: SizeMeter, skipped: list[Skipped]
) -> Iterator[tuple[str, bytes]]:
    rules = _rules_in_tar(name, data, SizeMeter(len(data), advice=meter.advice))
    done = 0
    try:
        # The whole stream is metered: also headers, which can be as long as any member, and members without content.
        with _tar(data, meter) as archive:
            for info in archive:
                meter.count()
                archive.members = []  # type: ignore[attr-defined] # else it keeps every header
                member = _plain(tar_name(info.name))
                if info.isdir():
                    continue
                reason = rules.is_left_out(member)
                if reason is None and not info.isfile():
                    reason = _SPECIAL
                if reason is None:
                    stream = archive.extractfile(info)
                    assert stream is not None
                    content = stream.read()
                    done += 1
                    yield f"{name}/{member}", content
                elif reason:
                    skipped.append(Skipped(name=f"{name}/{member}", reason=reason))
    except (ContextError, MemoryError):
        raise
    except Exception as error:  # any kind of error, for an archive that is cut off or damaged
        if not done:
            raise
        reason = f"is damaged, and its members after the first {done:,} cannot be read ({shown_error(error)})"
        skipped.append(Skipped(name=name, reason=reason, is_unread=True))
    skipped.extend(rules.left_out())


def _rules_in_tar(name: str, data: bytes, meter: SizeMeter) -> MemberRules:
    """The rules of a tar, whose ignore files can stand after the members that they are about."""
    names: list[str] = []
    texts: dict[str, bytes] = {}
    try:
        with _tar(data, meter) as archive:
            for info in archive:
                meter.count()
                archive.members = []  # type: ignore[attr-defined] # as above
                member = _plain(tar_name(info.name))
                if (
                    info.isfile()
                    and is_rule_file(member)
                    and (stream := archive.extractfile(info)) is not None
                ):
                    texts[member] = stream.read(LONGEST_RULES + 1)
                names.append(member)
    except (ContextError, MemoryError):
        raise
    except Exception:  # noqa: BLE001, S110 - reported when the members are read
        pass
    return MemberRules(name, names, texts)


def _tar(data: bytes, meter: SizeMeter) -> tarfile.TarFile:
    stream = cast("IO[bytes]", _Metered(_unpacked(data), meter))
    return tarfile.open(fileobj=stream, mode="r|", tarinfo=_Header)


class _Header(tarfile.TarInfo):
    """A header of a tar. A wrong one is an error; for ``tarfile`` it is the end of the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """See ``tarfile.TarInfo.frombuf``."""
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.InvalidHeaderError as error:  # type: ignore[attr-defined] # typeshed leaves it out
            raise ValueError(str(error)) from error


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
