"""Addresses of Postgres: what is shown of them, and how a database that cannot be used is refused."""

from __future__ import annotations

import pytest

from harlm.errors import ConfigError
from harlm.stores.postgres.server import PostgresAddress
from tests.support.postgres import shared_server


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:secret@db.example:5433/harlm", "postgresql://me@db.example:5433/harlm"),
        ("postgres://db/harlm?password=secret", "postgresql://db/harlm"),
        ("postgresql://me:p%40ss%2Fword@db/harlm", "postgresql://me@db/harlm"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    address = PostgresAddress(url)
    assert address.shown == shown
    for secret in ("secret", "p@ss/word"):
        assert secret not in address.said(RuntimeError(f"bad: {url}")) or secret not in url


@pytest.mark.parametrize(
    "url", ["postgresql://me:se cret@[::1/x", "postgresql://h/x?nothing=secret", "postgresql://h:seport/x"]
)
def test_what_is_no_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        PostgresAddress(url).opened()
    assert "memory.store" in str(refused.value)
    assert "cret" not in str(refused.value)


def test_a_user_without_rights_is_told_which_it_needs() -> None:
    server = shared_server()
    url = server.database()
    name = url.rpartition("/")[2]
    with server.admin(name) as admin:
        admin.execute("CREATE ROLE guest")
        admin.execute("REVOKE ALL ON DATABASE " + name + " FROM public")
    address = PostgresAddress(f"{url}?options=-c%20role%3Dguest")
    with pytest.raises(ConfigError, match="needs the right to create the schema harlm"):
        address.opened()
