"""What every memory store must do, wherever it keeps its entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harlm.memory import ColdStore, HotStore, InMemoryStore
from harlm.protocols import MemoryStore
from harlm.stores.postgres import PostgresStores
from harlm.testing.contracts import MemoryStoreContract
from tests.support.postgres import shared_server

STORES: dict[str, Callable[[Path], MemoryStore]] = {
    "in memory": lambda folder: InMemoryStore(),
    "cold": lambda folder: ColdStore(folder / "memory.db"),
    "hot in front of memory": lambda folder: HotStore(InMemoryStore(), tokens=100),
    "hot in front of cold": lambda folder: HotStore(ColdStore(folder / "memory.db"), tokens=100),
    "hot that holds nothing": lambda folder: HotStore(ColdStore(folder / "memory.db"), tokens=0),
    "postgres": lambda folder: PostgresStores(shared_server().database(), "").entries(),
    "hot in front of postgres": lambda folder: HotStore(
        PostgresStores(shared_server().database(), "mine").entries(), tokens=0
    ),
}


class TestMemoryStores(MemoryStoreContract):
    @pytest.fixture(params=STORES)
    def store(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MemoryStore]:
        made = STORES[request.param](tmp_path)
        yield made
        made.close()
