from __future__ import annotations

import pytest

from tests.support.office_files import line, pptx, read, shape, text_of, xml

BREAK = "<a:p><a:r><a:t>Ada</a:t></a:r><a:br/><a:r><a:t>Engineer</a:t></a:r></a:p>"
NUMBERED = '<a:pPr lvl="{}"><a:buAutoNum type="{}" startAt="{}"/></a:pPr>'
DIAGRAM = '<p:graphicFrame><a:graphic><a:graphicData><dgm:relIds r:dm="rId1"/></a:graphicData></a:graphic></p:graphicFrame>'


def shown(shapes: str) -> str:
    """The text of a slide of these shapes."""
    return text_of("x.pptx", pptx([shapes]))


def table(*rows: str) -> str:
    made = "".join(f"<a:tr>{row}</a:tr>" for row in rows)
    return f"<p:graphicFrame><a:graphic><a:graphicData><a:tbl>{made}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"


def cell(text: str, attributes: str = "") -> str:
    return f"<a:tc {attributes}><a:txBody>{line(text)}</a:txBody></a:tc>"


@pytest.mark.parametrize(
    ("shapes", "text"),
    [
        (shape(BREAK), "Ada\nEngineer"),
        (shape(line("Ada\v Engineer".replace("\v", "_"))), "Ada_ Engineer"),
        (shape("<a:p><a:r><a:t>a</a:t></a:r><a:fld><a:t>2024</a:t></a:fld></a:p>"), "a2024"),
        (shape(line("one")) + shape(line("7"), "sldNum"), "one"),
        (f"<p:grpSp><p:grpSp>{shape(line('deep'))}</p:grpSp>{shape(line('b'))}</p:grpSp>", "deep\nb"),
        (table(cell("Plan") + cell("Price"), cell("Ent") + cell("4,200")), "Plan\tPrice\nEnt\t4,200"),
        (table(cell("a") + cell("") + cell("b\tb"), cell("c")), "a\t\tb b\nc"),
        (table(cell("wide", 'gridSpan="2"') + cell("", 'hMerge="1"') + cell("x")), "wide\t\tx"),
        (
            table(cell("North", 'rowSpan="2"') + cell("Q1"), cell("", 'vMerge="1"') + cell("Q2")),
            "North\tQ1\nNorth\tQ2",
        ),
        (table(f"<a:tc><a:txBody>{BREAK}{line('b')}</a:txBody></a:tc>"), "Ada Engineer b"),
    ],
)
def test_shapes_read_as_the_slide_shows_them(shapes: str, text: str) -> None:
    assert shown(shapes) == text


def test_numbered_paragraphs_have_their_numbers() -> None:
    lines = [
        line("a", NUMBERED.format(0, "arabicPeriod", 3)),
        line("b", NUMBERED.format(1, "alphaLcParenR", 1)),
        line("c", NUMBERED.format(1, "alphaLcParenR", 1)),
        line("d", NUMBERED.format(0, "arabicPeriod", 3)),
        line("e", NUMBERED.format(1, "romanUcParenBoth", 1)),
        line("plain", '<a:pPr lvl="0"/>'),
        line("f", NUMBERED.format(0, "arabicPlain", 1)),
    ]
    assert shown(shape("".join(lines))) == "3. a\na) b\nb) c\n4. d\n(I) e\nplain\n1 f"


def test_one_branch_of_alternatives_is_read() -> None:
    both = "<mc:AlternateContent><mc:Choice Requires='a14'>{}</mc:Choice><mc:Fallback>{}</mc:Fallback></mc:AlternateContent>"
    assert shown(both.format(shape(line("new")), shape(line("old")))) == "new"
    assert shown(both.format("<zz:new xmlns:zz='zz'/>", shape(line("old")))) == "old"
    formula = both.format("<m:oMath><m:r><m:t>x+y</m:t></m:r></m:oMath>", "<a:r><a:t>[image]</a:t></a:r>")
    assert shown(shape(f"<a:p><a:r><a:t>So </a:t></a:r>{formula}</a:p>")) == "So x+y"


def test_the_words_of_smart_art_are_read_from_its_data() -> None:
    points = (
        '<dgm:pt type="doc"/><dgm:pt><dgm:t>' + line("Collect") + "</dgm:t></dgm:pt>"
        '<dgm:pt type="parTrans"><dgm:t>' + line("no") + "</dgm:t></dgm:pt>"
        '<dgm:pt type="node"><dgm:t>' + line("Clean") + line("twice") + "</dgm:t></dgm:pt>"
    )
    data = xml("dgm:dataModel", f"<dgm:ptLst>{points}</dgm:ptLst>")
    deck = pptx([DIAGRAM], {1: {"data1.xml": ("diagramData", data)}})
    assert text_of("x.pptx", deck) == "Collect\nClean twice"


def test_images_objects_and_missing_parts_are_reported() -> None:
    object_ = "<mc:AlternateContent><mc:Choice><p:oleObj/></mc:Choice><mc:Fallback><p:oleObj><p:pic/></p:oleObj></mc:Fallback></mc:AlternateContent>"
    reading = read("x.pptx", pptx([shape(line("a")) + "<p:pic/><p:pic/>" + object_ + DIAGRAM]))
    assert {each.name: each.reason.partition(":")[0] for each in reading.skipped} == {
        "x.pptx:images": "2 images not read",
        "x.pptx:objects": "1 embedded object not read",
        "x.pptx:parts": "1 part not read",
    }
