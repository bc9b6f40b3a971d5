"""Items that wait to be written, wherever that is."""

from __future__ import annotations

import pytest

from harlm.errors import MemoryFailure
from harlm.storage import WaitingItems


class _Numbers:
    noun = "list"
    max_bytes = 1 << 30

    def key_of(self, item: int) -> str:
        return str(item)

    def size_of(self, item: int) -> int:
        return 8


class _Listed(WaitingItems[int]):
    """Writes numbers into a list, or fails."""

    def __init__(self) -> None:
        super().__init__(_Numbers(), "in the list", "Wait")
        self.written: list[int] = []
        self.fails = False

    def _write_some(self, items: list[int]) -> Exception | None:
        if self.fails:
            return OSError("it is away")
        self.written += items
        self._written(items)
        items.clear()
        return None


def test_what_fails_is_tried_again_in_order_and_told_meanwhile() -> None:
    pending = _Listed()
    pending.put(1)
    pending.flush()
    pending.fails = True
    for number in (2, 3):
        pending.put(number)
    with pytest.raises(
        MemoryFailure, match=r"the list of this run is not kept in the list \(it is away\); .* Wait"
    ):
        pending.flush()
    assert (pending.waiting("2"), pending.all_waiting(), pending.failure) == (
        2,
        [2, 3],
        "the list of this run is not kept in the list (it is away)",
    )
    pending.fails = False
    pending.put(4)
    assert pending.end_writing()
    assert not pending.end_writing()
    assert (pending.written, pending.all_waiting(), pending.failure) == ([1, 2, 3, 4], [], None)
    with pytest.raises(MemoryFailure, match="this list is closed"):
        pending.put(5)
