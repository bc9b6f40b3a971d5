"""Shared stores of installed packages are chosen by the scheme of their address, and no error shows a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm.config import Config, MemorySettings
from harlm.errors import ConfigError
from harlm.stores import StoreSet, open_stores, runs_in, vectors_in
from tests.support.installed import install, site

__all__ = ["site"]

CODE = """
from harlm.journal import InMemoryCalls
from harlm.memory import InMemoryStore

class Shelf:
    def __init__(self, url, space):
        self.asked = url, space
    def entries(self):
        return InMemoryStore()
    def calls(self):
        return InMemoryCalls()

def failing(url, space):
    raise OSError(f"no {url}")

def empty(url, space):
    return object()
"""


@pytest.fixture
def shelves(site: Path) -> None:
    """An installed package that brings stores."""
    names = {"shelf": "Shelf", "failing": "failing", "empty": "empty", "text": "__name__"}
    install(site, "shelves", CODE, {"stores": names})


def opened(url: str) -> StoreSet | None:
    return open_stores(Config(memory=MemorySettings(store=url)))


def test_a_package_brings_stores_for_its_scheme(shelves: None) -> None:
    stores = opened("shelf://somewhere/x")
    assert isinstance(stores, StoreSet)
    assert vars(stores) == {"asked": ("shelf://somewhere/x", "default")}
    assert (runs_in(stores), vectors_in(stores)) == (None, None)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://me:secret@host/x", "begins with redis://, and there are stores for postgresql://"),
        ("failing://me:secret@host/x", r"the store failing://host/x cannot be opened \(OSError\)"),
        ("empty://me:secret@host/x", "of the package shelves .* made a object, and must make stores"),
        ("text://me:secret@host/x", "of the package shelves .* is a str, and must be a function"),
    ],
)
def test_what_cannot_be_opened_is_refused_without_its_password(shelves: None, url: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        opened(url)
    assert "secret" not in str(refused.value)
