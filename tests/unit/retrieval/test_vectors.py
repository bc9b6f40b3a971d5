"""The nearest vectors, and whether a second ranking may take part."""

from __future__ import annotations

from array import array

import pytest

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
