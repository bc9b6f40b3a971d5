"""The contract of every index of passages, whichever engine ranks them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harlm.retrieval import tantivy_index as large
from harlm.retrieval.index import Growing, Ranking, open_index

pytest.importorskip("tantivy")

TEXTS = [
    "The lighthouse of Rixhöft was lit in 1822.\n\n" + "No one wrote about the weather. " * 30,
    "Walnuts grow on trees. " * 40,
    *(f"Page {at} tells of harbours and of ships that sailed. " * 12 for at in range(40)),
    "A second lighthouse stands on the island, and is older than the first one.",
]
Opened = Callable[..., Ranking]


@pytest.fixture(params=["fts5", "tantivy"])
def opened(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    monkeypatch.setattr(large, "WORTH_IT", 0 if request.param == "tantivy" else 1 << 60)
    indexes: list[Ranking] = []

    def of(file: Path | None = None, growing: Growing | None = None) -> Ranking:
        indexes.append(open_index(TEXTS, file=file, key="abc", growing=growing))
        return indexes[-1]

    yield of
    for index in indexes:
        index.close()


def test_the_passage_with_the_words_is_first(opened: Opened) -> None:
    index = opened()
    best = index.best(["lighthouse", "lit"], 3)
    text, start, end = index.passage(best[0][0])
    assert "1822" in TEXTS[text][start:end]
    assert [score for _, score in best] == sorted((score for _, score in best), reverse=True)
    assert {index.passage(number)[0] for number, _ in best} == {0, len(TEXTS) - 1}


def test_words_are_stemmed_and_query_syntax_is_ignored(opened: Opened) -> None:
    index = opened()
    assert index.passage(index.best(["walnut"], 1)[0][0])[0] == 1
    assert index.passage(index.best(["RIXHOFT"], 1)[0][0])[0] == 0
    assert index.best(['"(NEAR OR *'], 3) in ([], index.best(["near"], 3))
    assert index.best([], 3) == []
    assert index.best(["walnut"], 0) == []


def test_one_text_can_be_searched_alone(opened: Opened) -> None:
    index = opened()
    found = index.best(["lighthouse", "harbours"], 5, within=len(TEXTS) - 1)
    assert {index.passage(number)[0] for number, _ in found} == {len(TEXTS) - 1}
    assert index.best(["walnuts"], 5, within=0) == []


def test_frequencies(opened: Opened) -> None:
    index = opened()
    assert index.frequency("lighthous") == 2
    assert index.frequency("nothing") == 0
    assert len(index) >= len(TEXTS)


def test_an_index_is_stored_and_read_from_its_file(opened: Opened, tmp_path: Path) -> None:
    first = opened(tmp_path / "index.db")
    shares: list[float] = []
    again = opened(tmp_path / "index.db", lambda index, share: shares.append(share))
    assert again.best(["lighthouse"], 5) == first.best(["lighthouse"], 5)
    assert shares == [], "it is not built again"


def test_an_index_can_be_searched_while_it_grows(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "_BATCH", 5)
    monkeypatch.setattr("harlm.retrieval.index._BATCH", 5)
    found: list[int] = []
    shares: list[float] = []

    def growing(index: Ranking, share: float) -> None:
        shares.append(share)
        found.append(len(index.best(["lighthouse"], 5)))

    index = opened(None, growing)
    assert shares == sorted(shares)
    assert len(shares) > 3
    assert found[0] == 1, "the first text can be found at once"
    assert len(index.best(["lighthouse"], 5)) == 2
