"""Corpora: read once, read again when a file changes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from harlm import corpora
from harlm.config import Config
from harlm.corpora import Corpora, Corpus, corpus_name
from harlm.errors import ConfigError, ContextError


@pytest.fixture(autouse=True)
def looks_each_time(monkeypatch: pytest.MonkeyPatch, clean_environment: Path) -> None:
    monkeypatch.setattr(corpora, "_LOOKED_S", 0.0)


def texts(corpus: Corpus) -> dict[str, str]:
    context = asyncio.run(corpus.read()).context
    return {Path(each.name).name: each.text for each in context.documents}


def test_unchanged_files_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("alpha")
    corpus = Corpus("letters", [str(tmp_path)], Config())
    assert asyncio.run(corpus.read()) is asyncio.run(corpus.read())


@pytest.mark.parametrize("change", ["edit", "add", "remove"])
def test_changed_files_are_read_again(tmp_path: Path, change: str) -> None:
    (tmp_path / "a.txt").write_text("alpha")
    (tmp_path / "b.txt").write_text("beta")
    corpus = Corpus("letters", [str(tmp_path)], Config())
    before = texts(corpus)
    match change:
        case "edit":
            (tmp_path / "a.txt").write_text("alpha, longer")
        case "add":
            (tmp_path / "c.txt").write_text("gamma")
        case _:
            (tmp_path / "b.txt").unlink()
    after = texts(corpus)
    assert after != before
    assert after == {each.name: each.read_text() for each in tmp_path.iterdir()}


def test_the_files_are_looked_at_once_within_two_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpora, "_LOOKED_S", 60.0)
    (tmp_path / "a.txt").write_text("alpha")
    corpus = Corpus("letters", [str(tmp_path)], Config())
    first = asyncio.run(corpus.read())
    (tmp_path / "a.txt").write_text("alpha, longer")
    assert asyncio.run(corpus.read()) is first


def test_a_corpus_can_be_searched(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The mill burned down in 1907.")
    read = asyncio.run(Corpora({"town": [str(tmp_path)]}, Config())["town"].read())
    assert read.searcher.search("when did the mill burn")


def test_a_search_of_the_state_before_still_works_after_a_change(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The mill burned down in 1907.")
    corpus = Corpus("town", [str(tmp_path)], Config())
    before = asyncio.run(corpus.read())
    (tmp_path / "a.txt").write_text("The mill was rebuilt.")
    assert asyncio.run(corpus.read()) is not before
    assert before.searcher.search("burned")


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 65, "ü", "a b"])
def test_what_cannot_be_a_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name a corpus"):
        Corpus(name, ["."], Config())


@pytest.mark.parametrize("source", ["-", "https://example.com/page"])
def test_only_files_and_folders_make_a_corpus(source: str) -> None:
    with pytest.raises(ConfigError, match="files and folders"):
        Corpora({"x": [source]}, Config())


def test_a_missing_folder_is_an_error_of_the_context(tmp_path: Path) -> None:
    with pytest.raises(ContextError, match="does not exist"):
        asyncio.run(Corpus("x", [str(tmp_path / "missing")], Config()).read())


@pytest.mark.parametrize(
    ("sources", "name"), [(["./My docs/"], "My-docs"), ([], "corpus"), (["/"], "corpus"), (["a.b"], "a.b")]
)
def test_a_corpus_has_the_name_of_its_first_source(sources: list[str], name: str) -> None:
    assert corpus_name(sources) == name
