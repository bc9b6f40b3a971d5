from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.models.usage import Counts, estimated_usage, usage_of, usage_so_far
from harlm.tokens import estimate_tokens
from harlm.types import Message

ASKED = [Message(role="user", content="one two three four five")]
_COUNT = st.none() | st.integers(0, 100_000)


@given(st.lists(st.text(max_size=40), max_size=4), st.text(max_size=40))
def test_tokens_are_estimated_and_the_cost_is_unknown(prompts: list[str], reply: str) -> None:
    messages = [Message(role="user", content=prompt) for prompt in prompts]
    usage = estimated_usage(messages, reply)
    assert usage.input_tokens == sum(map(estimate_tokens, prompts))
    assert usage.output_tokens == estimate_tokens(reply)
    assert (usage.calls, usage.cost_micros, usage.estimated) == (1, None, True)


def test_what_the_total_has_beyond_prompt_and_completion_is_output() -> None:
    usage = usage_of(Counts(prompt=100, completion=10, total=1_610, reasoning=1_500), ASKED, "a")
    assert (usage.input_tokens, usage.output_tokens, usage.reasoning_tokens, usage.estimated) == (
        100, 1_510, 1_500, False,
    )  # fmt: skip


def test_reasoning_within_the_completion_is_not_counted_twice() -> None:
    usage = usage_of(Counts(prompt=100, completion=1_510, total=1_610, reasoning=1_500), ASKED, "a")
    assert (usage.input_tokens, usage.output_tokens) == (100, 1_510)


def test_reasoning_beyond_the_completion_stands_beside_it() -> None:
    assert usage_of(Counts(prompt=100, completion=10, reasoning=1_500), ASKED, "a").output_tokens == 1_510


def test_a_count_that_is_missing_follows_from_the_total_or_is_estimated() -> None:
    assert usage_of(Counts(completion=10, total=110), ASKED, "a").input_tokens == 100
    usage = usage_of(Counts(prompt=100), ASKED, "some words of a reply")
    assert usage.estimated
    assert usage.output_tokens == estimate_tokens("some words of a reply")
    usage = usage_of(Counts(completion=10), ASKED, "a")
    assert (usage.estimated, usage.input_tokens) == (True, estimate_tokens(ASKED[0].content))


def test_nothing_reported_is_estimated_but_a_reported_cost_holds() -> None:
    usage = usage_of(Counts(prompt=0, completion=0, dollars=0.5), ASKED, "a word")
    assert (usage.estimated, usage.cost_micros) == (True, 500_000)


def test_absurd_costs_are_ignored() -> None:
    for dollars in (-1.0, 1e9):
        assert usage_of(Counts(prompt=1, completion=1, dollars=dollars), ASKED, "a").cost_micros is None


@given(_COUNT, _COUNT, _COUNT, _COUNT, _COUNT)
def test_never_less_is_booked_than_was_certainly_used(
    prompt: int | None, completion: int | None, total: int | None, cached: int | None, reasoning: int | None
) -> None:
    counts = Counts(prompt=prompt, completion=completion, total=total, cached=cached, reasoning=reasoning)
    usage = usage_of(counts, ASKED, "some words")
    if not counts.is_empty:
        assert usage.input_tokens + usage.output_tokens >= (total or 0)
        assert usage.input_tokens >= (prompt or 0)
        assert usage.output_tokens >= max(completion or 0, reasoning or 0)
    assert usage.output_tokens > 0
    assert usage.input_tokens > 0 or not counts.is_empty
    assert usage.cached_tokens <= usage.input_tokens or counts.is_empty
    assert usage.reasoning_tokens <= usage.output_tokens


def test_later_counts_of_a_reply_only_raise_earlier_ones() -> None:
    counts = Counts(prompt=10, completion=1)
    counts.take(Counts(prompt=0, completion=5, cached=3))
    assert (counts.prompt, counts.completion, counts.cached) == (10, 5, 3)


@given(_COUNT, _COUNT, st.text(max_size=200), st.integers(0, 500))
def test_of_a_reply_that_was_ended_at_least_what_arrived_is_booked(
    prompt: int | None, completion: int | None, text: str, pieces: int
) -> None:
    usage = usage_so_far(Counts(prompt=prompt, completion=completion), ASKED, text, pieces)
    assert usage.output_tokens >= max(estimate_tokens(text), pieces, completion or 0)
    assert usage.input_tokens >= (prompt or 1)
    assert (usage.calls, usage.estimated, usage.cost_micros) == (1, True, None)
