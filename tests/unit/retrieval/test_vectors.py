"""The nearest vectors, and whether a second ranking may take part."""

from __future__ import annotations

import random
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.retrieval.fusion import fused, passes

numpy = pytest.importorskip("numpy")

from harlm.retrieval.vectors import Vectors  # noqa: E402 - needs numpy


def row(*numbers: float) -> bytes:
    return array("f", numbers).tobytes()


def test_the_nearest_are_those_of_an_exact_search() -> None:
    chance = numpy.random.default_rng(3)
    shape = chance.standard_normal((24, 100)).astype("f4")
    given_rows = (chance.standard_normal((5_000, 24)).astype("f4") @ shape).astype("f4")
    vectors = Vectors(100)
    for at in range(0, 5_000, 700):
        vectors.add_floats(given_rows[at : at + 700])
    assert len(vectors) == 5_000
    units = given_rows / numpy.linalg.norm(given_rows, axis=1, keepdims=True)
    found = 0
    for at in range(40):
        query = given_rows[at] + 0.3 * chance.standard_normal(100).astype("f4")
        exact = numpy.argsort(-(units @ query))[:10].tolist()
        nearest = vectors.nearest(query.astype("<f4").tobytes(), 10)
        found += len({number for number, _ in nearest} & set(exact))
        assert [cosine for _, cosine in nearest] == sorted((cosine for _, cosine in nearest), reverse=True)
    assert found >= 0.95 * 400


def test_a_vector_is_found_as_soon_as_it_is_added() -> None:
    vectors = Vectors(3)
    assert vectors.nearest(row(1, 0, 0), 5) == []
    vectors.add([row(1, 0, 0), row(0, 2, 0)])
    assert [number for number, _ in vectors.nearest(row(0, 1, 0.1), 5)] == [1, 0]
    vectors.add([row(0, 1, 0.1), row(0, 0, 0)])
    (number, cosine), *_ = vectors.nearest(row(0, 1, 0.1), 1)
    assert (number, round(cosine, 5)) == (2, 1.0)
    assert vectors.nearest(row(0, 0, 0), 2)[0][1] == 0.0


def test_another_dimension_is_refused() -> None:
    vectors = Vectors(3)
    with pytest.raises(ValueError, match="a vector has 2 numbers, but the others have 3"):
        vectors.add([row(1, 2)])
    assert len(vectors) == 0


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
