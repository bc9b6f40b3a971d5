"""The suite finds what is wrong with an embedder."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from harlm.embedders.hashing import HashingEmbedder
from harlm.testing.contracts import EmbedderContract
from harlm.testing.contracts.embedder import cosine

SUITE = EmbedderContract()


def row(*numbers: float) -> bytes:
    return array("f", numbers).tobytes()


@dataclass
class Broken:
    """An embedder with one fault."""

    vector: Callable[[str], bytes]
    dimension: int | None = 2
    tag: str = "broken"
    drops_last: bool = False

    async def embed(self, texts: Sequence[str]) -> Sequence[bytes]:
        return [self.vector(each) for each in texts][: -1 if self.drops_last else None]


async def test_a_good_one_passes() -> None:
    good = HashingEmbedder()
    await SUITE.test_each_text_has_one_vector_of_one_dimension(good)
    await SUITE.test_texts_with_the_same_words_are_closer_than_others(good)
    await SUITE.test_many_calls_can_run_at_once(good)


async def test_faults_are_found() -> None:
    counted = itertools.count(1)
    for broken in (
        Broken(lambda text: row(1.0, 0.0), drops_last=True),
        Broken(lambda text: row(*[1.0] * (len(text) + 1))),
        Broken(lambda text: row(1.0, 0.0), dimension=3),
        Broken(lambda text: row(1.0, next(counted))),
        Broken(lambda text: row(1.0, 0.0), tag=""),
    ):
        with pytest.raises(AssertionError):
            await SUITE.test_each_text_has_one_vector_of_one_dimension(broken)
    with pytest.raises(AssertionError):
        await SUITE.test_texts_with_the_same_words_are_closer_than_others(Broken(lambda text: row(1.0, 0.0)))
    with pytest.raises(AssertionError):
        await SUITE.test_many_calls_can_run_at_once(Broken(lambda text: row(1.0, next(counted))))


def test_equal_vectors_have_the_similarity_1() -> None:
    assert cosine(row(1.0, 2.0), row(2.0, 4.0)) == pytest.approx(1.0)
    assert cosine(row(1.0, 0.0), row(0.0, 1.0)) == pytest.approx(0.0)
