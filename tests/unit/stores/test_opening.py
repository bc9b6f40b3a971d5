"""Which stores an address means, and what is never told of it."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint

import pytest

from harlm import extensions
from harlm.config import Config, MemorySettings
from harlm.errors import ConfigError
from harlm.journal import InMemoryCalls
from harlm.memory import InMemoryStore
from harlm.protocols import CallStore, MemoryStore
from harlm.stores import StoreSet, open_stores, runs_in, secrets_of, vectors_in
from harlm.stores.postgres import PostgresStores
from tests.support.postgres import shared_server


def config(store: str | None) -> Config:
    return Config(memory=MemorySettings(store=store))


class Shelf:
    """Stores of another package, in memory."""

    def __init__(self, url: str, space: str) -> None:
        self.asked = url, space

    def entries(self) -> MemoryStore:
        return InMemoryStore()

    def calls(self) -> CallStore:
        return InMemoryCalls()


def failing(url: str, space: str) -> object:
    raise OSError(f"no {url}")


def empty(url: str, space: str) -> object:
    return object()


@pytest.fixture
def brought(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package that brings stores."""
    known = {
        name: (EntryPoint(name, f"{__name__}:{what}", "harlm.stores"),)
        for name, what in (
            ("shelf", "Shelf"),
            ("failing", "failing"),
            ("empty", "empty"),
            ("text", "__name__"),
        )
    }
    monkeypatch.setattr(extensions, "_entries", lambda kind: known if kind == "stores" else {})


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


def test_another_package_brings_stores_for_its_scheme(brought: None) -> None:
    stores = open_stores(config("shelf://somewhere/x"))
    assert isinstance(stores, StoreSet)
    assert isinstance(stores, Shelf)
    assert stores.asked == ("shelf://somewhere/x", "default")
    assert (runs_in(stores), vectors_in(stores)) == (None, None)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "redis://me:secret@host/x",
            "begins with redis://, and there are stores for postgresql://, shelf://, ",
        ),
        ("failing://me:secret@host/x", r"the store failing://host/x cannot be opened \(OSError\)"),
        ("empty://me:secret@host/x", "gives a object, which has no entries"),
        ("text://me:secret@host/x", "does not name a function of an address"),
        ("secret", "memory.store does not begin with a scheme"),
    ],
)
def test_what_cannot_be_opened_is_refused_without_its_password(brought: None, url: str, said: str) -> None:
    if url.startswith("redis"):
        said = "begins with redis://, and there are stores for postgresql://"
    with pytest.raises(ConfigError, match=said) as refused:
        open_stores(config(url))
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
