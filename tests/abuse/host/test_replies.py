"""Replies of a model that repeats itself: to read one costs time and memory in proportion to its length."""

from __future__ import annotations

import random

import pytest

from tests.abuse.host import replies
from tests.support.host import FUZZ, Case, Host

pytestmark = pytest.mark.timeout(600)
_SIZE = 1_000_000 if FUZZ else 100_000
_CHANCE = random.Random(15)
_MANY = 300 if FUZZ else 6
_ENDS = ("ok", "partial", "not_found", "LimitExceeded", "NoAnswer", "BadCompletion")
"""How runs may end. A reply of nothing but thoughts, marks or blanks has no text, which is a bad completion."""


@pytest.mark.parametrize("kind", replies.known(100))
def test_a_reply_is_taken_apart_in_time_that_is_linear_in_it(host: Host, kind: str) -> None:
    """F7."""
    host.hold(Case(name=f"reply: {kind}", replies=[replies.known(_SIZE)[kind]], turns=2, ends=_ENDS))


@pytest.mark.parametrize("kind", replies.answers(100))
def test_citations_are_found_in_time_that_is_linear_in_the_answer(host: Host, kind: str) -> None:
    """F7."""
    host.hold(Case(name=f"answer: {kind}", replies=[replies.answers(_SIZE)[kind]], mode="direct"))


def test_no_pumped_reply_holds_the_host(host: Host) -> None:
    """F7."""
    host.hold(
        *(
            Case(
                name=f"pumped {number}",
                replies=[replies.pumped(_CHANCE, _SIZE)],
                turns=2,
                mode=mode,
                ends=_ENDS,
            )
            for number in range(_MANY)
            for mode in ("full", "direct")
        )
    )
