from __future__ import annotations

from pathlib import Path

from harlm.memory import ColdStore
from harlm.memory.maintenance import forget
from harlm.types import Entry


def _entry(key: str, value: str, run: str = "R", question: str = "") -> Entry:
    return Entry(key=key, kind="reply", value=value, run=run, question=question)


def test_entries_of_other_runs_do_not_change_a_search(tmp_path: Path) -> None:
    store = ColdStore(tmp_path / "memory.db")
    store.put(_entry("a", "the harbour was dredged, says the keeper"))
    store.put(_entry("b", "the lighthouse was lit, says the keeper"))
    store.put(_entry("c", "the keeper keeps walnuts"))
    before = store.search("harbour lighthouse keeper", 5, run="R")
    for at in range(200):
        store.put(_entry(f"x{at}", "a harbour and another harbour", run=f"S{at % 3}"))
    assert store.search("harbour lighthouse keeper", 5, run="R") == before
    assert [each.key for each in before][-1] == "c", "every entry has the keeper"
    store.close()


def test_entries_added_after_a_search_are_found(tmp_path: Path) -> None:
    store = ColdStore(tmp_path / "memory.db")
    store.put(_entry("a", "walnuts"))
    assert [each.key for each in store.search("walnuts", 5, run="R")] == ["a"]
    store.put(_entry("s", "walnuts", run="S"))
    store.put(_entry("b", "figs", question="what of the walnuts?"))
    assert {each.key for each in store.search("walnuts", 5, run="R")} == {"a", "b"}
    assert [each.key for each in store.search("walnuts", 5, run="S")] == ["s"]
    store.close()


def test_many_runs_are_searched_in_turn(tmp_path: Path) -> None:
    store = ColdStore(tmp_path / "memory.db")
    for at in range(40):
        store.put(_entry(f"k{at}", f"walnuts {at}", run=f"R{at}"))
    for at in [*range(40), *range(40)]:
        assert [each.key for each in store.search("walnuts", 5, run=f"R{at}")] == [f"k{at}"]
    store.close()


def test_short_passages_are_worth_more_than_long_ones(tmp_path: Path) -> None:
    store = ColdStore(tmp_path / "memory.db")
    store.put(_entry("long", "The walnuts are ripe. " + "Nothing else is said here. " * 40))
    store.put(_entry("short", "The walnuts are ripe."))
    store.put(_entry("other", "Figs."))
    assert [each.key for each in store.search("walnuts", 5, run="R")] == ["short", "long"]
    store.close()


def test_entries_put_after_others_were_removed_are_found(tmp_path: Path) -> None:
    file = tmp_path / "memory.db"
    store = ColdStore(file)
    for at in range(9):
        store.put(_entry(f"a{at}", f"walnuts {at}"))
    assert len(store.search("walnuts", 20, run="R")) == 9
    assert forget(file) == 9
    assert not store.search("walnuts", 20, run="R")
    for at in range(5):
        store.put(_entry(f"b{at}", f"walnuts {at}"))  # these rows reuse the numbers of removed ones
    assert {each.key for each in store.search("walnuts", 20, run="R")} == {f"b{at}" for at in range(5)}
    store.close()


def test_after_the_file_was_replaced_its_own_row_numbers_are_used(tmp_path: Path) -> None:
    file, new = tmp_path / "memory.db", tmp_path / "new.db"
    store = ColdStore(file)
    store.put(_entry("a", "walnuts"))
    store.put(_entry("b", "walnuts"))
    assert len(store.search("walnuts", 9, run="R")) == 2
    other = ColdStore(new)
    for key, run in (("s", "S"), ("r", "R"), ("t", "S"), ("q", "R")):
        other.put(_entry(key, "walnuts", run=run))
    other.close()
    store.flush()
    for part in ("-wal", "-shm"):
        file.with_name(file.name + part).unlink(missing_ok=True)
    new.replace(file)
    store._file._forget_reader()
    assert {each.key for each in store.search("walnuts", 9, run="R")} == {"q", "r"}
    store.close()
