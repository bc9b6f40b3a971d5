"""Which stores an address means, and what is never told of it."""

from __future__ import annotations

import sys

import pytest

from harlm.config import Config, MemorySettings
from harlm.errors import ConfigError
from harlm.stores import open_stores, runs_in, secrets_of, vectors_in
from harlm.stores.postgres import PostgresStores
from tests.support.postgres import shared_server


def config(store: str | None) -> Config:
    return Config(memory=MemorySettings(store=store))


def test_without_an_address_all_is_kept_on_this_machine() -> None:
    assert open_stores(config(None)) is None
    assert (runs_in(None), vectors_in(None), secrets_of(config(None))) == (None, None, [])


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "POSTGRES"])
def test_postgres_keeps_runs_and_vectors_too(scheme: str) -> None:
    url = shared_server().database().replace("postgresql", scheme)
    stores = open_stores(config(url if scheme != "POSTGRES" else url.replace("POSTGRES", "postgres")))
    assert isinstance(stores, PostgresStores)
    runs, vectors = runs_in(stores), vectors_in(stores)
    assert runs is not None
    assert vectors is not None
    runs.close()
    vectors.close()


def test_an_address_begins_with_a_scheme() -> None:
    with pytest.raises(ConfigError, match=r"memory\.store does not begin with a scheme") as refused:
        open_stores(config("secret"))
    assert "secret" not in str(refused.value)


def test_without_the_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.startswith("harlm.stores.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match=r"pip install 'harlm\[postgres\]'"):
        open_stores(config("postgresql://h/x"))


def test_the_address_and_the_password_are_secrets() -> None:
    assert "p@ss" in secrets_of(config("postgresql://me:p%40ss@host/x"))
    assert "secret" in secrets_of(config("postgresql://host/x?password=secret"))
    assert secrets_of(config("postgresql://me@host/x")) == []
