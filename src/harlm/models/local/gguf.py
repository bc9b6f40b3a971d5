"""Reads the head of a model file of llama.cpp (GGUF): the facts that choose how it is served. Reads no weights."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from harlm.errors import ConfigError

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_VOCABULARY = "tokenizer."
"""Keys that begin so hold the vocabulary: hundreds of thousands of words, after the facts about the model."""

_LONGEST = 1 << 20  # bytes of a name or text, and items of a list; longer ones are damage
_MOST_FACTS = 1 << 16
_CACHED_BYTES = 2  # of a number in the cache of attention: 16 bits

Value = bool | int | float | str | tuple[int | float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelHead:
    """What a model file says about itself.

    Attributes:
        architecture: the family of the model, such as ``qwen2``.
        window: tokens that the model was trained to read; ``None`` if the file does not say.
        cache_bytes: memory that one token of a prompt takes while it is worked on; 0 if unknown.
    """

    architecture: str
    window: int | None
    cache_bytes: int


def read_head(path: Path) -> ModelHead:
    """The head of a model file.

    Raises:
        ConfigError: it cannot be read, is not a model file, or ends inside its head.
    """
    try:
        with path.open("rb") as file:
            return _head(_facts(file, path))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
    except (EOFError, struct.error) as error:
        raise ConfigError(
            f"{path} ends in the middle of its head: the file is cut or damaged; copy or fetch it again"
        ) from error


def _facts(file: BinaryIO, path: Path) -> Mapping[str, Value]:
    """The facts before the vocabulary."""
    begins = file.read(4)
    if begins != _MAGIC:
        raise ConfigError(f"{path} is not a GGUF file: it begins with {begins!r} instead of {_MAGIC!r}")
    version, _, count = struct.unpack("<IQQ", _exactly(file, 20))
    if version not in _VERSIONS:
        raise ConfigError(f"{path} is a GGUF file of version {version}; versions 2 and 3 can be served")
    if count > _MOST_FACTS:
        raise EOFError
    facts: dict[str, Value] = {}
    for _ in range(count):
        key = _text(file)
        if key.startswith(_VOCABULARY):
            break
        (kind,) = struct.unpack("<I", _exactly(file, 4))
        facts[key] = _value(file, kind)
    return facts


def _value(file: BinaryIO, kind: int) -> Value:
    if kind == _STRING:
        return _text(file)
    if kind != _ARRAY:
        return _numbers(file, kind, 1)[0]
    inner, count = struct.unpack("<IQ", _exactly(file, 12))
    if inner == _STRING:
        for _ in range(_checked(count)):
            _text(file)
        return ()
    return _numbers(file, inner, _checked(count))


def _numbers(file: BinaryIO, kind: int, count: int) -> tuple[int | float, ...]:
    if kind not in _SCALARS:
        raise EOFError
    form = f"<{count}{_SCALARS[kind]}"
    return struct.unpack(form, _exactly(file, struct.calcsize(form)))


def _text(file: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", _exactly(file, 8))
    return _exactly(file, _checked(length)).decode("utf-8", "replace")


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _checked(length: int) -> int:
    if length > _LONGEST:
        raise EOFError
    return length


def _head(facts: Mapping[str, Value]) -> ModelHead:
    architecture = str(facts.get("general.architecture", ""))

    def number(name: str) -> int:
        value = facts.get(f"{architecture}.{name}", 0)
        if isinstance(value, tuple):  # one for each layer
            value = max(value, default=0)
        return int(value) if isinstance(value, int | float) else 0

    heads = number("attention.head_count")
    width = number("embedding_length") // heads if heads else 0
    pair = (number("attention.key_length") or width) + (number("attention.value_length") or width)
    of_layer = (number("attention.head_count_kv") or heads) * pair * _CACHED_BYTES
    return ModelHead(
        architecture=architecture,
        window=number("context_length") or None,
        cache_bytes=number("block_count") * of_layer,
    )
