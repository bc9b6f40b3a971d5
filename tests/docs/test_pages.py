"""The pages keep their form: short, in plain words, with a picture, an example, settings and limits on every concept page."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from harlm.config import setting_names
from tests.support.pages import (
    PAGES,
    ROOT,
    blocks,
    headings,
    longest_stretch,
    name,
    section,
    without_blocks,
    word_count,
)
from tests.support.phrases import PHRASES, phrases_in

_PARTS = (
    "answers",
    "branching",
    "budget",
    "context",
    "engine",
    "evidence",
    "memory",
    "models",
    "router",
    "runs",
    "sandbox",
    "scheduler",
    "strategies",
)
_MOST_WORDS = 500
_LONGEST_STRETCH = 120
_DIAGRAMS = ("flowchart ", "sequenceDiagram", "stateDiagram-v2")

CONCEPTS = sorted(ROOT.glob("docs/concepts/*.md"))
SHORT = [ROOT / "README.md", *CONCEPTS]
WITHOUT_FIGURES = [*CONCEPTS, *sorted(ROOT.glob("docs/design/*.md"))]


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


# -- concept pages and README ------------------------------------------------------------------------------


def test_every_part_has_one_concept_page() -> None:
    assert tuple(page.stem for page in CONCEPTS) == _PARTS


@pytest.mark.parametrize("page", SHORT, ids=name)
def test_a_page_for_users_is_short(page: Path) -> None:
    assert word_count(text_of(page)) <= _MOST_WORDS


@pytest.mark.parametrize("page", SHORT, ids=name)
def test_a_page_for_users_has_a_picture(page: Path) -> None:
    drawn = [block for block in blocks(text_of(page)) if block.kind == "mermaid"]
    assert drawn or "docs/images/" in text_of(page) or "](../images/" in text_of(page)


@pytest.mark.parametrize("page", SHORT, ids=name)
def test_a_page_for_users_has_an_example_that_is_run(page: Path) -> None:
    """A ``console`` block, or a ``python`` block right before the ``text`` that it prints."""
    kinds = [block.kind for block in blocks(text_of(page))]
    assert "console" in kinds or ("python", "text") in pairwise(kinds)


@pytest.mark.parametrize("page", CONCEPTS, ids=name)
def test_a_concept_page_names_its_settings_and_limits(page: Path) -> None:
    text = text_of(page)
    assert {"Example", "Settings", "Limits"} <= set(headings(text))
    rows = re.findall(r"^\| (`.+?) \|", section(text, "Settings"), re.MULTILINE)
    named = re.findall(r"`(.+?)`", " ".join(rows))
    assert named
    assert set(named) <= set(setting_names())
    assert "](../reference/configuration.md)" in section(text, "Settings")
    assert section(text, "Limits").lstrip().startswith("- ")


@pytest.mark.parametrize("page", CONCEPTS, ids=name)
def test_a_concept_page_leads_to_mechanics_and_figures(page: Path) -> None:
    assert "](../design/" in text_of(page)
    assert "](../results/" in text_of(page)


def test_every_setting_stands_on_a_concept_page() -> None:
    everywhere = "".join(section(text_of(page), "Settings") for page in CONCEPTS)
    assert [setting for setting in setting_names() if f"`{setting}`" not in everywhere] == []


# -- all pages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_stretch_of_prose_is_long(page: Path) -> None:
    assert longest_stretch(text_of(page)) <= _LONGEST_STRETCH


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_page_has_a_phrase_that_we_do_not_write(page: Path) -> None:
    found = [f"line {each.line}: {each.words!r}; write {each.instead}" for each in phrases_in(text_of(page))]
    assert found == []


@pytest.mark.parametrize("page", WITHOUT_FIGURES, ids=name)
def test_figures_stand_in_results_only(page: Path) -> None:
    """No table of measurements: their columns are medians, percentiles, peers, or what was hoped for."""
    heads = re.findall(r"^(\|.*\|)\n\|[-:| ]+\|$", without_blocks(text_of(page)), re.MULTILINE)
    figures = re.compile(r"\b(?:p50|p95|measured|wanted|target|naive|rlms|ms|µs)\b")
    assert [head for head in heads if figures.search(head)] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_drawing_is_of_a_kind_that_is_rendered(page: Path) -> None:
    for block in blocks(text_of(page)):
        if block.kind == "mermaid":
            assert block.body.startswith(_DIAGRAMS), block.body.partition("\n")[0]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_an_anchor_is_a_heading_of_its_page(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#([\w-]+)\)", text_of(page)):
        if "://" in target:
            continue
        there = page if not target else page.parent / target
        slugs = {
            re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings(text_of(there))
        }
        assert anchor in slugs, f"{target}#{anchor}"


# -- the rulers --------------------------------------------------------------------------------------------


def test_words_of_code_do_not_count() -> None:
    assert word_count("One two.\n\n```python\nthree = 4\n```\n| five | – |\n|---|---|\n") == 3


def test_a_list_a_table_and_code_break_a_stretch() -> None:
    assert longest_stretch("one two\n\nthree\n") == 3
    assert longest_stretch("one two\n\n- three\n") == 2
    assert longest_stretch("one two\n| a b c d |\nthree\n") == 2
    assert longest_stretch("one two\n```text\nx\n```\nthree\n") == 2


@pytest.mark.parametrize(
    "text",
    [
        "Knows rows; refuses to know tables.",
        "What came of the cell.",
        "``None`` where there is none.",
        "a value that is not there yet",
        "It settles when the reply is there.",
        "told: hears of every retry",
        "all of it, in so many tokens",
        "the rest is had by its handle",
        "how entries are made short",
        "the index is built anew",
        "the dearer of the two",
        "Nobody asked for it.",
        "somebody else's home",
        "for whoever waits",
        "this is no text",
        "'x' is no time; write 90s",
        "Mend it or move it away.",
        "all but for the last one",
        "the run goes on, and says so",
        "until the turn is over.",
        "for want of memory",
        "calls of which several can be under way",
        "an object of his own",
        "See the module.",
        "with 500, as we had it",
        "slow on these days",
        "split over\n# two lines, in so\n# many tokens",
    ],
)
def test_a_phrase_is_found(text: str) -> None:
    assert list(phrases_in(text))


@pytest.mark.parametrize(
    "text",
    [
        "dearly",
        "Dear Ada,",
        "There is no time left.",
        "Is there a file?",
        "anybody",
        "It goes on the page.",
        "a bill that is over the limit",
        "not only for A but for B",
        "no file of the host",
        "see the module docstring",
    ],
)
def test_ordinary_words_are_not_phrases(text: str) -> None:
    assert list(phrases_in(text)) == []


def test_every_phrase_says_what_to_write_instead() -> None:
    assert len(PHRASES) >= 19
    assert all(phrase.instead for phrase in PHRASES)


def test_the_security_page_names_only_tests_that_exist() -> None:
    page = ROOT / "SECURITY.md"
    named = re.findall(r"\]\(((?:tests|docs)/[^)#]+)\)", text_of(page))
    assert len(named) >= 12
    assert [path for path in named if not (ROOT / path).is_file()] == []
    rows = [
        row for row in section(text_of(page), "What is protected").splitlines()[2:] if row.startswith("|")
    ]
    assert [row for row in rows if "](tests/" not in row and not row.startswith(("|---", "| from "))] == []
