from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context.readers import read_document
from harlm.context.readers.hyphens import MARK
from harlm.context.readers.pdf_columns import Piece, beside_gap, in_columns, may_go_on
from tests.support.making import pdf_page

CATS = ["Cats sleep most of", "the day and hunt", "at night alone."]
DOGS = ["Dogs live in packs", "and guard what they", "think is theirs."]
FISH = ["Fish swim in the sea", "and are not seen by", "most of the others."]


def rows(*columns: list[str], top: float = 700, step: float = 200, width: float = 150) -> list[Piece]:
    """Columns drawn row by row."""
    return [
        Piece(72 + number * step, 72 + number * step + width, top - 14 * line, 12, column[line])
        for line in range(max(map(len, columns)))
        for number, column in enumerate(columns)
        if line < len(column)
    ]


def test_two_columns_are_read_one_after_the_other() -> None:
    pieces = rows(CATS, DOGS)
    assert beside_gap(pieces) == [(0, 1), (2, 3), (4, 5)]
    assert may_go_on(CATS)
    assert not may_go_on(["Owner", "Price"])
    assert in_columns(pieces) == "\n".join(CATS + DOGS)


def test_three_columns_too() -> None:
    assert in_columns(rows(CATS, DOGS, FISH)) == "\n".join(CATS + DOGS + FISH)


def test_lines_across_all_columns_keep_their_place() -> None:
    title = Piece(72, 500, 730, 18, "On animals and their ways")
    middle = Piece(72, 500, 640, 18, "On more animals")
    pieces = [title, *rows(CATS, DOGS), middle, *rows(FISH, CATS, top=600)]
    assert in_columns(pieces) == "\n".join([title.text, *CATS, *DOGS, middle.text, *FISH, *CATS])


def test_columns_of_different_length() -> None:
    longer = [*DOGS, "They also bark at", "all that come near."]
    assert in_columns(rows(CATS, longer)) == "\n".join(CATS + longer)


def test_a_word_broken_at_the_end_of_a_column_goes_on_in_the_next() -> None:
    broken = [*CATS[:2], f"at night, accommo{MARK}"]
    text = in_columns(rows(broken, ["dation is what they", "are looking for", "in winter."]))
    assert text is not None
    assert f"accommo{MARK}dation" in text


@pytest.mark.parametrize(
    "columns",
    [
        (["Retention period", "Backup schedule", "Owner"], ["90 days", "nightly", "the team of Ann"]),
        (["retention", "deletion", "archive"], ["how long data is kept", "when data is removed", "where old data is kept"]),
        (["Name of the item", "A blue chair", "A red table"], ["Price in euro", "12.50 with tax", "99.00 with tax"]),
        (["1.", "2.", "3."], ["first of all we", "then we go on to", "at last we stop"]),
        (CATS[:2], DOGS[:2]),
        (["What is the rule?", "Who decides on it?", "When is it done?"], ["Ask the office.", "The board does.", "Every May it is."]),
    ],
)  # fmt: skip
def test_tables_and_doubtful_pages_stay_as_they_are(columns: tuple[list[str], list[str]]) -> None:
    assert in_columns(rows(*columns)) is None


@pytest.mark.parametrize(
    "pieces",
    [
        [],
        rows(CATS),
        rows(CATS) + rows(DOGS),
        rows(CATS, DOGS, width=195),  # no gap
        [Piece(72, 222, 700 - 14 * line, 12, text) for line, text in enumerate(CATS)]
        + [Piece(300, 450, 700 - 14 * line, 12, text) for line, text in enumerate(DOGS)],
    ],
)
def test_pages_without_interleaved_columns(pieces: list[Piece]) -> None:
    assert in_columns(pieces) is None


_PIECES = st.lists(
    st.builds(
        lambda x, width, y, size, text: Piece(x, x + width, y, size, text),
        st.integers(0, 600), st.integers(0, 300), st.integers(0, 60).map(lambda row: row * 12), st.integers(1, 20),
        st.text("ab A.", min_size=1, max_size=12),
    ),
    max_size=60,
)  # fmt: skip


@given(_PIECES)
def test_no_letter_is_lost_or_doubled(pieces: list[Piece]) -> None:
    text = in_columns(pieces)
    if text is not None:
        written = sorted("".join(piece.text for piece in pieces).replace(" ", ""))
        assert sorted("".join(text.split())) == written


def test_many_pieces_take_no_long_time() -> None:
    pieces = rows(*[[f"and word {line} of it" for line in range(500)] for _ in range(6)], step=100, width=50)
    began = time.process_time()
    in_columns(pieces)
    assert time.process_time() - began < 2


def drawn(*columns: list[str], step: float = 260) -> list[tuple[float, float, str]]:
    return [
        (72 + step * number, 700 - 14 * line, column[line])
        for line in range(len(columns[0]))
        for number, column in enumerate(columns)
    ]


def text_of(pieces: list[tuple[float, float, str]]) -> str:
    return read_document("a.pdf", pdf_page(pieces)).documents[0].text


def test_a_page_of_a_pdf_in_two_columns() -> None:
    title = [
        (
            72.0,
            740.0,
            "A title that continues and continues across both of the columns of this page, to the right edge",
        )
    ]
    text = text_of(title + drawn(CATS, DOGS))
    assert text.split("\n")[1:] == CATS + DOGS


def test_a_page_of_a_pdf_with_a_table() -> None:
    text = text_of(drawn(["Retention", "Backup", "Owner"], ["90 days", "nightly", "Ann"]))
    assert [" ".join(line.split()) for line in text.split("\n")] == [
        "Retention 90 days",
        "Backup nightly",
        "Owner Ann",
    ]


def test_columns_that_are_drawn_one_after_the_other() -> None:
    pieces = drawn(CATS, DOGS)
    text = text_of(pieces[::2] + pieces[1::2])
    assert " ".join(text.split()) == " ".join(CATS + DOGS)


def test_narrow_columns_with_a_small_gap() -> None:
    text = text_of(drawn(CATS, DOGS, FISH, step=130))
    assert text.split("\n") == CATS + DOGS + FISH
