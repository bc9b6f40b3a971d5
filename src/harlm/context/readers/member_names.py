"""The names of members of a zip or tar. A zip says whether a name is UTF-8; all others are in an encoding that it does
not name, which is chosen by the letters of all names together.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from zipfile import ZipInfo

from harlm.patterns import lazy_pattern

_IS_UTF8 = 0x800
_UNICODE_PATH = 0x7075  # an extra field with the name in UTF-8
_SAMPLE = 1 << 14  # bytes of names by which an encoding is judged

_CYRILLIC = lazy_pattern(rb"[\x80-\xaf\xe0-\xf1]{3,}")
_HANZI = lazy_pattern(rb"(?:[\xb0-\xf7][\xa1-\xfe])+")
_KANA = lazy_pattern(rb"\x82[\x9f-\xf1]|\x83[\x40-\x96]|\x81[\x5b\x45]")
_KANJI = lazy_pattern(rb"(?:[\x88-\x9f\xe0-\xea][\x40-\x7e\x80-\xfc]){2,}")
_HIGH = lazy_pattern(rb"[\x80-\xff]+")
_DOS_LETTERS = bytes([*range(0x80, 0x9B), *range(0xA0, 0xA6)])
_WINDOWS_LETTERS = bytes(byte for byte in range(0xC0, 0x100) if byte not in (0xD7, 0xE1, 0xF7))


def member_names(members: Sequence[ZipInfo]) -> list[str]:
    """The names of all members, in their order, as the program that made the zip meant them."""
    raw = [None if member.flag_bits & _IS_UTF8 else _raw(member) for member in members]
    sample = b"\n".join(name for name in raw if name is not None and not _is_utf8(name))[:_SAMPLE]
    encoding = encoding_of(sample) if sample else "utf-8"
    names: list[str] = []
    for member, name in zip(members, raw, strict=True):
        if name is None:
            names.append(member.filename)
        elif (said := _unicode_path(member.extra, name)) is not None:
            names.append(said)
        else:
            names.append(name.decode("utf-8" if _is_utf8(name) else encoding, "replace"))
    return names


def tar_name(name: str) -> str:
    """A member's name as ``tarfile`` gives it, with bytes that are not UTF-8 read by their letters."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raw = name.encode("utf-8", "surrogateescape")
        return raw.decode(encoding_of(raw), "replace")
    return name


def encoding_of(names: bytes) -> str:
    """The encoding of names that are not UTF-8: cp437 unless their letters speak for another.

    Args:
        names: the names, with a line end between them.
    """
    kana = len(_KANA.findall(names))
    if kana >= 2 and _HIGH.search(_KANA.sub(b"", names)) is None:
        return "cp932"
    high = _HIGH.findall(names)
    if any(_CYRILLIC.search(run) for run in high) and all(map(_is_cyrillic, high)):
        return "cp866"
    if all(_HANZI.fullmatch(run) for run in high) and max(map(len, high), default=0) >= 4:
        return "gb18030" if _decodes(names, "gb18030") else "cp437"
    if (kana >= 2 or _KANJI.search(names)) and _decodes(names, "cp932"):
        return "cp932"
    dos = len(names) - len(names.translate(None, _DOS_LETTERS))
    windows = len(names) - len(names.translate(None, _WINDOWS_LETTERS))
    return "cp1252" if windows > dos and _decodes(names, "cp1252") else "cp437"


def _is_cyrillic(run: bytes) -> bool:
    """Whether a run of bytes is a word in cp866: capitals only at its beginning, or throughout."""
    if _CYRILLIC.fullmatch(run + b"\xe0\xe0") is None:
        return False
    capitals = sum(byte < 0xA0 for byte in run)
    return capitals in (0, len(run)) or (capitals == 1 and run[0] < 0xA0)


def _raw(member: ZipInfo) -> bytes:
    """The bytes of a name, which ``zipfile`` has decoded as cp437."""
    return member.orig_filename.encode("cp437", "replace")


def _is_utf8(name: bytes) -> bool:
    return _decodes(name, "utf-8")


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _unicode_path(extra: bytes, name: bytes) -> str | None:
    """The name in the field that Info-ZIP adds, if it belongs to this name."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = (
            int.from_bytes(extra[at : at + 2], "little"),
            int.from_bytes(extra[at + 2 : at + 4], "little"),
        )
        field = extra[at + 4 : at + 4 + size]
        if kind == _UNICODE_PATH and field[:1] == b"\1":
            if int.from_bytes(field[1:5], "little") == zlib.crc32(name) and _is_utf8(field[5:]):
                return field[5:].decode("utf-8")
            return None
        at += 4 + size
    return None
