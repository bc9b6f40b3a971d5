"""The frames that the host and a worker exchange, as checked values. A frame is a MessagePack map with an
``op``.

Everything in a worker's frame may have been chosen by a model. A frame of an unknown kind or of the wrong
shape is therefore a violation of the protocol, and nothing is ever unpickled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from harlm.errors import SandboxFailure


class WireFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="op"):
    """The base of all frames: their kind is encoded as ``op``."""


class TextExtent(msgspec.Struct, frozen=True, kw_only=True):
    """One text of a context.

    Attributes:
        name: the document's name.
        has_lines: whether places in it are line numbers.
        size: bytes of UTF-8 in the file that holds it.
        ascii: whether it is ASCII only.
        shared: its number among the texts of the run if it is one of them, and then it is in no file; else
            ``None``.
    """

    name: str
    has_lines: bool
    size: int
    ascii: bool
    shared: int | None = None


class Setup(WireFrame, frozen=True, kw_only=True, tag="setup"):
    """Host: sets the worker up. Sent once, as the first frame.

    Attributes:
        texts: the texts of the context; ``None`` stands for all texts of the run.
        functions: names of the host functions that cells may call.
        shape: ``text`` for a context that is one string, ``documents`` for a list.
        seed: for ``random``; ``None`` for a random seed.
        head, tail: characters of a cell's output that are kept from its start and from its end.
        largest_frame: bytes that one frame of the worker may have.
        folder: on tier ``s0`` the path of the folder in which cells may write; on other tiers ``None``, since
            the zygote makes the folder.
    """

    texts: Sequence[TextExtent] | None
    functions: Sequence[str]
    shape: str
    seed: int | None
    head: int
    tail: int
    largest_frame: int
    folder: str | None


class Ready(WireFrame, frozen=True, kw_only=True, tag="ready"):
    """Worker: the context is loaded, and the worker can run cells."""


class Given(WireFrame, frozen=True, kw_only=True, tag="given"):
    """Host: carries descriptors for the order in the next frame. It is small, so it is never sent in two
    pieces.
    """


class Execute(WireFrame, frozen=True, kw_only=True, tag="execute"):
    """Host: run a cell.

    Attributes:
        cell: a fresh random name, which the worker's ``Done`` repeats.
        code: the source of the cell.
        ahead: how far a scout may run ahead of the cell, ``safe`` or ``eager``; empty for no scout. The
            scout's socket and output pipe were sent before (``Given``).
    """

    cell: str
    code: str
    ahead: str = ""


class StartScout(WireFrame, frozen=True, kw_only=True, tag="scout"):
    """Host: start a scout for the next cell, which is still being written. Its socket and pipe were sent
    before (``Given``).
    """

    ahead: str


class Follow(WireFrame, frozen=True, kw_only=True, tag="follow"):
    """Host, to a fresh worker: be the scout of a cell in another worker that cannot fork, using the copies
    that it sent.
    """

    copies: bytes
    ahead: str


class More(WireFrame, frozen=True, kw_only=True, tag="more"):
    """Host, to a scout: the whole statements of the cell that are known so far, and whether the cell is
    complete.
    """

    code: str
    all: bool


class Fork(WireFrame, frozen=True, kw_only=True, tag="fork"):
    """Host: fork this process. The fork gets the two descriptors that come with the frame.

    Attributes:
        seed: for ``random`` in the fork.
        folder: the name of the fork's own work folder.
        may_write: whether cells of the fork may change files.
    """

    seed: int
    folder: str
    may_write: bool


class Forked(WireFrame, frozen=True, kw_only=True, tag="forked"):
    """Worker: the fork exists."""


class Unforked(WireFrame, frozen=True, kw_only=True, tag="unforked"):
    """Worker: it cannot fork."""

    why: str


class Copies(WireFrame, frozen=True, kw_only=True, tag="copies"):
    """Worker: its cell could have a scout, but the process cannot fork.

    Attributes:
        data: what another worker needs to be that scout. The host passes it on without reading it.
    """

    data: Annotated[bytes, Meta(max_length=8 << 20)]  # ``guest.worker.snapshot`` sends no more


class Alive(WireFrame, frozen=True, kw_only=True, tag="alive"):
    """Worker: the running cell has printed something."""


class Reply(WireFrame, frozen=True, kw_only=True, tag="reply"):
    """Host: the result of a call."""

    id: int
    value: object


class Refuse(WireFrame, frozen=True, kw_only=True, tag="refuse"):
    """Host: a call failed; the message is raised in the cell."""

    id: int
    message: str


_Short = Annotated[str, Meta(max_length=200)]


class CallFrame(WireFrame, frozen=True, kw_only=True, tag="call"):
    """Worker: a cell calls a host function.

    Attributes:
        id: the call's number, unique among the open calls of the worker.
        function: the name of the host function.
        arguments: its arguments by name.
        needs: for a call of a scout, the ids of its earlier calls whose results the arguments depend on.
        certain: for a call of a scout, whether it is made whatever the open calls return.
    """

    id: int
    function: str
    arguments: Mapping[str, object]
    needs: Sequence[int] = ()
    certain: bool = True


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """The final value of a cell, wrapped so that a final ``None`` differs from no final value."""

    value: object


_Kept = Annotated[str, Meta(max_length=100_000)]


class Done(WireFrame, frozen=True, kw_only=True, tag="done"):
    """Worker: the cell has ended.

    Attributes:
        cell: the name from its ``Execute``.
        head, tail: the start of its output, and the end of it if not all was kept.
        chars: characters that it printed in all.
        error: the traceback; ``None`` if it ended normally.
        final: the value that it finished the task with; ``None`` if it did not.
        names: new or changed variables, each with a short description.
        wall_s: seconds that it took.
    """

    cell: str
    head: str
    tail: str
    chars: int
    error: str | None
    final: Value | None
    names: Sequence[tuple[str, str]]
    wall_s: float


class _RawCall(WireFrame, frozen=True, kw_only=True, tag="call"):
    id: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
    function: _Short
    arguments: Annotated[Mapping[_Short, msgspec.Raw], Meta(max_length=16)]
    needs: Annotated[Sequence[int], Meta(max_length=1024)] = ()
    certain: bool = True


class _RawValue(msgspec.Struct, frozen=True, kw_only=True):
    value: msgspec.Raw


class _RawDone(WireFrame, frozen=True, kw_only=True, tag="done"):
    cell: str
    head: _Kept
    tail: _Kept
    chars: Annotated[int, Meta(ge=0, lt=1 << 50)]
    error: _Kept | None
    final: _RawValue | None
    names: Annotated[Sequence[tuple[_Short, _Short]], Meta(max_length=64)]
    wall_s: float


News = Ready | CallFrame | Done | Forked | Unforked | Copies | Alive
"""The frames that a worker may send."""

_DEEPEST = 32
_SIMPLE = (str, int, float, bool, type(None))
_UNCOUNTED = 1 << 18  # bytes; a smaller value cannot hold too many parts
_MOST_PARTS = 1_000_000

encode = msgspec.msgpack.Encoder().encode
"""The bytes of one frame, without its length."""


def _no_extensions(code: int, data: memoryview) -> object:
    raise ValueError(f"extension type {code}")


_RawNews = Ready | _RawCall | _RawDone | Forked | Unforked | Copies | Alive
_decoder: msgspec.msgpack.Decoder[_RawNews] = msgspec.msgpack.Decoder(_RawNews)
_value_decoder: msgspec.msgpack.Decoder[object] = msgspec.msgpack.Decoder(object, ext_hook=_no_extensions)


def decode(data: bytes | bytearray | memoryview) -> News:
    """The frame of a worker, checked.

    Args:
        data: the bytes of one frame, without its length.

    Raises:
        SandboxFailure: the frame breaks the protocol.
    """
    try:
        frame = _decoder.decode(data)
        if isinstance(frame, _RawCall):
            arguments = {name: _plain(raw) for name, raw in frame.arguments.items()}
            return CallFrame(
                id=frame.id, function=frame.function, arguments=arguments, needs=tuple(frame.needs), certain=frame.certain
            )  # fmt: skip
        if isinstance(frame, _RawDone):
            final = None if frame.final is None else Value(value=_plain(frame.final.value))
            return Done(
                cell=frame.cell, head=frame.head, tail=frame.tail, chars=frame.chars, error=frame.error, final=final,
                names=frame.names, wall_s=frame.wall_s,
            )  # fmt: skip
    # A ValueError is from msgspec, from text that is not UTF-8, or from extension types.
    except (ValueError, RecursionError) as error:
        raise SandboxFailure(
            f"a cell made its worker send a frame that breaks the protocol: {error}"
        ) from error
    return frame


def _plain(raw: msgspec.Raw) -> object:
    """The decoded value, if JSON can represent it.

    Raises:
        ValueError: JSON cannot represent it, or it is nested too deep or has too many parts.
    """
    data = memoryview(raw)
    if len(data) > _UNCOUNTED and _parts(data, _MOST_PARTS) > _MOST_PARTS:
        raise ValueError(f"a value of more than {_MOST_PARTS:,} parts")
    value = _value_decoder.decode(data)
    _check(value)
    return value


def _parts(data: memoryview, most: int) -> int:
    """The number of values in MessagePack data, counted up to ``most`` + 1. It bounds the memory that
    decoding takes: an empty map is one byte on the wire and 64 in memory.
    """
    at = count = 0
    end = len(data)
    while at < end and count <= most:
        head = data[at]
        count += 1
        at += 1
        if head <= 0x7F or head >= 0xE0 or head in (0xC0, 0xC2, 0xC3) or 0x80 <= head <= 0x9F:
            continue  # the next byte begins another value
        if 0xA0 <= head <= 0xBF:
            at += head & 0x1F
        elif head in _LENGTH_BYTES:
            width = _LENGTH_BYTES[head]
            at += width + (0 if head >= 0xDC else int.from_bytes(data[at : at + width], "big"))
        else:
            at += _WIDTHS.get(head, 0)
    return count


_LENGTH_BYTES = {
    0xC4: 1, 0xC5: 2, 0xC6: 4, 0xC7: 2, 0xC8: 3, 0xC9: 5, 0xD9: 1, 0xDA: 2, 0xDB: 4,
    0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4,
}  # fmt: skip
_WIDTHS = {0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}


def _check(whole: object) -> None:
    level: list[object] = [whole]
    for _ in range(_DEEPEST):
        below: list[object] = []
        for value in level:
            if isinstance(value, dict):
                if not all(isinstance(key, str) for key in value):
                    raise ValueError("a key that is not text")
                below += value.values()
            elif isinstance(value, list):
                below += value
            elif not isinstance(value, _SIMPLE):
                raise ValueError(f"a value of type {type(value).__name__}")
        if not below:
            return
        level = below
    raise ValueError(f"values nested more than {_DEEPEST} deep")
