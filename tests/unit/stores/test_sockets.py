"""What Postgres keeps is what the sockets ask for."""

from __future__ import annotations

from harlm.stores import KeepsRuns, KeepsVectors, StoreSet
from harlm.stores.postgres import PostgresStores
from tests.support.postgres import shared_server


def test_postgres_has_every_socket_and_a_bare_object_has_none() -> None:
    stores: object = PostgresStores(shared_server().database(), "")
    for socket in (StoreSet, KeepsRuns, KeepsVectors):
        assert isinstance(stores, socket)
        assert not isinstance(object(), socket)
