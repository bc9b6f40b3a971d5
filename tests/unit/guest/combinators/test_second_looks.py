"""Judgements that are made again, and which."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.combinators.judgement import Judgement
from harlm.guest.combinators.leaf import LeafFailed, Room
from harlm.guest.combinators.second_looks import looked_again

JUDGED = st.dictionaries(
    st.integers(0, 400).map(str),
    st.builds(Judgement, st.sampled_from("abc"), st.none() | st.floats(0, 1)),
    max_size=60,
)


def room(*, is_small: bool = False, has_stronger: bool = False) -> Room:
    return Room(1_000, is_small, has_stronger, 0.3, None)


class Asking:
    """Judges as it is told, and remembers what it was asked."""

    def __init__(self, values: Mapping[str, str], *, answers: float = 1.0, fails_at: int = 99) -> None:
        self._values = values
        self._chance = random.Random(1)
        self._answers, self._fails_at = answers, fails_at
        self.asked: list[tuple[str, list[str]]] = []

    def __call__(self, items: Sequence[str], role: str) -> dict[str, Judgement]:
        self.asked.append((role, list(items)))
        if len(self.asked) > self._fails_at:
            raise LeafFailed("none was answered")
        return {
            item: Judgement(self._values.get(item, "a"))
            for item in items
            if self._chance.random() < self._answers
        }


@given(JUDGED, st.floats(0, 1), st.booleans(), st.floats(0, 1), st.integers(0, 3))
def test_coverage_is_never_lower_and_no_item_is_invented(
    first: dict[str, Judgement], share: float, has_stronger: bool, answers: float, fails_at: int
) -> None:
    asking = Asking(dict.fromkeys(first, "b"), answers=answers, fails_at=fails_at)
    again = looked_again(
        first, room=room(has_stronger=has_stronger), share=share, worth=lambda *_: True, ask=asking
    )
    assert set(again.judged) == set(first)
    assert again.looked <= max(1, share * len(first))
    assert 0 <= again.agreed <= again.compared <= len(first)
    assert again.wrong is None or 0 <= again.wrong <= 1
    assert len(asking.asked) <= 3


def certain(**certainty: float) -> dict[str, Judgement]:
    return {item: Judgement("a", each) for item, each in certainty.items()}


def test_with_log_probabilities_the_least_certain_are_judged_by_the_stronger_model() -> None:
    first = certain(u=0.99, v=0.5, w=0.7, x=0.999)
    asking = Asking({"v": "b", "w": "a"})
    again = looked_again(first, room=room(has_stronger=True), share=0.5, worth=lambda *_: True, ask=asking)
    assert asking.asked == [("root", ["v", "w"])]
    assert {item: each.value for item, each in again.judged.items()} == {
        "u": "a",
        "v": "b",
        "w": "a",
        "x": "a",
    }
    assert (again.looked, again.agreed, again.compared) == (2, 1, 2)
    assert again.wrong is not None
    assert again.wrong < 0.01


def test_certain_judgements_are_left() -> None:
    asking = Asking({})
    looked_again(certain(u=0.99, v=0.999), room=room(), share=1.0, worth=lambda *_: True, ask=asking)
    assert asking.asked == []


def test_a_sample_that_agrees_ends_it() -> None:
    first = {str(number): Judgement("a") for number in range(500)}
    asking = Asking({})
    again = looked_again(first, room=room(), share=0.3, worth=lambda *_: True, ask=asking)
    assert [len(items) for _, items in asking.asked] == [200]
    assert (again.wrong, again.agreed, again.compared) == (0.0, 200, 200)


def test_where_two_passes_differ_the_most_votes_decide_or_the_stronger_model() -> None:
    first = {str(number): Judgement("b" if number < 20 else "a") for number in range(100)}
    for has_stronger, role in ((False, "sub"), (True, "root")):
        asking = Asking({})
        again = looked_again(
            first, room=room(has_stronger=has_stronger), share=1.0, worth=lambda *_: True, ask=asking
        )
        assert [each for each, _ in asking.asked] == ["sub", role]
        assert sorted(asking.asked[-1][1], key=int) == [str(number) for number in range(20)]
        assert {each.value for each in again.judged.values()} == {"a"}


def test_nothing_is_asked_that_is_not_worth_it() -> None:
    first = {str(number): Judgement("b") for number in range(50)}
    asking = Asking({})
    again = looked_again(first, room=room(), share=1.0, worth=lambda *_: False, ask=asking)
    assert len(asking.asked) == 1  # the sample that shows how much is wrong
    assert again.judged == first
    for small in (room(is_small=True), room()):
        asking = Asking({})
        looked_again(
            first, room=small, share=0.0 if small == room() else 1.0, worth=lambda *_: True, ask=asking
        )
        assert asking.asked == []
