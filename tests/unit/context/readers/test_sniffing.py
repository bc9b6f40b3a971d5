from __future__ import annotations

import bz2
import gzip
import lzma
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context.readers.sniffing import is_lfs_pointer, looks_like_text

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d' * 32}\nsize 12345\n"


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1), st.integers(0, 3))
def test_any_text_in_utf_8_is_text_even_if_it_is_cut(text: str, cut: int) -> None:
    data = (text + "ä").encode()
    assert looks_like_text(data[: len(data) - min(cut, 1)])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("pack", [bz2.compress, gzip.compress, lzma.compress, lambda data: data])
def test_packed_bytes_are_none(seed: int, pack: object) -> None:
    assert callable(pack)
    assert not looks_like_text(pack(random.Random(seed).randbytes(3000)))


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"a\0b", b"\x01" * 20, b"GIF89a", b"PK\x03\x04abc", b"!<arch>\nabc"]
)
def test_these_are_no_text(data: bytes) -> None:
    assert not looks_like_text(data)


@pytest.mark.parametrize(
    "data", [b"a", b"a\tb\r\n\x0c", "ä".encode("utf-16"), b"caf\xe9 au lait, s'il vous pla\xeet", b"\x1b[1mx"]
)
def test_these_are_text(data: bytes) -> None:
    assert looks_like_text(data)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (POINTER, True),
        (POINTER.replace("\n", "\r\n"), True),
        (POINTER.rstrip(), True),
        (POINTER.replace("oid", f"ext-0-foo sha256:{'a' * 64}\noid"), True),
        (POINTER + "more text\n", False),
        ("About pointers:\n" + POINTER, False),
        ("version https://git-lfs.github.com/spec/v1\n", False),
        (POINTER.replace("4d4d", "xyzw"), False),
        ("", False),
    ],
)
def test_a_pointer_of_git_lfs(text: str, is_one: bool) -> None:
    assert is_lfs_pointer(text.encode()) == is_one
