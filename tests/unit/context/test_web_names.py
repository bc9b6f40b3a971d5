"""Addresses among the sources, and what a server's content type means."""

from __future__ import annotations

import pytest

from harlm.context.web_names import is_page, page_name, page_suffix


@pytest.mark.parametrize(
    ("source", "is_one"),
    [
        ("https://example.org/a", True),
        ("HTTP://example.org", True),
        ("ftp://example.org", False),
        ("file:///etc/passwd", False),
        ("a.txt", False),
        ("-", False),
        (3, False),
    ],
)
def test_http_addresses_are_pages(source: object, is_one: bool) -> None:
    assert is_page(source) == is_one


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://example.org/a?b=c", "https://example.org/a?b=c"),
        ("https://me:secret@example.org/a#part", "https://example.org/a"),
        ("http://[", "http://["),
    ],
)
def test_the_name_is_the_address_without_secrets(address: str, name: str) -> None:
    assert page_name(address) == name


@pytest.mark.parametrize(
    ("kind", "path", "data", "suffix"),
    [
        ("text/html", "/a.txt", b"x", ".html"),
        ("application/xhtml+xml", "/", b"x", ".html"),
        ("text/plain", "/a.html", b"<p>", ".txt"),
        ("text/plain", "/a.md", b"x", ".md"),
        ("text/plain", "/a.ipynb", b"{}", ".ipynb"),
        ("text/plain", "/a.zip", b"x", ".txt"),
        ("text/csv", "/export", b"a,b", ".csv"),
        ("application/pdf", "/", b"x", ".pdf"),
        ("text/plain", "/", b"%PDF-1.7", ".pdf"),
        ("application/problem+json", "/", b"{}", ".json"),
        ("application/xml", "/feed", b"<a/>", ".txt"),
        ("image/svg+xml", "/a.svg", b"<svg/>", ".txt"),
        ("", "/", b"  <!DOCTYPE html><p>", ".html"),
        ("application/octet-stream", "/a.docx", b"PK", ".docx"),
        ("application/octet-stream", "/a", b"x", ".txt"),
        ("image/png", "/a.html", b"x", None),
        ("video/mp4", "/", b"x", None),
    ],
)
def test_the_content_type_chooses_the_reader(kind: str, path: str, data: bytes, suffix: str | None) -> None:
    assert page_suffix(kind, path, data) == suffix
