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
def test_the_first_limit_has_room_for_reasoning(role: str, first: int) -> None:
    assert ReplySizes().wanted(MODEL, role) == first


def test_a_few_replies_do_not_change_the_limit() -> None:
    assert after([10] * 7) == 4_096
    assert after([10] * 8) < 4_096


def test_each_model_and_role_has_its_own_limit() -> None:
    sizes = ReplySizes()
    for _ in range(20):
        sizes.learn(MODEL, "sub", 300)
    assert sizes.wanted(MODEL, "sub") < 1_000
    assert sizes.wanted(MODEL, "root") == 8_192
    assert sizes.wanted("maker/other", "sub") == 4_096


@given(st.lists(st.integers(0, 30_000), min_size=8, max_size=600))
def test_at_least_99_of_100_recent_replies_would_have_fit_or_were_above_the_ceiling(
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


def test_old_replies_are_forgotten() -> None:
    assert after([9_000] * 300 + [400] * 256) == after([400] * 256) < 1_000
    assert after([400] * 300 + [9_000] * 256) >= 9_000


@pytest.mark.parametrize(("most", "ceiling"), [(None, 16_384), (128_000, 16_384), (8_192, 8_192)])
def test_the_ceiling_is_at_most_the_models_longest_reply(most: int | None, ceiling: int) -> None:
    assert ReplySizes.ceiling(most) == ceiling
