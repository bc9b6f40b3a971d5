from __future__ import annotations

import pytest

from harlm.context.named_parts import Meant, NamedParts
from harlm.context.place_names import where
from harlm.types import Document, Marks, Unit

ROWS = [("Sales", 1), ("Sales", 2), ("Sales", 4), ("Costs", 1), ("Costs", 2), ("Costs", 3), ("My Sheet", 7)]
BOOK = Document(
    name="b.xlsx",
    text="x\n" * len(ROWS),
    kind="xlsx",
    marks=Marks(
        unit="row",
        starts=range(0, 2 * len(ROWS), 2),
        numbers=[number for _, number in ROWS],
        labels=[f"{sheet} row {number}" for sheet, number in ROWS],
    ),
)
DECK = Document(
    name="d.pptx",
    text="a\nb\nc\nd\n",
    kind="pptx",
    marks=Marks(
        unit="slide",
        starts=[0, 2, 4, 6],
        numbers=[1, 1, 2, 2],
        labels=["slide 1", "slide 1 notes", "slide 2", "slide 2 notes"],
    ),
)


def meant(document: Document, place: str) -> Meant:
    steps = NamedParts().meant(document, where(place))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Meant = end.value
            return found


@pytest.mark.parametrize(
    ("document", "place", "index"),
    [
        (BOOK, ":Costs row 3", 5),
        (BOOK, ", costs, row 3", 5),
        (BOOK, ":Costs!A2", 4),
        (BOOK, ":Sales row 2", 1),
        (BOOK, ", sheet Sales row 2", 1),
        (BOOK, ":My Sheet row 7", 6),
        (BOOK, ":row 7", 6),
        (BOOK, ":row 4", 2),
        (DECK, ":slide 2", 2),
        (DECK, ":slide 2 notes", 3),
        (DECK, ", Slide 1", 0),
    ],
)
def test_a_label_means_one_part(document: Document, place: str, index: int) -> None:
    assert meant(document, place) == Meant(((2 * index, 2 * index + 2),), is_sure=True)


def test_a_row_of_several_sheets_can_mean_each() -> None:
    assert meant(BOOK, ":row 1") == Meant(((0, 2), (6, 8)), is_sure=False)


@pytest.mark.parametrize("place", [":Costz row 3", ":Costs and Sales row 3", ":elsewhere"])
def test_a_label_that_does_not_exist_is_wrong(place: str) -> None:
    assert meant(BOOK, place) == Meant(is_wrong=True)


def test_rows_that_do_not_exist_mean_nothing() -> None:
    assert meant(BOOK, ":Costs row 9") == Meant()
    assert meant(BOOK, ":Sales row 3") == Meant()


def test_a_range_goes_to_its_last_row() -> None:
    assert meant(BOOK, ":Costs rows 2-3") == Meant(((8, 12),), is_sure=True)
    assert meant(BOOK, ":Costs rows 2-99") == Meant(((8, 12),), is_sure=True)


def counted(unit: Unit, *, own_lines: bool = False) -> Document:
    marks = None if unit == "line" else Marks(unit=unit, starts=[0, 4], own_lines=own_lines)
    return Document(name="a", text="1\n2\n3\n4", marks=marks)


@pytest.mark.parametrize(
    ("document", "place", "span", "is_sure"),
    [
        (counted("line"), ":2", (2, 4), True),
        (counted("line"), ":2-3", (2, 6), True),
        (counted("line"), ", row 2", (2, 4), True),
        (counted("line"), ":2 (main)", (2, 4), False),
        (counted("line"), ", § 2", (2, 4), False),
        (counted("page"), ":2", (4, 7), True),
        (counted("page"), ", Seite 2", (4, 7), True),
        (counted("page"), ", pp. 1-2", (0, 7), True),
        (counted("slide"), ", page 2", (4, 7), True),
        (counted("row", own_lines=True), ":row 2", (4, 7), True),
        (counted("row", own_lines=True), ", line 2", (2, 4), True),
        (counted("row", own_lines=True), ", Zeile 2", (4, 7), True),
    ],
)
def test_a_number_means_a_part_in_its_unit(
    document: Document, place: str, span: tuple[int, int], is_sure: bool
) -> None:
    assert meant(document, place) == Meant((span,), is_sure)


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (counted("line"), ":9"),
        (counted("line"), ", page 1"),
        (counted("page"), ", line 2"),
        (counted("paragraph"), ", page 2"),
        (counted("line"), ":main"),
        (counted("row", own_lines=True), ", line 9"),
    ],
)
def test_another_unit_means_nothing(document: Document, place: str) -> None:
    assert meant(document, place) == Meant()


def test_a_million_labels_are_read_in_steps() -> None:
    count = 1_000_000
    labels = [f"S row {number}" for number in range(1, count + 1)]
    book = Document(
        name="b",
        text="x" * count,
        marks=Marks(unit="row", starts=range(count), numbers=range(1, count + 1), labels=labels),
    )
    parts = NamedParts()
    assert sum(1 for _ in parts.meant(book, where(":S row 999999"))) > 200
    assert sum(1 for _ in parts.meant(book, where(":S row 5"))) == 0
