from __future__ import annotations

from pathlib import Path

from harlm.context import Searcher, load
from harlm.types import Context, Document

DOCUMENTS = {
    "bridge.txt": "The bridge opened in 1883. It is long.",
    "tower.txt": "The tower opened in 1889. It is high.",
}


def test_hits_carry_spans_of_their_document() -> None:
    context = load(DOCUMENTS)
    hit = Searcher(context).search("When did the tower open?", 1)[0]
    document = context.documents[hit.document]
    assert document.name == "tower.txt"
    assert document.text[slice(*hit.best)] == "The tower opened in 1889."
    assert 0 <= hit.start <= hit.best[0] < hit.best[1] <= hit.end


def test_search_within_one_document() -> None:
    hits = Searcher(load(DOCUMENTS)).search("opened", 5, within=0)
    assert {hit.document for hit in hits} == {0}


def test_small_contexts_leave_no_file(tmp_path: Path) -> None:
    Searcher(load(DOCUMENTS), tmp_path / "index.db").search("tower")
    assert list(tmp_path.iterdir()) == []


def test_large_contexts_are_indexed_once(tmp_path: Path) -> None:
    text = "The harbour master keeps the keys of the eastern lock. " * 25_000
    context = Context(documents=(Document(name="big", text=text),))
    first = Searcher(context, tmp_path / "index.db")
    assert first.search("eastern keys", 1)
    first.close()
    written = (tmp_path / "index.db").stat().st_mtime_ns
    second = Searcher(context, tmp_path / "index.db")
    assert second.search("eastern keys", 1)
    second.close()
    assert (tmp_path / "index.db").stat().st_size > 10_000
    assert (tmp_path / "index.db").stat().st_mtime_ns >= written


def test_weights_tell_rare_words_from_common_ones() -> None:
    weights = Searcher(load(DOCUMENTS)).weights("the high tower opened")
    assert weights["tower"] > weights["open"]
