"""What cells hand on to children."""

from __future__ import annotations

import pytest

from harlm.context import load
from harlm.engine.handing_on import HandingOn
from harlm.errors import CodeError
from harlm.testing import ScriptedModel
from tests.support.nodes import node_with

LARGE = "a long text of many words " * 50_000
PARTS = [f"part {number} " * 20_000 for number in range(10)]


def test_all_of_a_large_context_is_asked_back_once() -> None:
    node, _ = node_with(ScriptedModel([]))
    handing_on = HandingOn(node, load(LARGE))
    with pytest.raises(CodeError, match=r"hands on 1,300,000 of the 1,300,000 characters"):
        handing_on.check(load(LARGE))
    handing_on.check(load(LARGE))


@pytest.mark.parametrize("given", [LARGE[: len(LARGE) // 2], "a question of its own"])
def test_a_part_is_handed_on(given: str) -> None:
    node, _ = node_with(ScriptedModel([]))
    HandingOn(node, load(LARGE)).check(load(given))


def test_some_of_many_texts_are_a_part() -> None:
    node, _ = node_with(ScriptedModel([]))
    handing_on = HandingOn(node, load(PARTS))
    handing_on.check(load(PARTS[:5]))
    with pytest.raises(CodeError, match="undivided"):
        handing_on.check(load(PARTS[:9]))


def test_a_small_context_may_be_handed_on_whole() -> None:
    node, _ = node_with(ScriptedModel([]))
    HandingOn(node, load("a short text")).check(load("a short text"))
