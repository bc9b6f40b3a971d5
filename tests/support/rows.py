"""One test over a table of hundreds of rows: every row is tried, and each that fails is named with its reason."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

import pytest

T = TypeVar("T")
_FAILURES = (Exception, pytest.fail.Exception)
_SHOWN = 20  # failures that are shown with their reason


def every_row(check: Callable[[T], object], rows: Iterable[T], *, name: Callable[[T], object] = str) -> None:
    """Check each row.

    Args:
        check: raises if the row is wrong.
        rows: at least one.
        name: what a row is called in the message.

    Raises:
        AssertionError: some rows are wrong; with the names of all of them.
    """
    count, failed = 0, []
    for row in rows:
        count += 1
        try:
            check(row)
        except _FAILURES as failure:
            failed.append((name(row), failure))
    _judge(count, failed)


async def every_row_in_turn(
    check: Callable[[T], Awaitable[object]], rows: Iterable[T], *, name: Callable[[T], object] = str
) -> None:
    """As ``every_row``, for checks that are coroutines; one row after the other."""
    count, failed = 0, []
    for row in rows:
        count += 1
        try:
            await check(row)
        except _FAILURES as failure:
            failed.append((name(row), failure))
    _judge(count, failed)


def _judge(count: int, failed: Sequence[tuple[object, BaseException]]) -> None:
    assert count > 0, "the table has no rows"
    shown = [f"{name}: {_told(failure)}" for name, failure in failed[:_SHOWN]]
    names = ", ".join(str(name) for name, _ in failed)
    assert not failed, f"{len(failed)} of {count} rows fail: {names}\n" + "\n".join(shown)


def _told(failure: BaseException) -> str:
    place = traceback.extract_tb(failure.__traceback__)[-1]
    return f"{type(failure).__name__} at {place.filename}:{place.lineno}: {failure}"
