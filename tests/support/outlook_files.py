"""Writes Outlook messages: the properties of a message, its recipients and what is attached, in an OLE2 file."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from tests.support.ole2 import Tree, ole2

Value: TypeAlias = "str | bytes | int | datetime | Raw | Tree"

FROM_NAME, FROM_ADDRESS, SUBJECT, SENT, BODY, PAGE, RTF = 0x42, 0x65, 0x37, 0x39, 0x1000, 0x1013, 0x1009
FILE, FILE_NAME, FILE_TYPE, METHOD, HEADERS = 0x3701, 0x3707, 0x370E, 0x3705, 0x7D
CODE_PAGE, CODE_PAGE_OF_BODY = 0x3FFD, 0x3FDE
TO, CC = 1, 2


class Raw(bytes):
    """The bytes of a text that is not Unicode."""


def folder(properties: Mapping[int, Value], *, header: int = 8) -> dict[str, bytes | Tree]:
    """The streams of a message, a recipient or an attachment.

    Args:
        properties: the values by their numbers.
        header: the bytes before the properties: 32 for a message, 24 for one inside.
    """
    table = bytes(header)
    made: dict[str, bytes | Tree] = {}
    for number, value in properties.items():
        kind, short = 0x102, b""
        if isinstance(value, int):
            kind, short = 3, struct.pack("<Q", value)
        elif isinstance(value, datetime):
            moment = (value - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10
            kind, short = 0x40, struct.pack("<Q", moment)
        elif isinstance(value, str):
            kind, made[f"__substg1.0_{number:04X}001F"] = 0x1F, value.encode("utf-16-le")
        elif isinstance(value, Raw):
            kind, made[f"__substg1.0_{number:04X}001E"] = 0x1E, bytes(value)
        elif isinstance(value, bytes):
            made[f"__substg1.0_{number:04X}0102"] = value
        else:
            kind, made[f"__substg1.0_{number:04X}000D"] = 0x0D, value
        table += struct.pack("<HHI8s", kind, number, 6, short)
    made["__properties_version1.0"] = table
    return made


def message(
    properties: Mapping[int, Value],
    recipients: Sequence[tuple[int, str, str]] = (),
    attached: Sequence[Mapping[int, Value]] = (),
    *,
    header: int = 32,
) -> dict[str, bytes | Tree]:
    """The streams of a message.

    Args:
        properties: its values by their numbers.
        recipients: the kind, the name and the address of each.
        attached: the values of each attachment.
        header: see ``folder``.
    """
    made = folder(properties, header=header)
    for number, (kind, name, address) in enumerate(recipients):
        made[f"__recip_version1.0_#{number:08X}"] = folder({0x0C15: kind, 0x3001: name, 0x39FE: address})
    for number, each in enumerate(attached):
        made[f"__attach_version1.0_#{number:08X}"] = folder(each)
    return made


def inner(
    properties: Mapping[int, Value], attached: Sequence[Mapping[int, Value]] = ()
) -> Mapping[int, Value]:
    """An attachment that is a message."""
    return {METHOD: 5, FILE: message(properties, attached=attached, header=24)}


def msg(
    properties: Mapping[int, Value],
    recipients: Sequence[tuple[int, str, str]] = (),
    attached: Sequence[Mapping[int, Value]] = (),
) -> bytes:
    """The file of a message; see ``message``."""
    return ole2(message(properties, recipients, attached))


def packed_rtf(rtf: bytes) -> bytes:
    """Compressed RTF, with letters alone."""
    out = bytearray()
    whole = len(rtf) - len(rtf) % 8
    for at in range(0, whole, 8):
        out += b"\0" + rtf[at : at + 8]
    end = struct.pack(">H", ((207 + len(rtf)) % 4096) << 4)
    out += bytes((1 << len(rtf) % 8,)) + rtf[whole:] + end
    return struct.pack("<II4sI", len(out) + 12, len(rtf), b"LZFu", 0) + bytes(out)
