"""What every strategy must do: a function of what was asked that proposes cells, or nothing, and asks no model."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping

import pytest

from harlm.branching.strategies import Asked
from harlm.context import load, profile
from harlm.testing.contracts.missing import missing
from harlm.types import ModelFacts, Price, Proposal, Task

SUB = ModelFacts(name="sub", window=100_000, price=Price(input=0.25, cached=0.025, output=2.0))
ROOT = ModelFacts(name="root", window=200_000, price=Price(input=1.25, cached=0.125, output=10.0))

Propose = Callable[[Asked], Proposal | None]
"""A strategy."""

QUESTIONS = (
    "",
    "?",
    "Who wrote it?",
    "How many of the lines have the label X? The labels are: X, Y.",
    "Compare A and B.",
    "Summarise it.",
    "How many \ud800 '\"{}\\ \n\0 lines?",
    "x" * 5_000,
)
"""Questions that a strategy may be asked."""

TEXTS: tuple[Mapping[str, str] | str, ...] = (
    "A line of text.",
    "id,label\n1,X\n2,Y\n" * 20,
    {"a.txt": "The bridge opened in 1883.\n\nIt closed.", "b '\"{}.csv": "a,b\n1,2\n"},
    {f"{number}.txt": f"Document {number}." for number in range(30)},
)
"""What they may be asked of."""

_ENDS = ("FINAL", "FINAL_VAR", "SUBMIT", "answer")
_GROWTHS = ("constant", "logarithmic", "linear", "factorable pairs", "arbitrary pairs")


def asked_of(question: str, texts: Mapping[str, str] | str, *, root: ModelFacts = ROOT) -> Asked:
    """A question over texts, as strategies see it.

    Args:
        question: the question.
        texts: one text, or several by name.
        root: the root model.
    """
    context = load(texts)
    return Asked(
        task=Task(question=question, context=context),
        profile=profile(context),
        root=root,
        sub=SUB,
        concurrency=8,
    )


class StrategyContract:
    """The laws of a strategy, which is a function ``propose(asked) -> Proposal | None``."""

    @pytest.fixture
    def propose(self) -> Propose:
        """The strategy to test; override it."""
        raise missing(self, "propose")

    @pytest.fixture
    def fitting(self) -> Asked:
        """Something that calls for the strategy (``asked_of``); override it."""
        raise missing(self, "fitting")

    def test_it_proposes_for_what_calls_for_it(self, propose: Propose, fitting: Asked) -> None:
        found = propose(fitting)
        assert found is not None
        _check(found)

    def test_it_proposes_something_whole_or_nothing_for_any_question(self, propose: Propose) -> None:
        for question in QUESTIONS:
            for texts in TEXTS:
                found = propose(asked_of(question, texts))
                if found is not None:
                    _check(found)

    def test_equal_tasks_give_equal_proposals(self, propose: Propose, fitting: Asked) -> None:
        assert propose(fitting) == propose(copy.deepcopy(fitting))

    def test_what_it_was_asked_is_left_as_it_was(self, propose: Propose, fitting: Asked) -> None:
        before = copy.deepcopy(fitting)
        propose(fitting)
        assert (fitting.task, fitting.profile) == (before.task, before.profile)


def _check(found: Proposal) -> None:
    """A proposal can be carried out, and says what it will use."""
    assert isinstance(found, Proposal)
    assert 0 <= found.fit <= 1
    assert found.growth in _GROWTHS
    assert found.leaf in ("none", "reader", "labeller", "judge")
    assert all(each.strip() for each in found.reasons)
    told = found.forecast
    assert min(told.calls, told.input_tokens, told.output_tokens, told.depth) >= 0
    assert told.seconds >= 0
    assert (told.calls == 0) == (found.leaf == "none"), "a strategy that asks nothing forecasts no calls"
    assert found.cells
    for cell in found.cells:
        compile(cell, "a cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    names = {node.id for node in ast.walk(ast.parse(found.cells[-1])) if isinstance(node, ast.Name)}
    assert names & set(_ENDS), "the last cell finishes the task"
