"""The context as model-written code sees it."""

from __future__ import annotations

import os
from typing import Any

import msgspec
import pytest

from harlm.guest.worker import context as texts
from harlm.guest.worker.context import Documents, Library
from harlm.sandbox.process.context_file import nameless_file, write_texts
from harlm.types import Context, Document


def library_of(**named: str) -> Library:
    def call(function: str, arguments: dict[str, Any]) -> Any:
        if function == "places":
            return [(f"p{offset}", None) for offset in arguments["offsets"]]
        found = {
            "document": arguments["document"] or 0,
            "start": 0,
            "end": 5,
            "best": [0, 3],
            "score": 1.5,
            "place": "a:1",
            "line": 1,
        }
        return {"hits": [found], "weights": {"x": 1.0}}

    library = Library(call)
    for name, text in named.items():
        library.add(name, name != "pdf", text)
    return library


def test_texts_are_real_strings_with_names() -> None:
    document = library_of(a="alpha\nbeta").context("text")
    assert isinstance(document, str)
    assert (document, document.name) == ("alpha\nbeta", "a")
    assert document.index("beta") == 6
    assert type(document[2:4]) is str


def test_grep_gives_each_line_once_with_its_place() -> None:
    documents = library_of(a="one\ntwo two\nthree two", b="two").context("documents")
    assert isinstance(documents, Documents)
    hits = documents.grep("two")
    assert [(hit.place, hit.quote) for hit in hits] == [
        ("a:2", "two two"),
        ("a:3", "three two"),
        ("b:1", "two"),
    ]
    assert repr(hits).startswith("a:2: two two\n")
    assert hits[0]["line"] == hits[0].line == 2
    assert [hit.place for hit in documents[1].grep("two")] == ["b:1"]


def test_grep_says_what_it_cut() -> None:
    documents = library_of(a="x\n" * 50).context("documents")
    hits = documents.grep("x", k=3)
    assert len(hits) == 3
    assert "only the first 3 are shown" in repr(hits)
    assert repr(documents.grep("nothing")) == "(nothing found)"
    assert not documents.grep("x", k=50).cut


def test_places_that_are_not_lines_are_asked_for() -> None:
    assert library_of(pdf="aa bb").context("text").grep("bb")[0].place == "pdf:p0"


def test_read_takes_places_names_and_hits() -> None:
    library = library_of(a="one\ntwo\nthree", b="four")
    documents = library.context("documents")
    assert isinstance(documents, Documents)
    assert documents.read("a:2-3") == "two\nthree"
    assert documents.read("b") == "four"
    assert documents.read(documents.grep("thr")[0]) == "three"
    assert documents[0].read("2") == "two"
    assert documents[0].read((0, 3)) == "one"
    with pytest.raises(KeyError, match="no text is named 'z:1'"):
        documents.read("z:1")


def test_search_hits_have_their_passage_and_sentence() -> None:
    hits = library_of(a="alpha beta").context("text").search("alpha")
    assert (hits[0].text, hits[0].quote, hits[0].score, hits.weights) == ("alpha", "alp", 1.5, {"x": 1.0})


def test_outlines() -> None:
    library = library_of(code="import x\nclass A:\n    def f(self):\n        pass\n\nTitle\n=====\n# Head\n")
    assert library.documents[0].outline() == "2: class A:\n3:     def f(self):\n6: Title\n8: # Head"
    assert library.documents.outline() == "code: 68 characters"
    assert "… and 2 more" in library.documents[0].outline(k=2)


@pytest.mark.parametrize("in_place_from", [10, 1 << 30])
def test_texts_are_read_from_the_file_that_the_host_wrote(
    monkeypatch: pytest.MonkeyPatch, in_place_from: int
) -> None:
    monkeypatch.setattr(texts, "_IN_PLACE", in_place_from)
    monkeypatch.setattr(texts, "_PIECE", 7)
    written = ["plain text " * 10, "grün " * 10, "", "\ud800 alone", "x"]
    context = Context(documents=tuple(Document(name=str(n), text=text) for n, text in enumerate(written)))
    library = library_of()
    with nameless_file() as file:
        library.read_texts(os.dup(file), msgspec.to_builtins(write_texts(context.documents, file)))
    for document, text in zip(library.documents, written, strict=True):
        assert document == text
        assert type(document) is texts.Document
        assert hash(document) == hash(text)
        assert {document: 1}[text] == 1  # type: ignore[index] # equal strings are one key
    assert [document.name for document in library.documents] == ["0", "1", "2", "3", "4"]


def test_a_file_that_is_too_short_is_refused() -> None:
    with nameless_file() as file, pytest.raises(EOFError, match="shorter than announced"):
        library_of().read_texts(os.dup(file), [{"name": "a", "has_lines": True, "size": 4, "ascii": True}])


def test_what_is_returned_takes_a_limit_and_says_what_it_cut() -> None:
    text = "\n".join(f"line {at} says a little" for at in range(400))
    document = library_of(a=text).context("text")
    assert isinstance(document, texts.Document)
    whole = document.read("1-400")
    short = document.read("1-400", max_tokens=20)
    assert whole == text
    assert short.startswith(text[:80])
    assert f"[cut: about 20 of {len(text) // 4:,} tokens; {len(text) - 80:,} characters more]" in short
    assert document.read((0, 10), max_tokens=100) == text[:10]
    with pytest.raises(ValueError, match="max_tokens must be from 1 to 1,000,000,000, not 0"):
        document.read("1-2", max_tokens=0)


def test_near_shows_what_stands_around_a_hit() -> None:
    text = "\n".join(f"line {at} says a little" for at in range(400))
    document = library_of(a=text).context("text")
    assert isinstance(document, texts.Document)
    (hit,) = document.grep("line 200 ")
    near = document.near(hit, max_tokens=60)
    assert "line 199 says" in near
    assert "line 201 says" in near
    assert near.startswith("… line ")
    assert len(near) <= 60 * 4 + 4
    assert "line 0 says" in document.near(0, max_tokens=30)
    with pytest.raises(TypeError, match="near\\(\\) takes a hit"):
        document.near("line 200")


def test_tables_are_those_of_one_text_or_of_all() -> None:
    library = Library(
        lambda function, arguments: [(f"Sheet row {offset}", None) for offset in arguments["offsets"]]
    )
    library.add("a.csv", True, "name,qty\nnut,3\n")
    library.add("b.xlsx", False, "town\tpeople\nOslo\t7")
    library.add("c.txt", True, "prose")
    first, second = library.documents.tables()
    assert (first.name, first.columns, first.rows[0]["qty"], first.rows[0].place) == (
        "a.csv",
        ["name", "qty"],
        3,
        "a.csv:2",
    )
    assert second.rows[0].place == "b.xlsx:Sheet row 12"
    assert [table.name for table in library.documents[1].tables()] == ["b.xlsx"]
    assert library.documents[2].tables() == []
