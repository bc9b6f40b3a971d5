from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context.readers.rtf_packed import unpacked
from harlm.errors import ContextError
from tests.support.outlook_files import packed_rtf


def test_the_examples_of_the_specification_are_read() -> None:
    first = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232 0af32068656c090020627705b06c647d0a800fa0".replace(" ", "")
    )  # fmt: skip
    assert unpacked(first) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    second = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert unpacked(second) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


@given(st.binary(max_size=9000))
def test_what_is_packed_is_unpacked(data: bytes) -> None:
    assert unpacked(packed_rtf(data)) == data


def test_it_may_be_stored_as_it_is() -> None:
    assert unpacked(struct.pack("<II4sI", 17, 5, b"MELA", 0) + b"{\\rtf") == b"{\\rtf"


@pytest.mark.parametrize("data", [b"", b"x" * 40])
def test_another_form_is_an_error(data: bytes) -> None:
    with pytest.raises(ContextError, match="not compressed in a way that is known"):
        unpacked(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_unpacked_or_an_error(data: bytes) -> None:
    with contextlib.suppress(ContextError):
        assert len(unpacked(struct.pack("<II4sI", 0, 0, b"LZFu", 0) + data)) < 20 * 300
