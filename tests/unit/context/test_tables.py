"""Questions over the tables of documents, on the host."""

from __future__ import annotations

import pytest

from harlm.context.tables import ask_tables
from harlm.guest.worker.context import Library
from harlm.types import Document, Marks

STOCK = Document(name="stock.csv", text="item,qty\nnut,60\nbolt,10\nscrew,70\n")
SHEET = Document(
    name="book.xlsx",
    text="city\tpeople\nRome\t3\nOslo\t1\n",
    marks=Marks(unit="row", starts=(0, 12, 19)),
)


@pytest.mark.parametrize("question", ["How many rows have qty > 50?", "What is the total weight?", "Why?"])
def test_the_answer_is_that_of_a_repl(question: str) -> None:
    library = Library()
    library.add(STOCK.name, True, STOCK.text)
    assert ask_tables(question, [STOCK]) == library.ask_tables(question)


def test_places_are_those_of_the_document() -> None:
    found = ask_tables("How many rows have people > 2?", [STOCK, SHEET])
    assert found["places"] == ["book.xlsx:row 2"]


def test_texts_that_are_too_large_are_refused() -> None:
    found = ask_tables("How many rows are there?", [Document(name="a.csv", text="x" * 16_000_001)])
    assert (found["status"], found["answer"]) == ("refused", "")
    assert "16,000,001 characters" in found["why"]


def test_the_work_can_be_stopped() -> None:
    def check() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        ask_tables("How many rows are there?", [STOCK], check=check)
