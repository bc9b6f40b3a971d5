from __future__ import annotations

import io
import re
import socket

import pytest

from harlm.cli.links import address_of, links_of, takes_links, with_links
from harlm.types import Citation

HOST = socket.gethostname()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def citation(place: str, path: str | None) -> Citation:
    return Citation(source="x", start=0, end=1, line=1, page=None, place=place, quote="q", path=path)


def test_the_places_of_files_have_addresses() -> None:
    links = links_of([citation("d/x.txt:1", "/home/d/x y%.txt"), citation("<stdin>:1", None)])
    assert links == {"d/x.txt:1": f"file://{HOST}/home/d/x%20y%25.txt"}


@pytest.mark.parametrize(
    "text",
    ["It is so [d/x.txt:1].", "- `d/x.txt:1`: “q”", "source: d/x.txt:1 “q”", "  d/x.txt:1: “q”"],
)
def test_a_place_becomes_a_link_and_the_visible_text_stays(text: str) -> None:
    linked = with_links(text, {"d/x.txt:1": "file://h/d/x.txt"})
    assert "\x1b]8;;file://h/d/x.txt\x1b\\d/x.txt:1\x1b]8;;\x1b\\" in linked
    assert re.sub(r"\x1b\]8;;[^\x1b]*\x1b\\", "", linked) == text


def test_other_brackets_stay() -> None:
    text = "[d/x.txt:2] and x[1] and [" + "[a" * 10_000
    assert with_links(text, {"d/x.txt:1": "file://h/d/x.txt"}) == text


@pytest.mark.parametrize(
    ("stream", "term", "no_color", "expected"),
    [
        (Terminal(), "xterm-256color", "", True),
        (Terminal(), "dumb", "", False),
        (Terminal(), "", "", False),
        (Terminal(), "xterm", "1", False),
        (io.StringIO(), "xterm", "", False),
    ],
)
def test_links_are_for_terminals_that_take_them(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, term: str, no_color: str, expected: bool
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.delenv("CI", raising=False)
    assert takes_links(stream) == expected


def test_a_log_of_a_build_has_no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("CI", "true")
    assert not takes_links(Terminal())


@pytest.mark.parametrize(
    ("term", "program", "line", "end"),
    [
        ("xterm-kitty", "", 41, "/a%20b.txt#41"),
        ("xterm-256color", "vscode", 41, "/a%20b.txt#41"),
        ("xterm-kitty", "", None, "/a%20b.txt"),
        ("xterm-256color", "", 41, "/a%20b.txt"),
    ],
)
def test_the_line_is_for_terminals_that_open_it(
    monkeypatch: pytest.MonkeyPatch, term: str, program: str, line: int | None, end: str
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("TERM_PROGRAM", program)
    assert address_of("/a b.txt", line) == f"file://{HOST}{end}"
