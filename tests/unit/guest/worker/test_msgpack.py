from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.worker.msgpack import pack, unpack

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(), inner, max_size=20),
    max_leaves=50,
)


@given(VALUES)
def test_both_codecs_agree(value: object) -> None:
    assert msgspec.msgpack.decode(pack(value)) == value
    assert unpack(msgspec.msgpack.encode(value)) == value
    assert unpack(pack(value)) == value


@pytest.mark.parametrize("size", [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536])
def test_sizes_at_every_edge(size: int) -> None:
    for value in ("x" * size, b"x" * size, [1] * size, {str(n): n for n in range(min(size, 70_000))}):
        assert msgspec.msgpack.decode(pack(value)) == value
        assert unpack(msgspec.msgpack.encode(value)) == value


def test_half_surrogates_become_replacement_characters() -> None:
    assert msgspec.msgpack.decode(pack("a\ud800b\U0001f600")) == "a\ufffdb\U0001f600"


def test_what_cannot_be_sent_says_so() -> None:
    with pytest.raises(TypeError, match="set cannot be sent"):
        pack({1, 2})
    with pytest.raises(OverflowError):
        pack(1 << 70)
