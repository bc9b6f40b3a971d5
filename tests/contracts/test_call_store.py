"""The contract of stores of paid calls, run over each of ours."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from harlm.journal import CallJournal, InMemoryCalls
from harlm.protocols import CallStore
from harlm.stores.postgres import PostgresStores
from harlm.testing.contracts import CallStoreContract
from tests.support.postgres import shared_server

STORES: dict[str, Callable[[Path], CallStore]] = {
    "in memory": lambda folder: InMemoryCalls(),
    "journal": lambda folder: CallJournal(folder / "calls.db"),
    "journal of a namespace": lambda folder: CallJournal(folder / "calls.db", "mine"),
    "postgres": lambda folder: PostgresStores(shared_server().database(), "").calls(),
}


class TestCallStores(CallStoreContract):
    @pytest.fixture(params=STORES)
    def make_store(self, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], CallStore]:
        numbers = itertools.count()

        def made() -> CallStore:
            folder = tmp_path / str(next(numbers))
            folder.mkdir()
            return STORES[request.param](folder)

        return made
