from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harlm_lines import LineCalls, LineEntries, make

from harlm.errors import ConfigError
from harlm.testing.contracts import CallStoreContract, MemoryStoreContract
from harlm.testing.contracts.call_store import call_of
from harlm.testing.contracts.memory_store import VALUES, entry_of


class TestLineEntries(MemoryStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[LineEntries]:
        made = make(f"lines://{tmp_path}", "default").entries()
        yield made
        made.close()


class TestLineCalls(CallStoreContract):
    @pytest.fixture
    def make_store(self, tmp_path: Path) -> Callable[[], LineCalls]:
        numbers = itertools.count()
        return lambda: make(f"lines://{tmp_path}/{next(numbers)}", "default").calls()


def test_what_was_kept_is_there_for_the_next_process_of_the_same_namespace(tmp_path: Path) -> None:
    stores = make(f"lines://{tmp_path}", "a/../b")
    entries, calls = stores.entries(), stores.calls()
    for number, value in enumerate(VALUES):
        entries.put(entry_of(str(number), value))
    calls.put(call_of("k", "text"))
    entries.close()
    calls.close()
    again = make(f"lines://{tmp_path}", "a/../b")
    assert [again.entries().get(str(number)) for number in range(len(VALUES))] == [
        entry_of(str(number), value) for number, value in enumerate(VALUES)
    ]
    assert again.calls().get("k") == call_of("k", "text")
    assert make(f"lines://{tmp_path}", "default").entries().get("0") is None


def test_a_line_that_was_cut_is_left_out(tmp_path: Path) -> None:
    calls = make(f"lines://{tmp_path}", "n").calls()
    calls.put(call_of("k"))
    calls.close()
    with (tmp_path / "n/calls.jsonl").open("a") as file:
        file.write('{"key": "cut", "mod')
    assert make(f"lines://{tmp_path}", "n").calls().get("k") == call_of("k")


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ConfigError, match="lines:///FOLDER"):
        make("lines://host/folder", "default")
