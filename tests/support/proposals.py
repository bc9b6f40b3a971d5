"""Tasks as strategies see them, and what the cells of a proposal answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harlm.guest.combinators import Combinators
from harlm.testing.contracts.strategy import ROOT, SUB, asked_of
from harlm.types import Proposal
from tests.support.scripted_leaf import Named, ScriptedLeaf

__all__ = ["ROOT", "SUB", "asked_of", "final_of"]


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
