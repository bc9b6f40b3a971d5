"""The cell that asks the tables of a context, and the reading of what it prints."""

from __future__ import annotations

from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import pytest

from harlm.guest.worker.context import Library
from harlm.models.offline.table_programs import read_status, table_program

STOCK = "item,region,qty\nbolt,North,10\nnut,North,60\nscrew,South,70\n"
PROSE = "The town has two mills.\nIt rains a lot.\n"


def run(question: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
    """What the cell prints over one document, and its variables."""
    library = Library()
    library.add(name, True, text)
    names: dict[str, Any] = {"ask_tables": library.ask_tables}
    with redirect_stdout(StringIO()) as printed:
        exec(compile(table_program(question), "<program>", "exec"), names)
    return printed.getvalue(), names


def test_an_answer_is_printed_and_kept() -> None:
    printed, names = run("How many rows have qty > 50?", "stock.csv", STOCK)
    assert read_status(printed) == ("answered", names["result"])
    assert names["result"].startswith("2\n\n2 of 3 rows of stock.csv with qty > 50\n")


@pytest.mark.parametrize(
    ("question", "text", "status", "why"),
    [
        ("How many rows have colour = red?", STOCK, "refused", "no column 'colour'; columns: item, region, qty"),
        ("How many rows have qty > 50?", PROSE, "no table", "no table was recognised, so nothing was counted"),
        ("What does the note say?", STOCK, "not asked", "the question asks for no computation over a table"),
    ],
)  # fmt: skip
def test_why_there_is_no_answer_is_printed(question: str, text: str, status: str, why: str) -> None:
    printed, names = run(question, "stock.csv" if text is STOCK else "prose.txt", text)
    assert read_status(printed) == (status, why)
    assert names["result"] == ""


def test_words_of_a_question_stay_data() -> None:
    printed, _ = run("How many rows have x = '\"); raise SystemExit  #'?", "stock.csv", STOCK)
    assert read_status(printed)[0] == "refused"


@pytest.mark.parametrize("printed", ["", "Traceback", "tables: ans", "tables: "])
def test_an_output_that_is_not_whole_settles_nothing(printed: str) -> None:
    assert read_status(printed)[0] == "not asked"
