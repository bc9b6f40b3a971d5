"""The tables are made once, and those of another version are refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from harlm.errors import ConfigError
from harlm.stores.postgres import PostgresStores
from harlm.stores.postgres.schema import FORMAT
from tests.support.postgres import shared_server


def test_many_that_open_a_new_database_at_once_make_one_set_of_tables() -> None:
    url = shared_server().database()
    with ThreadPoolExecutor(8) as several:
        for done in [several.submit(PostgresStores, url, "") for _ in range(8)]:
            done.result(30)
    with shared_server().admin(url.rpartition("/")[2]) as admin:
        assert admin.execute("SELECT version FROM harlm.format").fetchall() == [(FORMAT,)]


@pytest.mark.parametrize(
    ("version", "said"),
    [(FORMAT + 1, "a newer HARLM .*use that version"), (0, "another HARLM .*drop its schema")],
)
def test_tables_of_another_version_are_refused(version: int, said: str) -> None:
    url = shared_server().database()
    PostgresStores(url, "")
    with shared_server().admin(url.rpartition("/")[2]) as admin:
        admin.execute("UPDATE harlm.format SET version = %s", (version,))
    with pytest.raises(ConfigError, match=said):
        PostgresStores(url, "")
