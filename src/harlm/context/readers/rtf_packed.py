"""The compressed RTF in which Outlook keeps the text of some messages (MS-OXRTFCP)."""

from __future__ import annotations

from harlm.errors import ContextError

_BEGIN = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""What stands before every text, so that short ones can refer to it."""

_HEADER = 16
_RING = 4096
_MOST = 64 << 20  # bytes of RTF


def unpacked(data: bytes) -> bytes:
    """The RTF.

    Raises:
        ContextError: it is damaged, or too long.
    """
    kind = data[8:12]
    size = int.from_bytes(data[4:8], "little")
    if kind == b"MELA":
        return data[_HEADER : _HEADER + size]
    if kind != b"LZFu":
        raise ContextError("its RTF is not compressed in a way that is known")
    out = bytearray(_BEGIN)
    at, end = _HEADER, len(data)
    while at < end:
        flags = data[at]
        at += 1
        for bit in range(8):
            if not flags >> bit & 1:
                out += data[at : at + 1]
                at += 1
            elif _copy(out, data[at : at + 2]):
                at += 2
            else:
                return bytes(out[len(_BEGIN) :])
        if len(out) > _MOST:
            raise ContextError(f"its RTF is longer than {_MOST >> 20} MB")
    return bytes(out[len(_BEGIN) :])


def _copy(out: bytearray, reference: bytes) -> bool:
    """Repeat what a reference to the last 4,096 bytes says; returns whether the text continues."""
    value = int.from_bytes(reference, "big")
    back = (len(out) - (value >> 4)) % _RING
    if len(reference) < 2 or back == 0:
        return False
    length = (value & 15) + 2
    if back > len(out):
        raise ContextError("its compressed RTF is damaged")
    start = len(out) - back
    piece = out[start : start + length]
    out += (piece * (length // back + 1))[:length]
    return True
