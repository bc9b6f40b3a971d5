"""What documents begin with, and which tell most about all."""

from __future__ import annotations

from harlm.guest.tables import NamedText
from harlm.models.offline.openings import about, central, opening


def test_readmes_come_first_and_tests_and_generated_files_last() -> None:
    names = ["tests/README.md", "src/a.py", "dist/app.js", "docs/guide.md", "README.md", "tests/test_a.py"]
    ordered = [doc.name for doc in central([NamedText(name, "x") for name in names])]
    assert ordered[0] == "README.md"
    assert set(ordered[1:3]) == {"src/a.py", "docs/guide.md"}


def test_a_document_opens_with_its_title_and_first_paragraph() -> None:
    text = "# quill\n\n[![build](x)](y)\n\n```\ncode here\n```\n\nquill checks words. It is fast.\n\n## Use\n\nRun it.\n"
    items = opening(NamedText("README.md", text), 3)
    assert [(line, said) for _, line, said in items] == [
        (1, "# quill"),
        (9, "quill checks words."),
        (9, "It is fast."),
    ]


def test_each_line_has_a_title_and_a_sentence() -> None:
    docs = [
        NamedText("b.txt", "LEASE\n\nThis lease is made. More."),
        NamedText("README.md", "# quill\n\nquill checks words."),
    ]
    assert [line for line, _ in about(docs, 6)] == [
        "quill: quill checks words.",
        "LEASE: This lease is made.",
    ]
    assert about([NamedText("empty.txt", "")], 6) == []


def test_wrapped_sentences_are_whole() -> None:
    doc = NamedText(
        "README.md", "# Tool\n\nIt reads all the\nfiles of a folder. It then\nanswers.\n\nMore.\n"
    )
    assert [(line, text) for _, line, text in opening(doc, 3)] == [
        (1, "# Tool"),
        (3, "It reads all the files of a folder."),
        (4, "It then answers."),
    ]
