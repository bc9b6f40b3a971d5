from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from harlm.context import Searcher, load
from harlm.retrieval.index import PassageIndex
from harlm.retrieval.ranking import Query, weighed_query
from harlm.threads import Stop
from harlm.types import Context, Document

DOCUMENTS = {
    "bridge.txt": "The bridge opened in 1883. It is long.",
    "tower.txt": "The tower opened in 1889. It is high.",
}


LARGE = Context(
    documents=(Document(name="big", text="The harbour master keeps the keys of the eastern lock. " * 25_000),)
)


def test_hits_carry_spans_of_their_document() -> None:
    context = load(DOCUMENTS)
    with Searcher(context) as searcher:
        hit = searcher.search("When did the tower open?", 1)[0]
    document = context.documents[hit.document]
    assert document.name == "tower.txt"
    assert document.text[slice(*hit.best)] == "The tower opened in 1889."
    assert 0 <= hit.start <= hit.best[0] < hit.best[1] <= hit.end


def test_search_within_one_document() -> None:
    with Searcher(load(DOCUMENTS)) as searcher:
        hits = searcher.search("opened", 5, within=0)
    assert {hit.document for hit in hits} == {0}


def test_small_contexts_leave_no_file(tmp_path: Path) -> None:
    with Searcher(load(DOCUMENTS), tmp_path / "index.db") as searcher:
        searcher.search("tower")
    assert list(tmp_path.iterdir()) == []


def test_large_contexts_are_indexed_once(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    with Searcher(LARGE, file) as first:
        assert first.search("eastern keys", 1)
    written = file.stat().st_mtime_ns
    with Searcher(LARGE, file) as second:
        assert second.search("eastern keys", 1)
    assert file.stat().st_size > 10_000
    assert file.stat().st_mtime_ns >= written


def test_weights_tell_rare_words_from_common_ones() -> None:
    with Searcher(load(DOCUMENTS)) as searcher:
        weights = searcher.weights("the high tower opened")
    assert weights["tower"] > weights["open"]


def test_weights_of_the_query_searched_for_are_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def counted(question: str, index: PassageIndex, stop: Stop) -> Query:
        made.append(question)
        return weighed_query(question, index, stop)

    monkeypatch.setattr("harlm.context.search.weighed_query", counted)
    with Searcher(load(DOCUMENTS)) as searcher:
        searcher.search("high tower")
        searcher.weights("high tower")
        searcher.search("bridge")
    assert made == ["high tower", "bridge"]


def throw_out(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(f"DROP TABLE p_{LARGE.digest}")


def damage(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page, *_ = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = ?", (f"p_{LARGE.digest}_data",)
        ).fetchone()
    size = 4096
    with file.open("r+b") as opened:
        opened.seek((page - 1) * size)
        opened.write(b"\xa5" * size)


@pytest.mark.parametrize(("harm", "aside"), [(throw_out, 0), (damage, 1)])
def test_an_index_that_is_lost_while_in_use_is_rebuilt(
    tmp_path: Path, harm: Callable[[Path], None], aside: int
) -> None:
    file = tmp_path / "index.db"
    with Searcher(LARGE, file) as searcher:
        found = searcher.search("eastern keys", 3)
        harm(file)
        assert searcher.search("eastern keys", 3) == found
        assert searcher.search("harbour master", 3)
    assert len(list(tmp_path.glob("index.db.broken-*[0-9]"))) == aside


def test_damaged_pages_that_only_a_search_finds_are_rebuilt(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    with Searcher(LARGE, file) as searcher:
        found = searcher.search("eastern keys", 3)
    damage(file)
    for _ in range(2):
        with Searcher(LARGE, file) as searcher:
            assert searcher.search("eastern keys", 3) == found


def test_threads_that_lose_an_index_together_all_find(tmp_path: Path) -> None:
    with Searcher(LARGE, tmp_path / "index.db") as searcher, ThreadPoolExecutor(8) as pool:
        found = searcher.search("eastern keys", 3)
        throw_out(tmp_path / "index.db")
        assert list(pool.map(lambda _: searcher.search("eastern keys", 3), range(16))) == [found] * 16
