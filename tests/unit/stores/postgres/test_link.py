"""A connection that is opened again, and callers that do not wait for a server that is away."""

from __future__ import annotations

from contextlib import suppress

import psycopg
import pytest

from harlm.errors import MemoryFailure
from harlm.stores.postgres.link import PostgresLink
from harlm.stores.postgres.server import PostgresAddress
from tests.support.busy import eventually
from tests.support.postgres import own_server


def test_a_link_outlives_a_restart_of_its_server() -> None:
    with own_server() as server:
        link = PostgresLink(PostgresAddress(server.database()))
        assert link.ask("SELECT 1", ()) == [(1,)]
        server.stop()
        server.start()
        assert link.ask("SELECT 2", ()) == [(2,)], "the lost connection is replaced at once"
        server.stop()
        for _ in range(3):
            with pytest.raises(MemoryFailure, match="does not answer"):
                link.ask("SELECT 3", ())
        server.start()

        def answers() -> bool:
            with suppress(MemoryFailure):
                return link.ask("SELECT 4", ()) == [(4,)]
            return False

        assert eventually(answers)
        link.close()
        link.close()
        assert link.ask("SELECT 5", ()) == []
        with pytest.raises(psycopg.InterfaceError):
            link.do(lambda connection: connection.execute("SELECT 6"))


def test_its_last_user_closes_it() -> None:
    with own_server() as server:
        link = PostgresLink(PostgresAddress(server.database()))
        one, other = link.joined(), link.joined()
        one.close()
        assert other.ask("SELECT 1", ()) == [(1,)]
        other.close()
        assert other.ask("SELECT 1", ()) == []
