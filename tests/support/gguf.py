"""Writes model files of llama.cpp (GGUF, version 3): facts about a model, then its tensors as 16 or 32 bit floats."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import NamedTuple

Fact = bool | int | float | str | list[str] | list[int]

_ALIGNMENT = 32
_U32, _I32, _F32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9
_TENSOR_TYPES = {"f": 0, "e": 1}


class Tensor(NamedTuple):
    """A tensor in the memory order of ggml: the first dimension is contiguous.

    Attributes:
        shape: the first dimension first.
        data: little-endian floats.
        code: of ``struct``: ``e`` for 16 bits, ``f`` for 32.
    """

    shape: tuple[int, ...]
    data: bytes
    code: str


def sparse(shape: tuple[int, int], values: Mapping[tuple[int, int], float]) -> Tensor:
    """A matrix of 16 bit floats, zero except at the (first, second) indices of ``values``."""
    data = bytearray(2 * shape[0] * shape[1])
    for (first, second), value in values.items():
        struct.pack_into("<e", data, 2 * (second * shape[0] + first), value)
    return Tensor(shape, bytes(data), "e")


def ones(length: int) -> Tensor:
    """A vector of 32 bit ones."""
    return Tensor((length,), struct.pack(f"<{length}f", *[1.0] * length), "f")


def gguf(facts: Mapping[str, Fact], tensors: Mapping[str, Tensor]) -> bytes:
    """The bytes of a model file."""
    head = bytearray(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(facts)))
    for key, value in facts.items():
        kind, packed = _packed(value)
        head += _text(key) + struct.pack("<I", kind) + packed
    body = bytearray()
    for name, tensor in tensors.items():
        sizes = struct.pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *tensor.shape)
        head += _text(name) + sizes + struct.pack("<IQ", _TENSOR_TYPES[tensor.code], len(body))
        body += _aligned(tensor.data)
    return _aligned(bytes(head)) + bytes(body)


def _packed(value: Fact) -> tuple[int, bytes]:
    """The type and the bytes of a value."""
    match value:
        case bool():
            return _BOOL, struct.pack("<?", value)
        case int():
            return _U32, struct.pack("<I", value)
        case float():
            return _F32, struct.pack("<f", value)
        case str():
            return _STRING, _text(value)
        case _:
            numbers = [each for each in value if isinstance(each, int)]
            texts = [_text(each) for each in value if isinstance(each, str)]
            if numbers:
                return _ARRAY, struct.pack(f"<IQ{len(numbers)}i", _I32, len(numbers), *numbers)
            return _ARRAY, struct.pack("<IQ", _STRING, len(texts)) + b"".join(texts)


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _aligned(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNMENT)
