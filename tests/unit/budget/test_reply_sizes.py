from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.budget.reply_sizes import ReplySizes

MODEL = "maker/model"


def after(replies: Sequence[int], role: str = "sub") -> int:
    """What is asked for after replies of these lengths."""
    sizes = ReplySizes()
    for tokens in replies:
        sizes.learn(MODEL, role, tokens)
    return sizes.wanted(MODEL, role)


@pytest.mark.parametrize(("role", "first"), [("root", 8_192), ("sub", 4_096), ("another", 4_096)])
def test_before_anything_was_seen_there_is_room_for_thoughts(role: str, first: int) -> None:
    assert ReplySizes().wanted(MODEL, role) == first


def test_a_few_replies_say_nothing() -> None:
    assert after([10] * 7) == 4_096
    assert after([10] * 8) < 4_096


def test_models_and_roles_are_told_apart() -> None:
    sizes = ReplySizes()
    for _ in range(20):
        sizes.learn(MODEL, "sub", 300)
    assert sizes.wanted(MODEL, "sub") < 1_000
    assert sizes.wanted(MODEL, "root") == 8_192
    assert sizes.wanted("maker/other", "sub") == 4_096


@given(st.lists(st.integers(0, 30_000), min_size=8, max_size=600))
def test_at_least_99_of_100_recent_replies_would_have_fit_or_were_longer_than_is_ever_asked_for(
    replies: list[int],
) -> None:
    wanted = after(replies)
    recent = replies[-256:]
    assert 256 <= wanted <= 16_384
    assert sum(tokens <= wanted for tokens in recent) >= 0.99 * len(recent) or wanted == 16_384


@given(st.lists(st.integers(0, 30_000), min_size=8, max_size=300))
def test_nothing_far_beyond_the_longest_reply_is_reserved(replies: list[int]) -> None:
    assert after(replies) <= max(256, 1.5 * max(replies))


def test_one_long_reply_in_three_hundred_is_not_reserved_for() -> None:
    random = Random(1)
    replies = [random.randrange(200, 500) for _ in range(299)]
    replies.insert(150, 15_000)
    assert after(replies) < 1_000


def test_what_was_long_ago_is_forgotten() -> None:
    assert after([9_000] * 300 + [400] * 256) == after([400] * 256) < 1_000
    assert after([400] * 300 + [9_000] * 256) >= 9_000


@pytest.mark.parametrize(("most", "ceiling"), [(None, 16_384), (128_000, 16_384), (8_192, 8_192)])
def test_a_reply_that_was_cut_is_asked_for_with_what_the_model_can_write_at_most(
    most: int | None, ceiling: int
) -> None:
    assert ReplySizes.ceiling(most) == ceiling
