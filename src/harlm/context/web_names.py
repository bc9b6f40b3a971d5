"""Web pages among the sources: which sources are addresses, how their documents are named, and what a server's content
type means.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from harlm.context.document_names import shown_name

_SUFFIXES: Mapping[str, str] = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "text/markdown": ".md",
    "application/json": ".json",
    "application/x-ipynb+json": ".ipynb",
    "message/rfc822": ".eml",
    "application/zip": ".zip",
    "application/x-tar": ".tar",
    "application/gzip": ".gz",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
_UNKNOWN = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/x-download"})
_NO_TEXT = ("image/", "audio/", "video/", "font/", "model/")
_AS_TEXT = frozenset(
    {".md", ".csv", ".tsv", ".json", ".ipynb", ".eml", ".log", ".py", ".js", ".ts", ".c", ".go", ".rs"}
)
"""Kinds of text that servers declare as ``text/plain``."""


def is_page(source: object) -> bool:
    """Whether a source is the address of a web page."""
    return isinstance(source, str) and source.lower().startswith(("http://", "https://"))


def page_name(address: str) -> str:
    """The name of the document of a page: its address as typed, without a password and without ``#…``."""
    try:
        parts = urlsplit(address)
        named = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
    except ValueError:
        named = address
    return shown_name(named)


def page_suffix(content_type: str, path: str, data: bytes) -> str | None:
    """The suffix that chooses the reader of a page; ``None`` if it holds no text.

    Args:
        content_type: as the server declares it, without parameters; empty if it declares none.
        path: the path of the address, which counts where the server says nothing, or only that it is text.
        data: the page.
    """
    kind, own = content_type.lower(), PurePosixPath(path).suffix.lower()
    if data.startswith(b"%PDF-"):
        return ".pdf"
    if kind in _SUFFIXES:
        return _SUFFIXES[kind]
    if kind.startswith(_NO_TEXT) and kind != "image/svg+xml":
        return None
    if kind in _UNKNOWN:
        head = data[:512].lstrip().lower()
        return ".html" if head.startswith((b"<!doctype html", b"<html")) else own or ".txt"
    if kind.endswith("+json"):
        return ".json"
    return own if own in _AS_TEXT else ".txt"
