"""Search over files for retrievers of others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harlm.compat.passages import FilePassages
from harlm.errors import ConfigError, ContextError


@pytest.fixture
def docs() -> Path:
    folder = Path("docs")
    folder.mkdir()
    (folder / "a.txt").write_text("Lorem ipsum.\nThe harbour was built by Ann.\n", encoding="utf-8")
    (folder / "b.txt").write_text("Nothing of interest.\n", encoding="utf-8")
    return folder


def test_passages_come_with_their_place_and_their_quote(docs: Path) -> None:
    (text, score, where), *_ = FilePassages(docs, 3).found("who built the harbour")
    assert "built by Ann" in text
    assert score > 0
    assert where["place"] == "docs/a.txt:2"
    assert where["quote"] == "The harbour was built by Ann."
    assert (where["start"], where["end"]) == (0, len(text))


def test_no_more_passages_than_were_asked_for(docs: Path) -> None:
    assert len(FilePassages([docs / "a.txt", docs / "b.txt"], 1).found("harbour interest")) == 1


def test_several_threads_may_search_at_once(docs: Path) -> None:
    passages = FilePassages(str(docs), 3)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(passages.found, ["harbour"] * 8))
    assert all(each == found[0] for each in found)


def test_paths_that_do_not_exist_and_pages_are_refused() -> None:
    with pytest.raises(ContextError, match=r"nowhere\.txt"):
        FilePassages("nowhere.txt", 3).found("harbour")
    with pytest.raises(ConfigError, match="https://example"):
        FilePassages("https://example.org/", 3)
