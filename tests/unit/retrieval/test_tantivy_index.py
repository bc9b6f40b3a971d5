from __future__ import annotations

import os
import shutil
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from harlm.folding import fold
from harlm.retrieval import tantivy_index as large
from harlm.retrieval.index import open_index
from harlm.retrieval.tantivy_index import LargeIndex, open_large
from harlm.retrieval.terms import stem

pytest.importorskip("tantivy")

TEXTS = [
    "The lighthouse of Rixhöft was lit in 1822.\n\n" + "No one wrote about the weather. " * 30,
    "Walnuts grow on trees. " * 40,
    *(f"Page {at} tells of harbours and of ships that sailed. " * 12 for at in range(40)),
    "A second lighthouse stands on the island, and is older than the first one.",
]


@pytest.mark.parametrize("damage", ["nothing", "spans", "about", "files"])
def test_a_damaged_folder_is_rebuilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
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


def built(folder: Path | None, key: str = "abc") -> LargeIndex:
    def passages(spans: array[int]) -> Iterator[str]:
        for number, text in enumerate(TEXTS):
            spans.extend((number, 0, len(text)))
            yield text

    return open_large(passages, len(TEXTS), folder, key)


def test_every_passage_can_be_found_by_its_number() -> None:
    index = built(None)
    assert len(index) == index.held == len(TEXTS)
    assert index.passage(1) == (1, 0, len(TEXTS[1]))
    assert [number for number, _ in index.best(["walnuts"], 5)] == [1]


def test_a_word_in_most_passages_counts_only_if_there_is_no_other() -> None:
    index = built(None)
    assert len(index.best(["ships"], 50)) == 40
    assert index.best(["ships", "walnuts"], 50) == index.best(["walnuts"], 50)


def test_only_the_most_recently_used_folders_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "_KEPT", 2)
    for seconds, key in enumerate(("one", "two", "three")):
        built(tmp_path, key)
        about = tmp_path / key / "about.json"
        if about.exists():
            os.utime(about, (seconds + 1, seconds + 1))
    built(tmp_path, "four")
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["four", "three"]


def test_without_a_writable_folder_the_index_is_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    index = built(tmp_path / "file")
    assert [number for number, _ in index.best(["walnuts"], 5)] == [1]


def test_a_search_in_files_that_were_removed_is_an_index_error(tmp_path: Path) -> None:
    index = built(tmp_path)

    class Broken:
        num_docs = len(TEXTS)

        def doc_freq(self, *_: object) -> int:
            return 1

        def search(self, *_: object, **__: object) -> None:
            raise OSError("gone")

    index._searcher = Broken()
    with pytest.raises(IndexError, match=r"the index cannot be read any more \(gone\)"):
        index.best(["walnuts"], 5)


_SCRIPTS = [
    "Malmö and Łódź: the naïve café sells ﬁsh. " * 12,
    "退款政策在第三页。保修期限为一年。" * 25,
    "यह किताब मेज़ पर है। " * 25,
    "다음 회의는 서울에서 열린다. " * 25,
    "getUserProfile(e_mail) speaks C++ 1.0.21 by e-mail. " * 12,
    "ร้านนี้เปิดทุกวัน " * 25,
    *(f"Filler number {at} tells of nothing at all that anyone asks. " * 12 for at in range(12)),
]


@pytest.mark.parametrize(
    "word",
    [
        "malmo",
        "łódź",
        "cafe",
        "fish",
        "退款",
        "猫",
        "किताब",
        "서울",
        "profile",
        "email",
        "c++",
        "1.0.21",
        "เป",
        "zzz",
    ],
)
def test_both_indexes_find_the_same(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    def found() -> tuple[set[int], int]:
        with open_index(_SCRIPTS) as index:
            return {index.passage(number)[0] for number, _ in index.best([fold(word)], 9)}, index.frequency(
                stem(fold(word))
            )

    small = found()
    monkeypatch.setattr(large, "WORTH_IT", 0)
    assert found() == small
    assert small[0] or word in ("猫", "zzz")
