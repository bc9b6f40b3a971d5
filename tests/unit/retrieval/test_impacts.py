from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.retrieval import impacts
from harlm.retrieval.impacts import K1, B, Impact, Impacts

LENGTHS = st.lists(st.integers(1, 2_000), min_size=1, max_size=120)


def _bm25(lengths: list[int], words: list[dict[int, int]]) -> list[float]:
    """As it is defined, in floating point."""
    mean = max(1.0, sum(lengths) / len(lengths))
    scores = [0.0] * len(lengths)
    for counts in words:
        rarity = math.log(1 + (len(lengths) - len(counts) + 0.5) / (len(counts) + 0.5))
        for at, count in counts.items():
            norm = K1 * (1 - B + B * lengths[at] / mean)
            scores[at] += rarity * count * (K1 + 1) / (count + norm)
    return scores


@given(st.data())
def test_scores_are_those_of_bm25(data: st.DataObject) -> None:
    lengths = data.draw(LENGTHS)
    at = st.integers(0, len(lengths) - 1)
    words = data.draw(st.lists(st.dictionaries(at, st.integers(1, 20), min_size=1), min_size=1, max_size=70))
    first = data.draw(at)
    last = data.draw(st.integers(first, len(lengths) - 1))
    k = data.draw(st.integers(1, 130))
    of = Impacts(lengths)
    made: list[Impact] = []
    for counts in words:
        ordered = dict(sorted(counts.items()))
        if data.draw(st.booleans()):
            made.append(of.dense(len(counts), of.spread([*ordered], ordered.values())))
        else:
            made.append(of.sparse([*ordered], ordered.values()))

    found = of.best(made, k, first, last)

    expected = {
        number: score
        for number, score in enumerate(_bm25(lengths, words))
        if first <= number <= last and score
    }
    assert len(found) == min(k, len(expected))
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    most = (K1 + 1) * sum(math.log(1 + (len(lengths) - len(w) + 0.5) / (len(w) + 0.5)) for w in words)
    for number, score in found:
        assert score == pytest.approx(expected[number], abs=0.02 * most)
    weakest = min((score for _, score in found), default=0.0)
    left = [score for number, score in expected.items() if number not in dict(found)]
    assert all(score <= weakest + 0.04 * most for score in left)


def test_a_word_is_made_once_while_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    of = Impacts([100] * 50)
    made: list[str] = []

    def ask(word: str) -> None:
        def make() -> Impact:
            made.append(word)
            return of.sparse([1, 2], [1, 1])

        of.of(word, make)

    ask("a")
    ask("a")
    assert made == ["a"]
    monkeypatch.setattr(impacts, "_ROOM", 500)
    for word in ("b", "c", "b", "a"):
        ask(word)
    assert made == ["a", "b", "c", "a"], "the one used longest ago went"


def test_impacts_of_another_index_are_refused() -> None:
    with pytest.raises(ValueError, match="3 impacts for 2 passages, 1 of them"):
        Impacts([1, 2]).dense(1, b"\x01\x02\x03")


def test_a_query_without_words_finds_nothing() -> None:
    assert Impacts([1, 2]).best([], 5, 0, 1) == []
