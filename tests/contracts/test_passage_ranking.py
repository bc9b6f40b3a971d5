"""What every index of passages must do, whatever ranks them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harlm.retrieval import tantivy_index as large
from harlm.retrieval.index import Growing, Ranking, open_index

pytest.importorskip("tantivy")

TEXTS = [
    "The lighthouse of Rixhöft was lit in 1822.\n\n" + "Nobody wrote about the weather. " * 30,
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


def test_words_are_stemmed_and_marks_are_no_language(opened: Opened) -> None:
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


def test_it_is_kept_and_taken_from_its_file(opened: Opened, tmp_path: Path) -> None:
    first = opened(tmp_path / "index.db")
    told: list[float] = []
    again = opened(tmp_path / "index.db", lambda index, share: told.append(share))
    assert again.best(["lighthouse"], 5) == first.best(["lighthouse"], 5)
    assert told == [], "it was not built again"


def test_it_can_be_searched_while_it_grows(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert found[0] == 1, "the first text is there at once"
    assert len(index.best(["lighthouse"], 5)) == 2


@pytest.mark.parametrize("damage", ["nothing", "spans", "about", "files"])
def test_a_folder_that_is_damaged_is_built_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setattr(large, "WORTH_IT", 0)
    file = tmp_path / "index.db"
    expected = open_index(TEXTS, file=file, key="abc").best(["lighthouse"], 5)
    own = tmp_path / "large" / "abc"
    match damage:
        case "spans":
            (own / "spans").write_bytes(b"123")
        case "about":
            (own / "about.json").write_text("{")
        case "files":
            shutil.rmtree(own / "index")
            (own / "index").mkdir()
    assert open_index(TEXTS, file=file, key="abc").best(["lighthouse"], 5) == expected
