"""What every place of the journal of a run must do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from harlm.journal.rows import (
    Change,
    Chosen,
    KeptRows,
    ReplyCame,
    RequestSent,
    RequestSettled,
    RunRows,
    ToolBegan,
    ToolEnded,
    folded,
    unfolded,
)
from harlm.journal.run_file import RunFile
from harlm.stores.postgres import PostgresStores
from tests.support.postgres import shared_server


class Place(NamedTuple):
    """Opens the same journal again and again."""

    open: Callable[[], RunRows]
    close: Callable[[], None]


def _in_file(folder: Path) -> Place:
    return Place(lambda: RunFile(folder / "journal.db", lambda _: None), lambda: None)


def _in_postgres(folder: Path) -> Place:
    runs = PostgresStores(shared_server().database(), "").runs()
    return Place(lambda: runs.open("R"), runs.close)


@pytest.fixture(params=[_in_file, _in_postgres])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    made: Place = request.param(tmp_path)
    yield made
    made.close()


ALL: list[Change] = [
    RequestSent(1, 100, 50, 1, 12.5),
    RequestSent(2, 200, 60, 1, 13.5),
    RequestSettled(1, "done", "a/b", 90, 40, 1, '{"calls":1}'),
    ReplyCame("k", 0, "0", "sub", is_paid=True, reply=b"-\0\xffzip", error=None),
    Chosen("0", "mode", "repl"),
    ReplyCame("k", 1, "0.1", "root", is_paid=False, reply=None, error='{"kind":"RateLimited"}'),
    ToolBegan(1, "t", 0, "send", '{"to":"é\\u0000"}', is_pure=False),
    ToolBegan(2, "t", 1, "look", "{}", is_pure=True),
    ToolEnded(2, b"-1", ""),
    Chosen("0", "mode", "plan"),
    RequestSettled(2, "failed", "", 0, 0, 0, None),
]


def kept_by(place: Place) -> KeptRows:
    rows = place.open()
    try:
        return rows.kept()
    finally:
        rows.close()


def plain(rows: KeptRows) -> tuple[object, ...]:
    """Rows without the numbers of replies, which only say their order."""
    return rows.requests, [reply for _, reply in rows.replies], rows.calls, rows.choices


def test_a_new_journal_holds_nothing(place: Place) -> None:
    assert kept_by(place) == KeptRows()


@pytest.mark.parametrize("count", range(1, len(ALL) + 1))
def test_what_was_written_is_there_when_it_is_opened_again(place: Place, count: int) -> None:
    rows = place.open()
    for change in ALL[:count]:
        rows.write(change)
    assert plain(rows.kept()) == plain(folded(ALL[:count]))
    rows.close()
    rows.close()
    assert plain(kept_by(place)) == plain(folded(ALL[:count]))


def test_it_can_be_replaced_by_another_one(place: Place) -> None:
    rows = place.open()
    rows.write(RequestSent(7, 1, 1, 1, 0.0))
    rows.write(ReplyCame("other", 0, "0", "sub", is_paid=True, reply=b"-x", error=None))
    rows.replace(unfolded(folded(ALL)))
    rows.write(RequestSent(8, 1, 1, 1, 0.0))
    asyncio.run(rows.durable())
    rows.close()
    assert plain(kept_by(place)) == plain(folded([*ALL, RequestSent(8, 1, 1, 1, 0.0)]))


def test_replies_keep_their_order_over_several_attempts(place: Place) -> None:
    for attempt in range(3):
        rows = place.open()
        rows.write(ReplyCame("k", attempt, "0", "sub", is_paid=True, reply=b"-x", error=None))
        rows.close()
    assert [reply.ordinal for _, reply in kept_by(place).replies] == [0, 1, 2]
