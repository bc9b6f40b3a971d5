"""The frames that the host and a worker exchange, as checked values. A frame is a MessagePack map with an
``op``.

Everything in a worker's frame may have been chosen by a model. A frame of an unknown kind or of the wrong
shape is therefore a violation of the protocol, and nothing is ever unpickled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Annotated

import msgspec
from msgspec import Meta

from harlm.errors import SandboxFailure
from harlm.guest.arguments import PARTS
from harlm.guest.vocabulary import FUNCTIONS
from harlm.patterns import lazy_pattern
from harlm.types import ToolShape


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
        tools: the user's tools.
        shape: ``text`` for a context that is one string, ``documents`` for a list.
        seed: for ``random``; ``None`` for a random seed.
        head, tail: characters of a cell's output that are kept from its start and from its end.
        largest_frame: bytes that one frame of the worker may have.
        folder: on tier ``s0`` the path of the folder in which cells may write; on other tiers ``None``, since
            the zygote makes the folder.
    """

    texts: Sequence[TextExtent] | None
    functions: Sequence[str]
    tools: Sequence[ToolShape]
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


class Tail(WireFrame, frozen=True, kw_only=True, tag="tail"):
    """Host, to a scout: the text after the last whole statement, which is still being written."""

    text: str


class Fork(WireFrame, frozen=True, kw_only=True, tag="fork"):
    """Host: fork this process. The fork gets the two descriptors that come with the frame.

    Attributes:
        seed: for ``random`` in the fork; ``None`` if ``random`` continues there as here. Then the fork is not made
            if it would have to copy large files.
        folder: the name of the fork's own work folder.
        may_write: whether cells of the fork may change files.
    """

    seed: int | None
    folder: str
    may_write: bool


class Forked(WireFrame, frozen=True, kw_only=True, tag="forked"):
    """Worker: the fork exists."""


class Unforked(WireFrame, frozen=True, kw_only=True, tag="unforked"):
    """Worker: it cannot fork."""

    why: Annotated[str, Meta(max_length=1_000)]


class Copies(WireFrame, frozen=True, kw_only=True, tag="copies"):
    """Worker: its cell could have a scout, but the process cannot fork.

    Attributes:
        data: what another worker needs to be that scout. The host passes it on without reading it.
    """

    data: Annotated[bytes, Meta(max_length=8 << 20)]  # ``guest.worker.snapshot`` sends no more


class Alive(WireFrame, frozen=True, kw_only=True, tag="alive"):
    """Worker: the running cell has printed something."""


class ReplyFrame(WireFrame, frozen=True, kw_only=True, tag="reply"):
    """Host: the result of a call."""

    id: int
    value: object


class Refuse(WireFrame, frozen=True, kw_only=True, tag="refuse"):
    """Host: a call failed; the message is raised in the cell."""

    id: int
    message: str


_Short = Annotated[str, Meta(max_length=200)]
_Kept = Annotated[str, Meta(max_length=100_000)]


class CallFrame(WireFrame, frozen=True, kw_only=True, tag="call"):
    """Worker: a cell calls a host function.

    Attributes:
        id: the call's number, unique among the open calls of the worker.
        function: the name of the host function.
        arguments: its arguments by name.
        needs: for a call of a scout, the ids of its earlier calls whose results the arguments depend on.
        certain: for a call of a scout, whether it is made whatever the open calls return.
    """

    id: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
    function: _Short
    arguments: Annotated[Mapping[_Short, object], Meta(max_length=16)]
    needs: Annotated[tuple[int, ...], Meta(max_length=1024)] = ()
    certain: bool = True


class Retract(WireFrame, frozen=True, kw_only=True, tag="retract"):
    """Scout: the cell will not make these calls after all.

    Attributes:
        ids: of the calls.
    """

    ids: Annotated[tuple[int, ...], Meta(max_length=1024)]


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """The final value of a cell, wrapped so that a final ``None`` differs from no final value."""

    value: object


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

    cell: _Short
    head: _Kept
    tail: _Kept
    chars: Annotated[int, Meta(ge=0, lt=1 << 50)]
    error: _Kept | None
    final: Value | None
    names: Annotated[Sequence[tuple[_Short, _Short]], Meta(max_length=64)]
    wall_s: float


class TooLarge(msgspec.Struct, frozen=True, kw_only=True):
    """In place of a call that was not decoded, because it is too large for its function.

    Attributes:
        id: the call's number.
        why: the limit, for the cell.
    """

    id: int
    why: str


Sent = Ready | CallFrame | Retract | Done | Forked | Unforked | Copies | Alive
"""The frames that a worker may send."""

Encoded = bytes | bytearray | memoryview
"""The bytes of a frame, without its length."""

News = Sent | TooLarge
"""What arrives from a worker."""

_DEEPEST = 32
_SIMPLE = frozenset({str, int, float, bool, type(None)})
_PER_PART = 90  # bytes that a part may take in memory: an empty map is one byte on the wire
_FEW_PARTS = 4_000  # in a call of a function whose arguments are texts and numbers
_FEW_BYTES = 256 << 10  # of such a call; a text of 20,000 characters has at most 80,000
_LARGE = frozenset(
    {"llm_query", "rlm_query", "leaf", "tool", "pure_tool"}
)  # functions that take texts of any length

_CALL = lazy_pattern(
    rb"[\x84-\x86]\xa2op\xa4call\xa2id([\x00-\x7f]|\xcc.|\xcd..|\xce.{4}|[\xcf\xd3].{8})"
    rb"\xa8function[\xa1-\xbf]([a-z_]{1,31})\xa9arguments",
    re.DOTALL,
)
"""The beginning of a call, as workers write it."""

encode = msgspec.msgpack.Encoder().encode
"""The bytes of one frame, without its length."""


def _no_extensions(code: int, data: memoryview) -> object:
    raise ValueError(f"extension type {code}")


_decoder: msgspec.msgpack.Decoder[Sent] = msgspec.msgpack.Decoder(Sent, ext_hook=_no_extensions)


def decode(data: Encoded) -> News:
    """The frame of a worker, checked; see ``decode_and_weigh``."""
    return decode_and_weigh(data)[0]


def decode_and_weigh(data: Encoded) -> tuple[News, int]:
    """The frame of a worker, checked. The parts of a large one are counted before anything is decoded.

    Args:
        data: the bytes of one frame, without its length.

    Returns:
        the frame, or ``TooLarge`` for a call that its function cannot take; and the bytes of memory that it takes,
        about.

    Raises:
        SandboxFailure: the frame breaks the protocol.
    """
    parts = 0
    try:
        if len(data) > PARTS and (refused := _too_large(data)) is not None:
            return refused, 0
        frame = _decoder.decode(data)
        if isinstance(frame, CallFrame):
            parts = _checked(list(frame.arguments.values()))
        elif isinstance(frame, Done) and frame.final is not None:
            parts = _checked([frame.final.value])
    # A ValueError is from msgspec, from text that is not UTF-8, or from extension types.
    except (ValueError, RecursionError) as error:
        raise SandboxFailure(
            f"a cell made its worker send a frame that breaks the protocol: {error}"
        ) from error
    return frame, len(data) + _PER_PART * parts


def _too_large(data: Encoded) -> TooLarge | None:
    """The refusal of a large frame that has too many parts, or too many bytes for its function.

    Raises:
        ValueError: it has too many parts, and is not a call as workers write it.
    """
    call = _CALL.match(data)
    if call is None:
        if _parts(data, PARTS) > PARTS:
            raise ValueError(f"more than {PARTS:,} parts")
        return None
    number = call[1][0] if len(call[1]) == 1 else int.from_bytes(call[1][1:], "big")
    function = call[2].decode()
    is_few = function in FUNCTIONS - _LARGE
    if is_few and len(data) > _FEW_BYTES:
        why = f"{len(data):,} bytes are too many; at most {_FEW_BYTES:,} are taken"
    elif _parts(data, most := _FEW_PARTS if is_few else PARTS) > most:
        why = f"more than {most:,} values are too many"
    else:
        return None
    return TooLarge(id=number, why=f"{function}: {why}. Call it with less at a time")


def _parts(data: Encoded, most: int) -> int:
    """The number of values in MessagePack data, counted up to ``most`` + 1."""
    at = count = 0
    end = len(data)
    widths = _WIDTHS
    while at < end and count <= most:
        head = data[at]
        count += 1
        width = widths[head]
        at += width
        if 0xD9 <= head <= 0xDB or 0xC4 <= head <= 0xC6:  # the head says how many bytes follow
            at += int.from_bytes(data[at - width + 1 : at], "big")
        elif 0xC7 <= head <= 0xC9:
            at += int.from_bytes(data[at - width + 1 : at - 1], "big")
    return count


def _width(head: int) -> int:
    """The bytes of a value as far as its first byte says; for a container, of its head alone."""
    if 0xA0 <= head <= 0xBF:
        return 1 + (head & 0x1F)
    return 1 + _MORE.get(head, 0)


_MORE = {
    0xC4: 1, 0xC5: 2, 0xC6: 4, 0xC7: 2, 0xC8: 3, 0xC9: 5, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8,
    0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8, 0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17, 0xD9: 1, 0xDA: 2, 0xDB: 4,
    0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4,
}  # fmt: skip
_WIDTHS = tuple(map(_width, range(256)))


def _checked(level: list[object]) -> int:
    """The number of values in some values, which JSON can represent.

    Raises:
        ValueError: it cannot, or a value is nested too deep.
    """
    count = 0
    for _ in range(_DEEPEST):
        count += len(level)
        kinds = set(map(type, level))
        if kinds <= _SIMPLE:
            return count
        if odd := kinds - _SIMPLE - {dict, list}:
            raise ValueError(f"a value of type {min(each.__name__ for each in odd)}")
        maps = [value for value in level if type(value) is dict]
        if set(map(type, chain.from_iterable(maps))) - {str}:
            raise ValueError("a key that is not text")
        lists = [value for value in level if type(value) is list]
        level = [*chain.from_iterable(map(dict.values, filter(None, maps))), *chain.from_iterable(lists)]
    raise ValueError(f"values nested more than {_DEEPEST} deep")
