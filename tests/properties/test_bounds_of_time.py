"""Theorems T4 to T6 of docs/design/budget-theorems.md: depth and time of plans, reading in order, and
samples.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.budget.bounds import (
    Reader,
    chunks,
    fan_in,
    least_depth,
    least_tokens,
    makespan,
    map_reduce,
    refine,
    sample_size,
)
from tests.support.plans import SMALL, TOKENS, Executed, readers

# -- T4: depth and time ----------------------------------------------------------------------------------


def random_plan(model: Executed, random: Random, depth: int, text: list[int]) -> int:
    """Any plan that merges in the model, at most this deep; counts in ``text`` what it read of the text."""
    f, c, s = model.reader.fan_in, model.reader.content, model.reader.summary
    below = [
        random_plan(model, random, depth - 1, text)
        for _ in range(random.choice([0, 1, f, random.randint(0, f)]) if depth > 1 else 0)
    ]
    room = c - s * len(below)
    text[0] += (content := random.choice([room, random.randint(0, room)]))
    return model.call(content, below)


@given(SMALL, st.integers(), st.integers(1, 4))
def test_t4_t5_no_plan_that_merges_in_the_model_is_flatter_or_cheaper(
    reader: Reader, seed: int, depth: int
) -> None:
    model, text = Executed(reader), [0]
    assert random_plan(model, Random(seed), depth, text) == model.deepest
    assert model.deepest >= least_depth(text[0], reader)
    assert model.calls >= refine(text[0], reader).calls
    assert model.read >= refine(text[0], reader).input_tokens
    assert model.read >= least_tokens("linear", text[0], reader)


@given(SMALL, st.integers(1, 4))
def test_t4_the_least_depth_is_reached_and_not_one_token_more(reader: Reader, depth: int) -> None:
    f, c, s = reader.fan_in, reader.content, reader.summary
    covered = f ** (depth - 1) * c + (c - f * s) * (f ** (depth - 1) - 1) // (f - 1)
    model, text = Executed(reader), [0]

    def full(levels: int) -> int:
        below = [full(levels - 1) for _ in range(f if levels > 1 else 0)]
        text[0] += (content := c - s * len(below))
        return model.call(content, below)

    assert full(depth) == depth
    assert text[0] == covered
    assert least_depth(covered, reader) == depth
    assert least_depth(covered + 1, reader) == depth + 1


@given(TOKENS, readers())
def test_t4_map_reduce_is_at_most_one_call_deeper_than_the_least(tokens: int, reader: Reader) -> None:
    assert 0 <= map_reduce(tokens, reader).depth - least_depth(tokens, reader) <= 1
    if reader.content % reader.summary == 0:
        assert map_reduce(tokens, reader).depth == least_depth(tokens, reader)


def list_schedule(
    durations: Sequence[int], waits_for: Sequence[Sequence[int]], slots: int, random: Random
) -> int:
    """When the last call ends if no slot is idle while a call is ready; which ready one is next is random."""
    missing = [len(before) for before in waits_for]
    ready = [call for call, count in enumerate(missing) if count == 0]
    running: list[tuple[int, int]] = []
    now = 0
    while ready or running:
        while ready and len(running) < slots:
            call = ready.pop(random.randrange(len(ready)))
            heapq.heappush(running, (now + durations[call], call))
        now, ended = heapq.heappop(running)
        for call, before in enumerate(waits_for):
            if ended in before:
                missing[call] -= 1
                if missing[call] == 0:
                    ready.append(call)
    return now


@st.composite
def graphs(draw: st.DrawFn) -> list[list[int]]:
    """Calls, and those before it that each waits for."""
    return [
        sorted(draw(st.sets(st.integers(0, call - 1), max_size=3))) if call else []
        for call in range(draw(st.integers(1, 20)))
    ]


@given(graphs(), st.integers(1, 6), st.integers(), st.booleans())
def test_t4_every_schedule_that_idles_for_nothing_is_within_the_bounds(
    waits_for: list[list[int]], slots: int, seed: int, alike: bool
) -> None:
    random = Random(seed)
    durations = [1 if alike else random.randint(1, 30) for _ in waits_for]
    chains: list[int] = []
    for duration, before in zip(durations, waits_for, strict=True):
        chains.append(duration + max((chains[each] for each in before), default=0))
    least, most = makespan(sum(durations), max(chains), slots)
    assert least <= list_schedule(durations, waits_for, slots, random) <= most


@given(st.integers(1, 300), SMALL, st.integers(1, 8))
def test_t4_map_reduce_keeps_the_bounds_of_its_cost(tokens: int, reader: Reader, slots: int) -> None:
    waits_for: list[list[int]] = [[] for _ in range(chunks(tokens, reader)[0])]
    level = list(range(len(waits_for)))
    while len(level) > 1:
        _, size = fan_in(len(level), reader)
        waits_for += [level[at : at + size] for at in range(0, len(level), size)]
        level = list(range(len(waits_for) - len(range(0, len(level), size)), len(waits_for)))
    cost = map_reduce(tokens, reader)
    assert cost.calls == len(waits_for)
    least, most = makespan(cost.calls, cost.depth, slots)
    assert least <= list_schedule([1] * cost.calls, waits_for, slots, Random(0)) <= most


# -- T5: in order ----------------------------------------------------------------------------------------


@given(st.integers(0, 20_000), SMALL)
def test_t5_the_cost_of_refining_is_that_of_executing_it(tokens: int, reader: Reader) -> None:
    model, at = Executed(reader), 0
    last: list[int] = []
    while at < tokens:
        size = min(reader.content - reader.summary * len(last), tokens - at)
        last, at = [model.call(size, last)], at + size
    assert refine(tokens, reader) == model.cost


@given(TOKENS, readers())
def test_t5_a_tree_wins_time_not_tokens(tokens: int, reader: Reader) -> None:
    chain, tree = refine(tokens, reader), map_reduce(tokens, reader)
    assert chain.depth == chain.calls
    assert least_tokens("linear", tokens, reader) <= chain.input_tokens <= tree.input_tokens
    assert chain.calls <= tree.calls <= 2 * chain.calls + tree.depth
    assert tree.depth <= chain.depth


# -- T6: less than everything ----------------------------------------------------------------------------


def test_t6_the_sizes_of_the_text_book() -> None:
    assert [sample_size(0.05, 0.05), sample_size(0.02, 0.05), sample_size(0.1, 0.01)] == [738, 4_612, 265]


@pytest.mark.parametrize(("error", "risk"), [(0.05, 0.05), (0.1, 0.1), (0.1, 0.01)])
def test_t6_samples_are_as_near_as_promised_and_a_tenth_of_them_is_not(error: float, risk: float) -> None:
    atoms = [True, False] * 10_000  # a half is the hardest share
    share = 0.5

    def missed(size: int) -> float:
        random = Random(7)
        draws = (random.sample(atoms, size) for _ in range(600))
        return sum(abs(sum(drawn) / size - share) > error for drawn in draws) / 600

    assert missed(sample_size(error, risk)) <= risk
    assert missed(sample_size(error, risk) // 10) > risk
