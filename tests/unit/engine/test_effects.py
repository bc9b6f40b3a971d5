"""Effects that wait until it is decided whether their cell counts."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from harlm.engine.effects import Effects
from harlm.errors import CodeError


def written(effects: Effects, *words: str) -> list[str]:
    """What happens, in order."""
    happened: list[str] = []
    for word in words:
        effects.happen(partial(happened.append, word), partial(happened.append, f"no {word}"))
    return happened


async def test_an_effect_happens_at_once_unless_it_is_held() -> None:
    effects = Effects()
    assert written(effects, "a", "b") == ["a", "b"]
    effects.hold()
    assert effects.are_held
    assert written(effects, "c") == []


async def test_effects_of_cells_that_count_happen_in_order_and_later_ones_at_once() -> None:
    effects = Effects()
    effects.hold()
    happened = written(effects, "a", "b")
    effects.keep()
    assert happened == ["a", "b"]
    assert written(effects, "c") == ["c"]
    effects.keep()
    assert happened == ["a", "b"], "each of them once"


async def test_effects_of_cells_that_do_not_count_are_replaced() -> None:
    effects = Effects()
    effects.hold()
    happened = written(effects, "a")
    effects.drop()
    assert happened == ["no a"]
    assert not effects.are_held


async def test_who_waits_for_the_decision_hears_it() -> None:
    effects = Effects()
    await effects.decided()
    for counts in (True, False):
        effects.hold()
        waiting = asyncio.create_task(effects.decided())
        await asyncio.sleep(0)
        assert not waiting.done()
        (effects.keep if counts else effects.drop)()
        if counts:
            await waiting
        else:
            with pytest.raises(CodeError, match="made again"):
                await waiting
