from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from harlm.context import Searcher, load
from harlm.retrieval.index import PassageIndex
from harlm.retrieval.ranking import Query, weighed_query
from harlm.threads import StopFlag, Stopped, Threads
from harlm.types import Context, Document, Marks

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


LONG_LINES = (
    "the first of the two lines tells of the harbour of the town and\n"
    "the second of the two lines tells of the lighthouse and its keeper.\n"
)


@pytest.mark.parametrize(
    ("kind", "marks", "label"),
    [
        ("code", None, "2"),
        ("log", None, "2"),
        ("csv", Marks(unit="row", starts=[0, 64]), "row 2"),
        ("docx", Marks(unit="paragraph", starts=[0, 64]), "paragraph 2"),
        ("text", None, "1"),  # wrapped prose is one sentence
    ],
)
def test_the_place_is_that_of_the_words(kind: str, marks: Marks | None, label: str) -> None:
    document = Document(name="a", text=LONG_LINES, kind=kind, marks=marks)
    with Searcher(Context(documents=(document,))) as searcher:
        hit = searcher.search("lighthouse keeper", 1)[0]
    assert document.place(hit.best[0]).label == label


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

    def counted(question: str, index: PassageIndex, stop: StopFlag) -> Query:
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


@pytest.mark.parametrize("after", [0.0, 0.05, 0.15])
async def test_a_search_that_builds_an_index_is_given_up(tmp_path: Path, after: float) -> None:
    paragraphs = "".join(
        f"Word{number} stands in paragraph {number % 977}. " * 9 + "\n\n" for number in range(40_000)
    )
    many = Context.of_text(paragraphs)
    searcher = Searcher(many, tmp_path / "index.db")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(after):
            await Threads().do(lambda stop: searcher.search("word77", stop=stop))
    searcher.close()
    for _ in range(400):
        if not any(each.name == "harlm-work" for each in threading.enumerate()):
            break
        await asyncio.sleep(0.02)
    else:
        pytest.fail("a thread goes on")
    with pytest.raises(Stopped):
        searcher.search("word77")
    with closing(sqlite3.connect(tmp_path / "index.db")) as stored:
        tables = stored.execute("SELECT count(*) FROM sqlite_master WHERE name LIKE 'p_%'").fetchone()
        assert tables == (0,), "half an index is stored"


def test_closing_does_not_wait_for_a_search() -> None:
    searcher = Searcher(LARGE)
    searching = threading.Event()
    outcome: list[str] = []

    def search() -> None:
        searching.set()
        try:
            for _ in range(10_000):
                searcher.search("harbour")
        except Stopped:
            outcome.append("stopped")

    thread = threading.Thread(target=search)
    thread.start()
    searching.wait()
    searcher.close()
    searcher.close()
    thread.join(60)
    assert outcome == ["stopped"]
    assert searcher._index is None


def test_two_threads_build_one_index_and_one_is_stopped() -> None:
    with Searcher(LARGE) as searcher, ThreadPoolExecutor(2) as pool:
        stop = StopFlag()
        stop.set()
        stopped, found = (
            pool.submit(searcher.search, "harbour", stop=stop),
            pool.submit(searcher.search, "harbour"),
        )
        assert found.result()
        with pytest.raises(Stopped):
            stopped.result()
