"""The source of a citation is opened at its line, if it is a document of the run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harlm.config import Config
from harlm.errors import TraceError
from harlm.redact import Redactor
from harlm.tracing.request import KnownDocument, RunRequest, Sources, mark_imported, write_request
from harlm.types import Citation, Context, Document
from harlm.viewer.sources import CitedSource, cited_source

QUOTE = "billing still uses TLS 1.1"
TEXT = f"# Services\n\n{QUOTE}\nmail does not\n"


def asked(
    folder: Path, *, paths: tuple[str, ...] | None = ("docs",), name: str = "docs/a.md", text: str = TEXT
) -> Citation:
    """A run over ``docs/a.md`` below ``folder``, and a citation of it."""
    file = folder / "docs" / "a.md"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    document = Document(name=name, text=text, path=str(file))
    run = folder / "run"
    run.mkdir(exist_ok=True)
    request = RunRequest(
        harlm="0", question="Q", mode="full", origin=Sources(paths=paths, folder=str(folder)),
        documents=(KnownDocument(name, document.digest),),
    )  # fmt: skip
    write_request(run, request, Context(documents=(document,)), Redactor([]))
    start = text.index(QUOTE)
    return Citation(
        source=name,
        start=start,
        end=start + len(QUOTE),
        line=3,
        page=None,
        place=f"{name}:3",
        quote=QUOTE,
        path=str(file),
    )


def opened(folder: Path, citation: Citation) -> CitedSource:
    return cited_source(folder / "run", citation, Config())


def test_a_file_is_read_again_and_its_quote_is_marked(tmp_path: Path) -> None:
    source = opened(tmp_path, asked(tmp_path))
    assert source.text[source.start : source.end] == QUOTE
    assert (source.first_line, source.has_changed, source.before, source.after) == (1, False, False, False)


def test_a_text_that_was_kept_needs_no_file(tmp_path: Path) -> None:
    citation = asked(tmp_path, paths=None)
    (tmp_path / "docs" / "a.md").unlink()
    source = opened(tmp_path, replace(citation, path=None))
    assert source.text[source.start : source.end] == QUOTE


def test_of_a_long_document_the_part_around_the_quote_is_told(tmp_path: Path) -> None:
    text = "line\n" * 40_000 + QUOTE + "\n" + "line\n" * 40_000
    source = opened(tmp_path, asked(tmp_path, text=text))
    assert source.text[source.start : source.end] == QUOTE
    assert len(source.text) < 63_000
    assert source.first_line + source.text.count("\n", 0, source.start) == 40_001
    assert (source.before, source.after) == (True, True)


def test_a_changed_document_is_said_to_have_changed(tmp_path: Path) -> None:
    citation = asked(tmp_path)
    (tmp_path / "docs" / "a.md").write_text(f"new first line\n{TEXT}", encoding="utf-8")
    source = opened(tmp_path, citation)
    assert source.has_changed
    assert source.text[source.start : source.end] == QUOTE
    (tmp_path / "docs" / "a.md").write_text("all new", encoding="utf-8")
    source = opened(tmp_path, citation)
    assert (source.has_changed, source.start, source.end) == (True, 0, 0)


def test_only_documents_of_the_run_are_opened(tmp_path: Path) -> None:
    citation = asked(tmp_path)
    secret = tmp_path / "secret.md"
    secret.write_text(TEXT, encoding="utf-8")
    with pytest.raises(TraceError, match="not a document of this run"):
        opened(tmp_path, replace(citation, source="secret.md", path=str(secret)))
    with pytest.raises(TraceError, match="in no place that this run was asked to read"):
        opened(tmp_path, replace(citation, path=str(secret)))
    with pytest.raises(TraceError, match="in no place"):
        opened(tmp_path, replace(citation, path=str(tmp_path / "docs" / ".." / "secret.md")))
    (tmp_path / "docs" / "link.md").symlink_to(secret)
    with pytest.raises(TraceError, match="in no place"):
        opened(tmp_path, replace(citation, path=str(tmp_path / "docs" / "link.md")))


def test_paths_of_another_machine_are_not_read(tmp_path: Path) -> None:
    citation = asked(tmp_path)
    mark_imported(tmp_path / "run")
    with pytest.raises(TraceError, match="was imported"):
        opened(tmp_path, citation)


@pytest.mark.parametrize("place", ["docs/*.md", "docs/a.md", "**/*.md", "."])
def test_globs_and_files_are_places_too(tmp_path: Path, place: str) -> None:
    assert opened(tmp_path, asked(tmp_path, paths=(place,))).start > 0


def test_what_is_gone_or_was_a_page_is_said_to_be_so(tmp_path: Path) -> None:
    citation = asked(tmp_path)
    (tmp_path / "docs" / "a.md").unlink()
    with pytest.raises(TraceError, match="cannot be read again"):
        opened(tmp_path, citation)
    with pytest.raises(TraceError, match="was not read from a file"):
        opened(tmp_path, replace(citation, path=None))
    (tmp_path / "run" / "request.json").unlink()
    with pytest.raises(TraceError, match="stored before it was asked"):
        opened(tmp_path, citation)
