from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context.readers import read_document
from harlm.context.readers.hyphens import MARK, with_hyphens
from tests.support.making import pdf_page


@pytest.mark.parametrize(
    ("page", "written"),
    [
        ("the accommo|dation and", "the accommo-\ndation and"),
        ("for part|time staff", "for part-time staff"),
        ("Part|time staff", "Part-time staff"),
        ("the Anglo|Saxon", "the Anglo-Saxon"),
        ("THE ACCOMMO|DATION", "THE ACCOMMO-\nDATION"),
        ("up-to|date", "up-to-date"),
        ("state-of-the|art", "state-of-the-art"),
        ("COVID|19 rules", "COVID-19 rules"),
        ("a web|site; web-site", "a web-site; web-site"),
        ("a data|base; database", "a data-\nbase; database"),
        ("Donaudampf|schiff", "Donaudampf-\nschiff"),
        ("ver|stehen und über|legen", "ver-\nstehen und über-\nlegen"),
        ("accommo|\ndation", "accommo-\ndation"),
        ("the end|", "the end-"),
        ("|start", "-start"),
        ("10| 20", "10- 20"),
        ("no mark", "no mark"),
        ("", ""),
    ],
)
def test_a_hyphen_is_written_as_the_text_tells(page: str, written: str) -> None:
    assert with_hyphens([page.replace("|", MARK)]) == [written]


def test_the_whole_document_tells() -> None:
    pages = [
        f"a micro{MARK}scope",
        "many micro-scopes",
        "one micro-scope",
        f"tele{MARK}scope",
        "the Telescope",
    ]
    assert with_hyphens(pages)[0] == "a micro-scope"
    assert with_hyphens(pages)[3] == "tele-\nscope"


@given(st.lists(st.text(f"ab-\n {MARK}é1", max_size=60), max_size=4))
def test_no_mark_stays_and_nothing_else_changes(pages: list[str]) -> None:
    written = with_hyphens(pages)
    assert all(MARK not in page for page in written)
    for page, after in zip(pages, written, strict=True):
        assert (
            after.replace("-", "").split() == page.replace(MARK, "-\n").replace("-", "").split()
            or "-" in after
        )
        assert sorted(after.replace("\n", "")) == sorted(page.replace("\n", "").replace(MARK, "-"))


@pytest.mark.parametrize("piece", [MARK, "a" + MARK, "a" * 100 + MARK, "a-" * 50 + MARK, "a", "-"])
def test_no_text_takes_long(piece: str) -> None:
    began = time.process_time()
    with_hyphens([piece * ((1 << 20) // len(piece)) + MARK])
    assert time.process_time() - began < 5


def test_a_page_of_a_pdf() -> None:
    lines = ["request the accommo-", "dation within four weeks. For part-", "time staff the same holds."]
    data = pdf_page([(72, 700 - 14 * number, line) for number, line in enumerate(lines)])
    text = read_document("a.pdf", data).documents[0].text
    assert "accommo-\ndation within" in text
    assert "For part-time staff" in text
