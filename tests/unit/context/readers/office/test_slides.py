from __future__ import annotations

import pytest

from harlm.context.readers import read_document
from harlm.errors import ContextError
from tests.support.office_files import document_of, label, line, pptx, read, shape, slide, text_of, xml

P188 = "http://schemas.microsoft.com/office/2018/10/relationships/comments"


def test_a_hidden_slide_says_so_and_slides_keep_their_numbers() -> None:
    hidden = slide(shape(line("second")), 'show="0"')
    document = document_of("x.pptx", pptx([shape(line("first")), hidden, shape(line("third"))]))
    assert document.text == "first\n\n[hidden slide]\nsecond\n\nthird"
    assert label(document, "second") == "slide 2"
    assert label(document, "third") == "slide 3"


def test_notes_and_comments_follow_the_slide() -> None:
    old = xml("p:cmLst", '<p:cm authorId="0"><p:text>too long</p:text></p:cm>')
    new = xml(
        "p188:cmLst",
        f'<p188:cm authorId="{{B}}"><p188:replyLst><p188:reply authorId="?"><p188:txBody>{line("agreed")}</p188:txBody>'
        f"</p188:reply></p188:replyLst><p188:txBody>{line('source?')}</p188:txBody></p188:cm>",
    )
    notes = xml("p:notes", shape("", "sldImg") + shape(line("slowly")) + shape(line("1"), "sldNum"))
    parts = {
        1: {
            "../comments/c1.xml": ("comments", old),
            "../comments/c2.xml": (P188, new),
            "../notesSlides/n1.xml": ("notesSlide", notes),
        }
    }
    beside = {
        "commentAuthors.xml": ("commentAuthors", xml("p:cmAuthorLst", '<p:cmAuthor id="0" name="Ann"/>')),
        "authors.xml": ("authors", xml("p188:authorLst", '<p188:author id="{B}" name="Bob"/>')),
    }
    more = {name.replace("../", "ppt/"): text for name, (_, text) in parts[1].items()}
    assert text_of("x.pptx", pptx([shape(line("Plan"))], parts, beside, more)) == (
        "Plan\nNotes: slowly\nComment (Ann): too long\nComment (Bob): source?\nComment: agreed"
    )


def test_sections_are_no_slides() -> None:
    deck = pptx([shape(line("one"))])
    assert text_of("x.pptx", deck) == "one"
    sections = '<p:extLst><p14:sectionLst><p14:sldId id="256"/></p14:sectionLst></p:extLst>'
    root = xml("p:presentation", f'<p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst>{sections}')
    assert text_of("x.pptx", pptx([shape(line("one"))], more={"ppt/presentation.xml": root})) == "one"


def test_a_slide_that_the_file_does_not_have_is_reported_and_keeps_its_number() -> None:
    ids = '<p:sldId id="256" r:id="rId7"/><p:sldId id="257" r:id="rId1"/>'
    root = xml("p:presentation", f"<p:sldIdLst>{ids}</p:sldIdLst>")
    reading = read("x.pptx", pptx([shape(line("one"))], more={"ppt/presentation.xml": root}))
    assert label(reading.documents[0], "one") == "slide 2"
    assert [each.name for each in reading.skipped] == ["x.pptx:parts"]


def test_a_deck_of_images_has_no_text_even_if_a_slide_is_hidden() -> None:
    with pytest.raises(ContextError, match="contains no text"):
        read_document("x.pptx", pptx([slide("<p:pic/>", 'show="0"')]))
