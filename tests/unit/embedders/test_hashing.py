"""Vectors of hashed words."""

from __future__ import annotations

import asyncio
import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.embedders.hashing import HashingEmbedder


def vector(text: str, dimension: int = 384) -> list[float]:
    (row,) = asyncio.run(HashingEmbedder(dimension).embed([text]))
    return list(array("f", row))


def length(numbers: list[float]) -> float:
    return math.sqrt(sum(each * each for each in numbers))


@given(st.text(max_size=60), st.integers(1, 64))
def test_a_vector_has_the_dimension_and_unit_length_or_is_zero(text: str, dimension: int) -> None:
    made = vector(text, dimension)
    assert len(made) == dimension
    assert length(made) == pytest.approx(1.0, abs=1e-5) or length(made) == 0.0


@given(st.permutations(["lighthouse", "walnut", "river", "engine"]))
def test_the_order_of_words_does_not_matter(words: list[str]) -> None:
    assert vector(" ".join(words)) == pytest.approx(vector("engine lighthouse river walnut"), abs=1e-6)


def test_inflected_words_and_case_do_not_matter_and_stopwords_are_ignored() -> None:
    assert vector("The engines") == vector("an ENGINE")
    assert length(vector("the of and")) == 0.0
    assert length(vector("")) == 0.0


def test_a_repeated_word_weighs_more_by_the_logarithm() -> None:
    walnut, mixed = vector("walnut"), vector("walnut walnut walnut river")
    shared = sum(one * other for one, other in zip(walnut, mixed, strict=True))
    weight = 1 + math.log(3)
    assert shared == pytest.approx(weight / math.hypot(weight, 1), abs=1e-5)


def test_the_tag_names_the_dimension_so_that_caches_do_not_mix() -> None:
    assert HashingEmbedder(16).tag != HashingEmbedder(32).tag
    assert HashingEmbedder(16).dimension == 16
