from __future__ import annotations

import pytest

from tests.support import office_files as office
from tests.support.office_files import document_of, docx, label, paragraph, read, text_of, xml

CELL = "<w:tc>{}<w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"
RUN = "<w:r><w:t>{}</w:t></w:r>"
BOX = "<w:txbxContent>{}</w:txbxContent>"


def runs(content: str) -> str:
    """The text of a document of one paragraph with this content."""
    return text_of("x.docx", docx(f"<w:p>{content}</w:p>"))


def row(*cells: str) -> str:
    return "<w:tr>" + "".join(cells) + "</w:tr>"


def cell(text: str, properties: str = "") -> str:
    return CELL.format(f"<w:tcPr>{properties}</w:tcPr>", text)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (f"<w:ins>{RUN.format('new')}</w:ins><w:del><w:r><w:delText>old</w:delText></w:r></w:del>", "new"),
        (f"<w:moveTo>{RUN.format('to')}</w:moveTo><w:moveFrom>{RUN.format('from')}</w:moveFrom>", "to"),
        (f"<w:hyperlink>{RUN.format('link')}</w:hyperlink>", "link"),
        (f"<w:smartTag><w:smartTag>{RUN.format('Paris')}</w:smartTag></w:smartTag>", "Paris"),
        (f"<w:customXml>{RUN.format('own')}</w:customXml>", "own"),
        (f"<w:fldSimple w:instr='DATE'>{RUN.format('May')}</w:fldSimple>", "May"),
        ("<w:r><w:instrText>PAGE</w:instrText></w:r>" + RUN.format("7"), "7"),
        (f"<w:sdt><w:sdtPr/><w:sdtContent>{RUN.format('chosen')}</w:sdtContent></w:sdt>", "chosen"),
        ("<w:r><w:t>555</w:t><w:noBreakHyphen/><w:t>0142</w:t></w:r>", "555-0142"),
        ("<w:r><w:t>co</w:t><w:softHyphen/><w:t>operate</w:t></w:r>", "cooperate"),
        ("<w:r><w:t>a</w:t><w:br/><w:t>b</w:t><w:tab/><w:t>c</w:t><w:cr/><w:t>d</w:t></w:r>", "a b\tc d"),
        ('<w:r><w:br w:type="page"/><w:t>a</w:t></w:r>', "a"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F0FE"/><w:t> yes</w:t></w:r>', "☑ yes"),
        (
            "<w:r><w:ruby><w:rubyPr/><w:rt><w:r><w:t>とうきょう</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>東京</w:t></w:r>"
            "</w:rubyBase></w:ruby><w:t>駅</w:t></w:r>",
            "東京駅",
        ),
        (
            "<m:oMath><m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f></m:oMath>",
            "(a+b)/2",
        ),
        ("<m:oMath><m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath>", "x^2"),
    ],
)  # fmt: skip
def test_a_paragraph_reads_as_its_page_shows_it(content: str, text: str) -> None:
    assert runs(content) == text


CHECK = "<w:r><w:fldChar><w:ffData><w:checkBox>{}</w:checkBox></w:ffData></w:fldChar></w:r>" + RUN.format(
    " yes"
)
CHOICES = '<w:listEntry w:val="red"/><w:listEntry w:val="blue"/>'
CHOICE = "<w:r><w:fldChar><w:ffData><w:ddList>{}" + CHOICES + "</w:ddList></w:ffData></w:fldChar></w:r>"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (CHECK.format('<w:default w:val="0"/><w:checked/>'), "☒ yes"),
        (CHECK.format('<w:default w:val="0"/>'), "☐ yes"),
        (CHECK.format('<w:checked w:val="false"/>'), "☐ yes"),
        (CHOICE.format('<w:result w:val="1"/>'), "blue"),
        (CHOICE.format(""), "red"),
        (CHOICE.format('<w:result w:val="9"/>') + RUN.format("a"), "a"),
        ('<w:r><w:fldChar w:fldCharType="begin"/></w:r>' + RUN.format("a"), "a"),
    ],
)
def test_the_state_of_a_form_is_read(content: str, text: str) -> None:
    assert runs(content) == text


def test_one_branch_of_alternatives_is_read() -> None:
    box = BOX.format(paragraph("Call 112"))
    choice = f"<mc:Choice Requires='wps'><w:drawing>{box}</w:drawing></mc:Choice>"
    fallback = f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback>"
    both = f"<mc:AlternateContent>{choice}{fallback}</mc:AlternateContent>"
    assert runs(f"<w:r>{both}</w:r>{RUN.format('Rules')}") == "Rules\nCall 112"


def test_the_fallback_is_read_if_the_choice_has_nothing() -> None:
    choice = "<mc:Choice Requires='zz'><zz:new xmlns:zz='zz'/></mc:Choice>"
    alternatives = "<mc:AlternateContent>{}<mc:Fallback>{}</mc:Fallback></mc:AlternateContent>"
    assert runs(f"<w:r>{alternatives.format(choice, '<w:t>plain</w:t>')}</w:r>") == "plain"
    assert text_of("x.docx", docx(alternatives.format(choice, paragraph("block")))) == "block"
    readable = f"<mc:Choice Requires='w'>{paragraph('block')}</mc:Choice>"
    assert text_of("x.docx", docx(alternatives.format(readable, paragraph("other")))) == "block"


@pytest.mark.parametrize(
    "wrapper",
    [
        "<w:sdt><w:sdtContent>{}</w:sdtContent></w:sdt>",
        "<w:customXml w:element='x'><w:customXmlPr/>{}</w:customXml>",
        "<w:ins>{}</w:ins>",
        "<w:moveTo>{}</w:moveTo>",
        "<w:sdt><w:sdtContent><w:customXml>{}</w:customXml></w:sdtContent></w:sdt>",
    ],
)
def test_wrappers_may_stand_round_blocks_rows_and_cells(wrapper: str) -> None:
    assert text_of("x.docx", docx(wrapper.format(paragraph("a")) + paragraph("b"))) == "a\nb"
    cells = cell("Name") + wrapper.format(cell("Grace"))
    table = f"<w:tbl>{row(cells)}{wrapper.format(row(cell('x'), cell('y')))}</w:tbl>"
    assert text_of("x.docx", docx(table)) == "Name\tGrace\nx\ty"


def test_cells_keep_their_columns() -> None:
    wide, tall, below = '<w:gridSpan w:val="2"/>', '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    rows = [
        row(cell("Region"), cell("Revenue", wide), cell("No</w:t><w:tab/><w:t>te")),
        row(cell("North", tall), cell("Q1"), cell("5001"), cell("")),
        row(cell("", below), cell("Q2"), cell("7310"), cell("x")),
        "<w:tr><w:trPr><w:gridBefore w:val='1'/></w:trPr>" + cell("late") + "</w:tr>",
        "<w:tr><w:trPr><w:del/></w:trPr>" + cell("deleted") + "</w:tr>",
    ]
    assert text_of("x.docx", docx(f"<w:tbl>{''.join(rows)}</w:tbl>")) == (
        "Region\tRevenue\t\tNo te\nNorth\tQ1\t5001\nNorth\tQ2\t7310\tx\n\tlate"
    )


NOTES = {
    "footnotes.xml": (
        "footnotes",
        xml(
            "w:footnotes",
            f'<w:footnote w:type="separator" w:id="0">{paragraph("---")}</w:footnote>'
            f'<w:footnote w:id="2">{paragraph("excluding holidays")}{paragraph("and Sundays")}</w:footnote>'
            f'<w:footnote w:id="3">{paragraph("unused")}</w:footnote>',
        ),
    ),
    "endnotes.xml": (
        "endnotes",
        xml("w:endnotes", f'<w:endnote w:id="2">{paragraph("Smith 1999")}</w:endnote>'),
    ),
    "comments.xml": (
        "comments",
        xml(
            "w:comments",
            f'<w:comment w:id="0" w:author="Ann">{paragraph("ask legal")}</w:comment>'
            f'<w:comment w:id="1">{paragraph("nowhere")}</w:comment>',
        ),
    ),
}


def test_notes_and_comments_follow_the_paragraph_that_refers_to_them() -> None:
    body = (
        '<w:p><w:r><w:t>Three days</w:t><w:footnoteReference w:id="2"/></w:r><w:r><w:endnoteReference w:id="2"/>'
        '</w:r><w:r><w:commentReference w:id="0"/><w:t> notice</w:t></w:r></w:p>' + paragraph("Next")
    )
    document = document_of("x.docx", docx(body, NOTES))
    assert document.text == (
        "Three days notice\nFootnote 1: excluding holidays and Sundays\nEndnote 1: Smith 1999\n"
        "Comment (Ann): ask legal\nNext\nComment: nowhere"
    )
    assert label(document, "Sundays") == "paragraph 1"
    assert label(document, "Next") == "paragraph 2"


def test_headers_and_footers_are_read_once_after_the_text() -> None:
    parts = {
        "header1.xml": ("header", xml("w:hdr", paragraph("Contract 88") + paragraph("1"))),
        "header2.xml": ("header", xml("w:hdr", paragraph("Contract 88"))),
        "footer1.xml": ("footer", xml("w:ftr", paragraph("Confidential"))),
    }
    document = document_of("x.docx", docx(paragraph("Body"), parts))
    assert document.text == "Body\nHeader: Contract 88\nFooter: Confidential"
    assert label(document, "Body") == "paragraph 1"


def test_a_text_box_follows_its_paragraph_and_may_hold_others() -> None:
    inner = f"<w:p><w:r><w:pict>{BOX.format(paragraph('inner'))}</w:pict><w:t>outer</w:t></w:r></w:p>"
    assert runs(f"<w:r><w:pict>{BOX.format(inner)}</w:pict><w:t>text</w:t></w:r>") == "text\nouter\ninner"


def test_a_watermark_is_read() -> None:
    assert (
        runs('<w:r><w:t>a</w:t><w:pict><v:shape><v:textpath string="DRAFT"/></v:shape></w:pict></w:r>')
        == "a\nDRAFT"
    )


def test_charts_and_smart_art_follow_their_paragraph() -> None:
    chart = "<c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Growth</a:t></a:r></a:p></c:rich></c:tx></c:title></c:chart>"
    model = "<dgm:ptLst><dgm:pt><dgm:t><a:p><a:r><a:t>Collect</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst>"
    parts = {
        "charts/chart1.xml": ("chart", xml("c:chartSpace", chart)),
        "diagrams/data1.xml": ("diagramData", xml("dgm:dataModel", model)),
    }
    body = (
        '<w:p><w:r><w:t>See</w:t><w:drawing><c:chart r:id="rId1"/></w:drawing>'
        '<w:drawing><dgm:relIds r:dm="rId2"/></w:drawing><w:drawing><c:chart r:id="rId9"/></w:drawing></w:r></w:p>'
    )
    reading = read("x.docx", docx(body, parts))
    assert reading.documents[0].text == "See\nChart: Growth\nCollect"
    assert [each.name for each in reading.skipped] == ["x.docx:parts"]


def test_what_is_left_out_is_reported_with_its_reason() -> None:
    body = (
        "<w:p><w:r><w:t>a</w:t><w:drawing><pic:pic/></w:drawing><w:pict><v:imagedata/></w:pict>"
        "<w:object><v:imagedata/><o:OLEObject/></w:object></w:r>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r>"
        '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>b</w:t></w:r></w:p><w:altChunk/>'
    )
    reading = read("x.docm", docx(body, more={"word/vbaProject.bin": b"\0"}))
    assert reading.documents[0].text == "ab"
    assert {each.name: each.reason.partition(":")[0] for each in reading.skipped} == {
        "x.docm:images": "2 images not read",
        "x.docm:objects": "1 embedded object not read",
        "x.docm:macros": "macros are not read",
        "x.docm:hidden text": "hidden text is left out",
        "x.docm:documents": "1 inserted document not read",
    }


def test_a_strict_document_reads_like_any_other() -> None:
    assert text_of("x.docx", docx(paragraph("Strictly"), is_strict=True)) == "Strictly"


def test_the_main_part_is_the_one_that_the_package_names() -> None:
    assert text_of("x.docx", docx(paragraph("online"), main="word/document2.xml")) == "online"
    assert office.text_of("x.docx", docx(paragraph("odd"), main="odd/Main.xml")) == "odd"
