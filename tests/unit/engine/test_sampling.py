"""Sampling is always sent."""

from __future__ import annotations

import pytest

from harlm.engine.call import Call, make
from harlm.engine.node import Node
from harlm.engine.sampling import seed_of, temperature_in_key, temperature_of
from harlm.journal import InMemoryCalls, Reuse
from harlm.types import Message
from tests.support.completions import SayingModel
from tests.support.nodes import ask_model, node_with


def node_at(temperature: float | None, seed: int | None = None) -> Node:
    node, _ = node_with(SayingModel(["x"])) if seed is None else node_with(SayingModel(["x"]), seed=seed)
    node.run.temperature = temperature
    return node


def test_the_default_is_zero_and_one_for_a_repeated_call() -> None:
    node, _ = node_with(SayingModel(["x"]))
    assert [temperature_of(node, sample) for sample in (0, 1, 2)] == [0.0, 1.0, 1.0]


def test_a_child_that_was_asked_the_same_as_another_is_a_repetition() -> None:
    node = node_at(0.0, seed=7)
    twin = node.child(sample=2)
    assert (temperature_of(twin, 0), seed_of(twin, 0)) == (1.0, 9)
    assert (temperature_of(node.child(), 0), seed_of(node.child(), 0)) == (0.0, 7)
    assert temperature_of(twin.child(), 0) == 1.0


def test_a_temperature_that_was_set_is_kept_for_repeated_calls() -> None:
    assert [temperature_of(node_at(0.7), sample) for sample in (0, 1)] == [0.7, 0.7]


def test_the_server_may_choose() -> None:
    assert [temperature_of(node_at(None), sample) for sample in (0, 1)] == [None, None]


def test_each_repetition_has_its_own_seed() -> None:
    node = node_at(0.0, seed=2**63 - 1)
    seeds = [seed_of(node, sample) for sample in range(3)]
    assert seeds[0] == 2**63 - 1
    assert len(set(seeds)) == 3
    assert all(seed is not None and -(2**63) <= seed < 2**63 for seed in seeds)
    assert seed_of(node_at(0.0), 5) is None


async def test_what_is_sent() -> None:
    model = SayingModel(["x"])
    node, _ = node_with(model, seed=3)
    await ask_model(node)
    await make(node, Call(model=model, messages=[Message(role="user", content="q")], role="sub", sample=1))
    assert [(each.temperature, each.seed) for each in model.sampled] == [(0.0, 3), (1.0, 4)]


# -- the key -----------------------------------------------------------------------------------------------


def test_the_default_adds_nothing_to_a_key() -> None:
    """So replies that were paid for before are known."""
    assert temperature_in_key(node_at(0.0)) is None


@pytest.mark.parametrize("other", [0.7, None])
async def test_a_reply_at_another_temperature_is_another_reply(other: float | None) -> None:
    store = InMemoryCalls()
    asked = []
    for temperature in (0.0, other, 0.0, other):
        model = SayingModel(["x"])
        node, _ = node_with(model)
        node.run.temperature = temperature
        node.run.reuse, node.run.identity_of = Reuse(store), lambda each: each.name
        await ask_model(node, [Message(role="user", content="q")], "sub")
        asked.append(len(model.asked))
    assert asked == [1, 1, 0, 0]
