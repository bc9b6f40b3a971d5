from __future__ import annotations

import time

import pytest

from harlm.context.readers import html, read_document
from harlm.errors import ContextError
from harlm.types import Document


def read(name: str, data: bytes) -> Document:
    (document,) = read_document(name, data).documents
    return document


def test_html_shows_what_a_reader_sees_with_the_lines_of_the_file() -> None:
    source = (
        "<html><head><title>T</title><style>x{}</style></head>\n<body>\n<h2>Head</h2>\n<p>One &amp;\n two.</p>"
        "<ul><li>item</ul>\n<script>no()</script><pre>a\n  b</pre></body>"
    )
    document = read("page.html", source.encode())
    assert document.text == "T\n## Head\nOne & two.\n- item\na\n  b"
    assert document.place(document.text.index("One")).line == 4
    assert document.place(document.text.index("  b")).line == 6


def test_html_in_its_declared_encoding() -> None:
    assert read("p.html", '<meta charset="iso-8859-1"><p>grün'.encode("iso-8859-1")).text == "grün"


def test_html_with_an_unknown_section_is_read() -> None:
    assert read("p.html", b"<p>one</p><![foo[x]]><![if !mso]><p>two</p><![endif]>").text == "one\ntwo"


@pytest.mark.parametrize("charset", ["undefined", "hex", "nonsense", "utf-16", "idna"])
def test_html_that_declares_an_encoding_it_cannot_have_is_read(charset: str) -> None:
    assert read("p.html", f'<meta charset="{charset}"><p>grün'.encode()).text == "grün"


def test_a_page_without_visible_text_is_an_error() -> None:
    with pytest.raises(ContextError, match="contains no visible text"):
        read_document("p.html", b"<script>no()</script><p> </p>")


def test_hidden_parts_do_not_hide_the_text_after_them() -> None:
    assert (
        read("p.html", b"<p>one</p><svg><text>no</text></svg><p>two</p></script><p>three</p>").text
        == "one\ntwo\nthree"
    )


@pytest.mark.parametrize(
    "source",
    [
        "<a " * 200_000, "<!--" * 200_000, "<div>" * 200_000, '<a href="' + "x <p>" * 100_000, "<b><i><p>" * 60_000,
        "<table><tr><td>" * 60_000, "&" * 600_000, "<![CDATA[" * 60_000, "<!DOCTYPE " * 60_000, "</" * 300_000,
        "<script><!--" * 50_000, "<a " + " ".join(f"a{n}=1" for n in range(60_000)) + ">", "<svg><title>" * 50_000,
    ],
    ids=lambda source: source[:12],
)  # fmt: skip
def test_no_page_takes_longer_than_its_size(source: str) -> None:
    began = time.process_time()
    html.parse(f"<p>before</p>{source}")
    assert time.process_time() - began < 10


def test_text_after_a_tag_that_spans_lines_has_its_own_line() -> None:
    document = read("p.html", b"<p\nclass=x\n>one</p>\n<!-- a\nb --><p>two</p><p title='\n\n'>three</p>")
    assert [document.place(document.text.index(word)).line for word in ("one", "two", "three")] == [3, 5, 7]
