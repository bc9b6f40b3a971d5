from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.config import ContextSettings
from harlm.reading.limits import limits_of


def test_a_document_of_up_to_one_megabyte_has_the_limits_of_the_settings() -> None:
    limits = limits_of(1 << 20, ContextSettings(reading_seconds=3, reading_mb=100))
    assert (limits.seconds, limits.memory_mb) == (3, 100)
    assert limits == limits_of(1, ContextSettings(reading_seconds=3, reading_mb=100))


def test_a_larger_one_has_more_in_proportion() -> None:
    assert limits_of(10 << 20, ContextSettings()).seconds == 20
    assert limits_of(4 << 20, ContextSettings()).memory_mb == 2048


@given(st.integers(0, 1 << 34), st.integers(0, 1 << 34))
def test_more_bytes_never_have_less_and_memory_and_output_are_bounded(one: int, other: int) -> None:
    small, large = (limits_of(size, ContextSettings()) for size in sorted((one, other)))
    assert small.seconds <= large.seconds
    assert small.memory_mb <= large.memory_mb <= 4096
    assert small.output <= large.output <= 64 << 20
    assert small.parts <= large.parts <= 2_000_000
