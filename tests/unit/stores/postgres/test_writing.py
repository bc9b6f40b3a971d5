"""Items that Postgres cannot store do not stop the others."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harlm.errors import MemoryFailure
from harlm.stores.postgres.link import PostgresLink
from harlm.stores.postgres.schema import Connection
from harlm.stores.postgres.server import PostgresAddress
from harlm.stores.postgres.writing import PostgresPending
from tests.support.postgres import shared_server


class _Numbers:
    """Numbers in a table that takes even ones only."""

    noun = "list"
    max_bytes = 1 << 30
    is_one_statement = False

    def key_of(self, item: int) -> str:
        return str(item)

    def size_of(self, item: int) -> int:
        return 8

    def make_room(self, connection: Connection, size: int) -> None:
        """There is room."""

    def insert(self, connection: Connection, items: Sequence[int]) -> None:
        connection.cursor().executemany("INSERT INTO evens VALUES (%s)", [(each,) for each in items])


def test_items_that_cannot_be_stored_do_not_stop_the_others() -> None:
    url = shared_server().database()
    with shared_server().admin(url.rpartition("/")[2]) as admin:
        admin.execute("CREATE TABLE evens (n integer CHECK (n % 2 = 0))")
        address = PostgresAddress(url)
        link = PostgresLink(address)
        pending: PostgresPending[int] = PostgresPending(link, _Numbers(), address)
        for number in range(600):
            pending.put(number)
        with pytest.raises(MemoryFailure, match="violates check constraint"):
            pending.flush()
        assert admin.execute("SELECT count(*) FROM evens").fetchone() == (300,)
        assert sorted(pending.all_waiting()) == list(range(1, 600, 2))
        pending.put(1_000)
        pending.flush()
        assert pending.failure is None
        pending.end_writing()
        link.close()
