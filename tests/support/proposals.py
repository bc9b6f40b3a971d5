"""Tasks as strategies see them, and what the cells of a proposal answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harlm.branching.strategies.asked import Asked
from harlm.context import load, profile
from harlm.guest.combinators import Combinators
from harlm.types import ModelFacts, Price, Proposal, Task
from tests.support.scripted_leaf import Named, ScriptedLeaf

SUB = ModelFacts(name="sub", window=100_000, price=Price(input=0.25, cached=0.025, output=2.0))
ROOT = ModelFacts(name="root", window=200_000, price=Price(input=1.25, cached=0.125, output=10.0))


def asked_of(question: str, texts: Mapping[str, str] | str, *, root: ModelFacts = ROOT) -> Asked:
    """A question over texts."""
    context = load(texts)
    return Asked(
        task=Task(question=question, context=context),
        profile=profile(context),
        root=root,
        sub=SUB,
        concurrency=8,
    )


class _Finished(Exception):
    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value


def final_of(proposal: Proposal, texts: Mapping[str, str] | str, leaf: ScriptedLeaf) -> object:
    """What the cells of a proposal finish with."""
    context = texts if isinstance(texts, str) else [Named.of(name, text) for name, text in texts.items()]

    def finish(value: object) -> None:
        raise _Finished(value)

    names: dict[str, Any] = {"context": context, "FINAL": finish, "print": lambda *_: None}
    names |= Combinators(leaf.serve, leaf.serve_many, context).named()
    try:
        for cell in proposal.cells:
            exec(cell, names)
    except _Finished as finished:
        return finished.value
    raise AssertionError("the cells did not finish")
