"""The head of a model file: what is read of it, and files that have none."""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm.errors import ConfigError
from harlm.models.local.gguf import read_head
from tests.support.gguf import Fact, gguf
from tests.support.tiny_model import write_tiny_model

LAYERS = {"a.block_count": 2, "a.attention.head_count": 4, "a.embedding_length": 32}


def written(tmp_path: Path, facts: dict[str, Fact]) -> Path:
    file = tmp_path / "model.gguf"
    file.write_bytes(gguf({"general.architecture": "a", **facts}, {}))
    return file


def test_a_model_says_its_architecture_and_window(tmp_path: Path) -> None:
    file = tmp_path / "tiny.gguf"
    write_tiny_model(file)
    head = read_head(file)
    assert (head.architecture, head.window) == ("llama", 32_768)
    assert head.cache_bytes == 2 * 32 * 2  # keys and values of one head of 32 numbers


@pytest.mark.parametrize(
    ("facts", "size"),
    [
        ({}, 2 * 4 * (8 + 8) * 2),
        ({"a.attention.head_count_kv": 1}, 2 * 1 * (8 + 8) * 2),
        ({"a.attention.head_count_kv": [1, 2]}, 2 * 2 * (8 + 8) * 2),
        ({"a.attention.key_length": 16, "a.attention.value_length": 4}, 2 * 4 * (16 + 4) * 2),
        ({"a.attention.head_count": 0}, 0),
    ],
)
def test_the_memory_of_a_token_is_that_of_its_keys_and_values(
    tmp_path: Path, facts: dict[str, Fact], size: int
) -> None:
    assert read_head(written(tmp_path, {**LAYERS, **facts})).cache_bytes == size


def test_what_a_file_does_not_say_is_unknown(tmp_path: Path) -> None:
    head = read_head(written(tmp_path, {}))
    assert (head.window, head.cache_bytes) == (None, 0)


def test_the_vocabulary_is_not_read(tmp_path: Path) -> None:
    file = written(tmp_path, {"a.context_length": 512, "tokenizer.ggml.tokens": ["x"] * 1_000})
    file.write_bytes(file.read_bytes()[:200])
    assert read_head(file).window == 512


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", r"is not a GGUF file: it begins with b''"),
        (b"PK\3\4 a zip", r"is not a GGUF file: it begins with b'PK"),
        (b"GGUF\1\0\0\0" + bytes(16), "version 1; versions 2 and 3"),
        (b"GGUF\3\0\0\0", "cut or damaged"),
        (b"GGUF\3\0\0\0" + bytes(8) + b"\1" + bytes(7) + b"\xff" * 8, "cut or damaged"),
        (b"GGUF\3\0\0\0" + bytes(8) + b"\xff" * 8, "cut or damaged"),
    ],
    ids=["empty", "another format", "old", "cut", "a name without end", "facts without end"],
)
def test_a_file_that_has_no_head_is_an_error_that_names_it(tmp_path: Path, data: bytes, said: str) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(data)
    with pytest.raises(ConfigError, match=said) as caught:
        read_head(file)
    assert str(file) in str(caught.value)


def test_every_cut_of_a_head_is_an_error_or_a_head(tmp_path: Path) -> None:
    whole = written(
        tmp_path, {**LAYERS, "a.context_length": 512, "a.list": [1, 2], "a.on": True}
    ).read_bytes()
    cut = tmp_path / "cut.gguf"
    for size in range(len(whole) - 40):
        cut.write_bytes(whole[:size])
        with pytest.raises(ConfigError):
            read_head(cut)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_head(tmp_path / "nothing.gguf")
