from __future__ import annotations

import pytest

from harlm.config import Config, overridden
from harlm.context import load
from harlm.explaining import explained
from harlm.types import Task
from tests.support.routing import ROOT_PRICE, SUB_PRICE, model_of

_FACTS = "".join(f"Ship {n} of captain {n % 17} came on day {n % 300} with salt.\n" for n in range(4_000))
_TASK = Task(question="How many ships carried timber, not salt?", context=load(_FACTS))


@pytest.mark.parametrize("kind", ["trees", "rules"])
def test_changes_lead_to_other_options_than_the_one_that_was_chosen(kind: str) -> None:
    config = overridden(Config(), {"router.kind": kind})
    found = explained(_TASK, config, model_of(price=ROOT_PRICE), model_of("sub", price=SUB_PRICE))
    chosen = (
        found.route.mode if found.route.strategy is None else f"{found.route.mode}: {found.route.strategy}"
    )
    others = [each.option for each in found.changes]
    assert chosen not in others
    assert len(set(others)) == len(others)
    assert all(each.what for each in found.changes)


def test_an_explanation_is_the_same_each_time() -> None:
    models = model_of(price=ROOT_PRICE), model_of("sub", price=SUB_PRICE)
    assert explained(_TASK, Config(), *models) == explained(_TASK, Config(), *models)
