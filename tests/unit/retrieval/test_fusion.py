from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.retrieval.fusion import fused, passes

numpy = pytest.importorskip("numpy")


@given(st.lists(st.lists(st.integers(0, 20), unique=True), max_size=4), st.integers(0, 10))
def test_a_fusion_holds_each_item_once(rankings: list[list[int]], k: int) -> None:
    both = fused(rankings, k)
    assert len(both) == len(set(both)) == min(k, len({item for ranking in rankings for item in ranking}))


def test_what_stands_first_in_both_is_first() -> None:
    assert fused([["a", "b", "c"], ["a", "c", "b"]], 3)[0] == "a"
    assert fused([["a", "b"], ["c", "b"]], 1) == ["b"]


def test_the_gate_lets_in_what_helps_and_keeps_out_what_harms() -> None:
    chance = random.Random(1)
    probes = [(f"q{at}", at) for at in range(40)]
    hard = {f"q{at}" for at in range(0, 40, 4)}

    def words(question: str) -> list[int]:
        wanted = int(question[1:])
        return [100, 101, 102] if question in hard else [wanted, 100, 101]

    def good(question: str) -> list[int]:
        return [int(question[1:]), 200, 201]

    def noise(question: str) -> list[int]:
        return [chance.randrange(40) for _ in range(10)]

    assert passes(probes, words, good)
    assert not passes(probes, words, noise)
    assert not passes([], words, good)


def test_an_item_of_one_ranking_only_keeps_its_order() -> None:
    assert fused([["a", "b", "c"]], 2) == ["a", "b"]
    assert fused([[], ["a"]], 5) == ["a"]
    assert fused([], 5) == []


def test_a_second_retriever_that_finds_nothing_may_take_part() -> None:
    probes = [("q", 1)]
    assert passes(probes, lambda _: [1, 2], lambda _: [])


def test_a_second_retriever_must_not_push_answers_from_rank_1() -> None:
    probes = [("q", 1)]
    assert not passes(probes, lambda _: [1, 2], lambda _: [2, 3])
