from __future__ import annotations

import pytest

from tests.support.office_files import docx, item, level, numbering, paragraph, style, styles, text_of

OUTLINE = level(0, "%1.") + level(1, "%1.%2") + level(2, "(%3)", "lowerLetter")


@pytest.mark.parametrize(
    ("levels", "items", "shown"),
    [
        (OUTLINE, [("a", 0), ("b", 0), ("c", 0)], "1. a\n2. b\n3. c"),
        (OUTLINE, [("a", 0), ("b", 1), ("c", 1), ("d", 0), ("e", 1)], "1. a\n1.1 b\n1.2 c\n2. d\n2.1 e"),
        (OUTLINE, [("a", 0), ("b", 2), ("c", 2), ("d", 0), ("e", 2)], "1. a\n(a) b\n(b) c\n2. d\n(a) e"),
        (level(0, "Article %1:", "upperRoman"), [("a", 0), ("b", 0)], "Article I: a\nArticle II: b"),
        (level(0, "\uf0b7", "bullet"), [("a", 0), ("b", 0)], "• a\n• b"),
        (level(0, "–", "bullet"), [("a", 0)], "– a"),
        (level(0, "", "none"), [("a", 0)], "a"),
        (level(0, "%1.", "upperRoman") + level(1, "%1.%2", more="<w:isLgl/>"), [("a", 0), ("b", 1)], "I. a\n1.1 b"),
        (level(0, "%1.") + level(1, "%2)", more='<w:lvlRestart w:val="0"/>'), [("a", 0), ("b", 1), ("c", 0), ("d", 1)],
         "1. a\n1) b\n2. c\n2) d"),
    ],
)  # fmt: skip
def test_items_carry_the_numbers_that_word_shows(
    levels: str, items: list[tuple[str, int]], shown: str
) -> None:
    body = "".join(item(text, at) for text, at in items)
    assert text_of("x.docx", docx(body, {"numbering.xml": numbering(levels)})) == shown


def test_a_list_restarts_where_its_own_start_says_so() -> None:
    uses = (
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
        '<w:num w:numId="2"><w:abstractNumId w:val="0"/></w:num>'
        '<w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/>'
        "</w:lvlOverride></w:num>"
    )
    body = item("a", list_id=1) + item("b", list_id=2) + item("c", list_id=3) + item("d", list_id=3)
    parts = {"numbering.xml": numbering(level(0, "%1."), uses)}
    assert text_of("x.docx", docx(body, parts)) == "1. a\n2. b\n5. c\n6. d"


def test_the_list_may_come_from_the_style_of_a_paragraph_or_its_base() -> None:
    numbered = '<w:numPr><w:numId w:val="1"/></w:numPr>'
    parts = {
        "numbering.xml": numbering(level(0, "%1.") + level(1, "%1.%2", more='<w:pStyle w:val="L2"/>')),
        "styles.xml": styles(
            style("L1", "List", numbered), style("L2", "List 2", numbered), style("Own", "Own", base="L1")
        ),
    }
    body = "".join(
        paragraph(text, f'<w:pStyle w:val="{own}"/>')
        for text, own in [("a", "L1"), ("b", "L2"), ("c", "Own")]
    )
    plain = paragraph("d", '<w:pStyle w:val="L1"/><w:numPr><w:numId w:val="0"/></w:numPr>')
    assert text_of("x.docx", docx(body + plain, parts)) == "1. a\n1.1 b\n2. c\nd"


def test_numbers_stand_in_cells_too() -> None:
    table = f"<w:tbl><w:tr><w:tc>{item('a')}{item('b')}</w:tc><w:tc>{item('c')}</w:tc></w:tr></w:tbl>"
    assert text_of("x.docx", docx(table, {"numbering.xml": numbering(level(0, "%1."))})) == "1. a 2. b\t3. c"


@pytest.mark.parametrize(
    ("own", "shown"),
    [
        (style("berschrift1", "heading 1"), "# T"),
        (style("3", "Heading 3"), "### T"),
        (style("Own", "My own", '<w:outlineLvl w:val="1"/>'), "## T"),
        (style("TOC", "TOC Heading", '<w:outlineLvl w:val="9"/>', base="H1"), "T"),
        (style("Own", "My own", base="H1"), "# T"),
        (style("Heading1", "Not one"), "T"),
        (style("Loop", "Loop", base="Loop"), "T"),
    ],
)
def test_headings_are_known_by_the_name_of_their_style(own: str, shown: str) -> None:
    own_id = own.partition('styleId="')[2].partition('"')[0]
    parts = {"styles.xml": styles(own, style("H1", "heading 1"))}
    assert text_of("x.docx", docx(paragraph("T", f'<w:pStyle w:val="{own_id}"/>'), parts)) == shown


def test_a_heading_may_say_its_level_itself_or_have_a_known_id_without_styles() -> None:
    body = paragraph("a", '<w:outlineLvl w:val="0"/>') + paragraph("b", '<w:pStyle w:val="Heading2"/>')
    assert text_of("x.docx", docx(body)) == "# a\n## b"


def test_a_numbered_heading_has_its_number() -> None:
    parts = {
        "numbering.xml": numbering(level(0, "%1") + level(1, "%1.%2", more='<w:pStyle w:val="B"/>')),
        "styles.xml": styles(
            style("A", "heading 1", '<w:numPr><w:numId w:val="1"/></w:numPr>'),
            style("B", "heading 2", '<w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr>'),
        ),
    }
    body = "".join(
        paragraph(text, f'<w:pStyle w:val="{own}"/>') for text, own in [("Scope", "A"), ("Terms", "B")]
    )
    assert text_of("x.docx", docx(body, parts)) == "# 1 Scope\n## 1.1 Terms"


def test_a_list_without_a_definition_has_no_number() -> None:
    assert text_of("x.docx", docx(item("a", list_id=7))) == "a"
    uses = '<w:num w:numId="1"><w:abstractNumId w:val="9"/></w:num>'
    assert text_of("x.docx", docx(item("a"), {"numbering.xml": numbering("", uses)})) == "1. a"
