"""MessagePack for the values in frames, in plain Python
(https://github.com/msgpack/msgpack/blob/master/spec.md). Does not handle extension types.

The host uses msgspec's codec. This one exists because the guest has only the standard library.
"""

from __future__ import annotations

import struct

_LARGEST = 1 << 32  # bytes or items: sizes have at most 32 bits


def pack(value: object) -> bytes:
    """``value`` as MessagePack.

    Raises:
        TypeError: a value is not None, bool, int, float, str, bytes, list, tuple or dict.
        OverflowError: an integer has more than 64 bits, or a value more than 4 GiB.
    """
    out: list[bytes] = []
    _pack(value, out)
    return b"".join(out)


def _pack(value: object, out: list[bytes]) -> None:
    if value is None:
        out.append(b"\xc0")
    elif value is True:
        out.append(b"\xc3")
    elif value is False:
        out.append(b"\xc2")
    elif isinstance(value, int):
        out.append(_pack_int(value))
    elif isinstance(value, float):
        out.append(struct.pack(">Bd", 0xCB, value))
    elif isinstance(value, str):
        data = _utf8(value)
        out.append(_head(len(data), 0xA0, 32, 0xD9, 0xDA, 0xDB))
        out.append(data)
    elif isinstance(value, bytes):
        out.append(_head(len(value), None, 0, 0xC4, 0xC5, 0xC6))
        out.append(value)
    elif isinstance(value, list | tuple):
        out.append(_head(len(value), 0x90, 16, None, 0xDC, 0xDD))
        for item in value:
            _pack(item, out)
    elif isinstance(value, dict):
        out.append(_head(len(value), 0x80, 16, None, 0xDE, 0xDF))
        for key, item in value.items():
            _pack(key, out)
            _pack(item, out)
    else:
        raise TypeError(f"{type(value).__name__} cannot be sent to the host")


def _utf8(text: str) -> bytes:
    """UTF-8, with U+FFFD in place of half surrogates, which UTF-8 cannot encode."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode("utf-8")


def _pack_int(value: int) -> bytes:
    if 0 <= value < 128:
        return struct.pack("B", value)
    if -32 <= value < 0:
        return struct.pack("b", value)
    if -(1 << 63) <= value < 1 << 63:
        return struct.pack(">Bq", 0xD3, value)
    if 0 <= value < 1 << 64:
        return struct.pack(">BQ", 0xCF, value)
    raise OverflowError("an integer beyond 64 bits cannot be sent to the host")


def _head(size: int, fix: int | None, below: int, one: int | None, two: int, four: int) -> bytes:
    if fix is not None and size < below:
        return struct.pack("B", fix | size)
    if one is not None and size < 1 << 8:
        return struct.pack("BB", one, size)
    if size < 1 << 16:
        return struct.pack(">BH", two, size)
    if size < _LARGEST:
        return struct.pack(">BI", four, size)
    raise OverflowError("a value beyond 4 GiB cannot be sent to the host")


def unpack(data: bytes) -> object:
    """The value that ``data`` holds. Does not check ``data``, because it comes from the host, which is
    trusted.
    """
    value, _ = _unpack(memoryview(data), 0)
    return value


_FIXED = {0xC0: None, 0xC2: False, 0xC3: True}
_NUMBERS = {
    0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip
_SIZES = {
    0xC4: (">B", "bytes"), 0xC5: (">H", "bytes"), 0xC6: (">I", "bytes"),
    0xD9: (">B", "str"), 0xDA: (">H", "str"), 0xDB: (">I", "str"),
    0xDC: (">H", "list"), 0xDD: (">I", "list"), 0xDE: (">H", "dict"), 0xDF: (">I", "dict"),
}  # fmt: skip


def _unpack(data: memoryview, at: int) -> tuple[object, int]:
    head = data[at]
    at += 1
    if head < 0x80:
        return head, at
    if head >= 0xE0:
        return head - 256, at
    if head < 0x90:
        return _container(data, at, head & 15, "dict")
    if head < 0xA0:
        return _container(data, at, head & 15, "list")
    if head < 0xC0:
        return _container(data, at, head & 31, "str")
    if head in _FIXED:
        return _FIXED[head], at
    if form := _NUMBERS.get(head):
        return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)
    form, kind = _SIZES[head]
    size = struct.unpack_from(form, data, at)[0]
    return _container(data, at + struct.calcsize(form), size, kind)


def _container(data: memoryview, at: int, size: int, kind: str) -> tuple[object, int]:
    if kind == "str":
        return str(data[at : at + size], "utf-8"), at + size
    if kind == "bytes":
        return bytes(data[at : at + size]), at + size
    items: list[object] = []
    for _ in range(size if kind == "list" else 2 * size):
        item, at = _unpack(data, at)
        items.append(item)
    return (items if kind == "list" else dict(zip(items[::2], items[1::2], strict=True))), at
