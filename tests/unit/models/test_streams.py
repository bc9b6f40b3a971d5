from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from harlm.models.streams import CleanStream
from harlm.redact import Redactor

KEY = "sk-0123456789"


class Heard(list[bytes]):
    """Takes a reply; enough is what reaches ``enough`` pieces."""

    is_whole = False
    enough = 1 << 30

    @property
    def is_enough(self) -> bool:
        return len(self) >= self.enough

    def take(self, data: bytes) -> None:
        self.append(data)


@given(
    st.lists(st.sampled_from([b"data: x", KEY.encode(), b"\n", b"\r\n", b"\r", b"", b"\xc3"]), max_size=12),
    st.integers(1, 9),
)
def test_lines_arrive_whole_and_clean_however_they_are_cut(parts: list[bytes], size: int) -> None:
    data = b"".join(parts)
    heard = Heard()
    stream = CleanStream(heard, Redactor([KEY]))
    for at in range(0, len(data), size):
        stream.take(data[at : at + size])
        assert all(piece.endswith((b"\n", b"\r")) for piece in heard)
    stream.end()
    assert b"".join(heard) == data.replace(KEY.encode(), b"[redacted]")


def test_a_line_without_an_end_takes_time_by_its_length() -> None:
    heard = Heard()
    stream = CleanStream(heard, Redactor([KEY]))
    started = time.process_time()
    for _ in range(4_000):
        stream.take(b"x" * 4_096)
    stream.end()
    assert sum(map(len, heard)) == 4_000 * 4_096
    assert time.process_time() - started < 5


def test_it_is_enough_once_what_it_passes_on_to_says_so() -> None:
    heard = Heard()
    heard.enough = 2
    stream = CleanStream(heard, Redactor([KEY]))
    stream.take(b"one\nhalf")
    assert not stream.is_enough
    stream.take(b" and half\n")
    assert stream.is_enough
