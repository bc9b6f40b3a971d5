from __future__ import annotations

import pytest

from harlm.types import Context, Document, Marks, pieces, without_surrogates


def test_lines_are_counted_from_one() -> None:
    document = Document(name="a", text="one\ntwo\n\nfour")
    assert list(document.line_starts) == [0, 4, 8, 9]
    assert [document.line_of(offset) for offset in (0, 3, 4, 8, 9, 12)] == [1, 1, 2, 3, 4, 4]
    assert document.place(5).label == "2"


def test_an_extent_is_what_a_reader_counts() -> None:
    document = Document(name="a", text="one\ntwo\nthree\n")
    assert document.text[slice(*document.extent(2) or ())] == "two\n"
    assert document.extent(0) is None
    assert document.extent(9) is None
    pages = Marks(unit="page", starts=[0, 4], numbers=[3, 7])
    paged = Document(name="b", text="one\ntwo", marks=pages)
    assert (paged.extent(7), paged.extent(3), paged.extent(4)) == ((4, 7), (0, 4), None)


def test_lines_are_right_across_pieces() -> None:
    text = "x" * (1 << 20) + "\n" + "y" * (1 << 20) + "\nz"
    document = Document(name="big", text=text)
    assert list(document.line_starts) == [0, (1 << 20) + 1, (2 << 20) + 2]


@pytest.mark.parametrize(
    ("marks", "label", "page"),
    [
        (Marks(unit="page", starts=[0, 10]), "p2", 2),
        (Marks(unit="row", starts=[0, 10]), "row 2", None),
        (Marks(unit="slide", starts=[0, 10]), "slide 2", 2),
        (Marks(unit="cell", starts=[0, 10]), "cell 2", None),
        (Marks(unit="row", starts=[0, 10], numbers=[1, 7], labels=["A row 1", "A row 7"]), "A row 7", None),
        (Marks(unit="line", starts=[0, 10], numbers=[3, 41]), "41", None),
    ],
)
def test_places_are_named_in_the_units_of_the_document(marks: Marks, label: str, page: int | None) -> None:
    place = Document(name="a", text="0123456789abcdef", marks=marks).place(12)
    assert place.label == label
    assert place.page == page
    assert place.line == (41 if marks.unit == "line" else None)


def test_rows_of_a_text_file_have_lines_too() -> None:
    marks = Marks(unit="row", starts=[0, 4], own_lines=True)
    place = Document(name="a.csv", text="a,b\n1,2", marks=marks).place(5)
    assert (place.label, place.line) == ("row 2", 2)


def test_a_digest_depends_on_the_text_alone_and_accepts_lone_surrogates() -> None:
    assert Document(name="a", text="same").digest == Document(name="b", text="same").digest
    assert Document(name="a", text="same\ud800").digest != Document(name="a", text="same").digest


def test_a_context_knows_its_documents_by_name_and_the_first_wins() -> None:
    first, second = Document(name="a", text="1"), Document(name="a", text="2")
    context = Context(documents=(first, second))
    assert context.by_name["a"] is first
    assert context.characters == 2


def test_pieces_join_to_the_text() -> None:
    assert list(pieces("", 3)) == [""]
    assert list(pieces("abcdefg", 3)) == ["abc", "def", "g"]


def test_lone_surrogates_become_one_character_each() -> None:
    assert without_surrogates("a\ud800b\udfff") == "a\ufffdb\ufffd"
    text = "no surrogates: 😀"
    assert without_surrogates(text) is text


def test_several_sheets_may_count_from_1() -> None:
    marks = Marks(unit="row", starts=[0, 2, 4], numbers=[1, 2, 1], labels=["A row 1", "A row 2", "B row 1"])
    document = Document(name="b.xlsx", text="x\ny\nz", marks=marks)
    assert document.extent(1) == (0, 2)
    assert document.extent(2) == (2, 4)
    assert document.extent(3) is None
    assert document.place(4).label == "B row 1"


def test_a_context_digest_depends_on_the_order_of_its_documents() -> None:
    one, two = Document(name="a", text="1"), Document(name="b", text="2")
    assert Context(documents=(one, two)).digest != Context(documents=(two, one)).digest
