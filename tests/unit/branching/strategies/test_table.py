"""When computing over tables is proposed, and that the cell carries it out."""

from __future__ import annotations

from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import pytest

from harlm.branching.strategies import Asked, proposals
from harlm.branching.strategies.table import propose
from harlm.context import load, profile
from harlm.guest.worker.context import Library
from harlm.types import ModelFacts, Proposal, Task
from harlm_bench.scoring import score
from harlm_bench.tasks.tables import FAMILY

STOCK = "item,region,qty\nbolt,North,10\nnut,North,60\nscrew,South,70\n"
PROSE = "The town has two mills.\nIt rains a lot.\n"


MODEL = ModelFacts(name="test/model", window=32_000)


def proposed(question: str, documents: dict[str, str]) -> Proposal | None:
    context = load(documents)
    task = Task(question=question, context=context)
    return propose(Asked(task=task, profile=profile(context), root=MODEL, sub=MODEL, concurrency=8))


def finished(proposal: Proposal, documents: dict[str, str]) -> tuple[str, object]:
    """What the cell prints, and what it finishes with."""
    library = Library()
    for name, text in documents.items():
        library.add(name, True, text)
    given: list[object] = []
    names: dict[str, Any] = {"ask_tables": library.ask_tables, "FINAL": given.append}
    (cell,) = proposal.cells
    with redirect_stdout(StringIO()) as printed:
        exec(compile(cell, "<cell>", "exec"), names)
    return printed.getvalue(), given[0] if given else None


def test_a_question_that_fits_is_computed_without_a_model() -> None:
    documents = {"stock.csv": STOCK}
    found = proposed("How many rows have qty > 50? Answer with the number, and nothing else.", documents)
    assert found is not None
    assert (found.strategy, found.leaf, found.fit) == ("table", "none", 1.0)
    assert (found.forecast.calls, found.forecast.micros) == (0, 0)
    printed, value = finished(found, documents)
    assert value == "2"
    assert printed.startswith("2\n\n2 of 3 rows of stock.csv with qty > 50")


def test_without_a_wish_for_the_value_alone_the_answer_has_places() -> None:
    documents = {"stock.csv": STOCK}
    found = proposed("How many rows have qty > 50?", documents)
    assert found is not None
    assert '[stock.csv:3 "nut,North,60"]' in str(finished(found, documents)[1])


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("When was the mill built?", PROSE),
        ("How many mills has the town?", PROSE),
        ("How many rows have qty > 50?", PROSE),
        ("How many rows have qty > 50?", PROSE * 1_000),
        ("How many rows have colour = red?", STOCK),
        ("Why is the sky blue?", STOCK),
    ],
)
def test_nothing_is_proposed_if_no_table_fits(question: str, text: str) -> None:
    assert proposed(question, {"stock.csv" if text is STOCK else "a.txt": text}) is None


def test_what_was_not_seen_whole_may_fit_and_the_cell_fails_with_the_reason_if_it_does_not() -> None:
    documents = {"stock.csv": STOCK + "screw,South,70\n" * 2_000}
    found = proposed("How many rows have colour = red?", documents)
    assert found is not None
    assert found.fit < 0.5
    assert "no column 'colour'" in found.reasons[0]
    with pytest.raises(ValueError, match="no column 'colour'; columns: item, region, qty"):
        finished(found, documents)


def test_a_question_that_fits_a_table_is_not_labelled() -> None:
    context = load({"stock.csv": STOCK})
    task = Task(question="How many rows have region = North?", context=context)
    found = proposals(Asked(task=task, profile=profile(context), root=MODEL, sub=MODEL, concurrency=8))
    assert found[0].strategy == "table"


@pytest.mark.parametrize("seed", range(1, 4))
def test_the_questions_of_the_benchmark_are_answered(seed: int) -> None:
    window = FAMILY.window(seed, 8_192, 14)
    documents = dict(window.documents)
    for question in window.questions:
        found = proposed(question.text, documents)
        assert found is not None
        assert score(question, str(finished(found, documents)[1])) == 1.0, question.text
