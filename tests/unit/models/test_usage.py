from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.models.usage import estimated_usage
from harlm.tokens import estimate_tokens
from harlm.types import Message


@given(st.lists(st.text(max_size=40), max_size=4), st.text(max_size=40))
def test_tokens_are_estimated_and_the_cost_is_unknown(prompts: list[str], reply: str) -> None:
    messages = [Message(role="user", content=prompt) for prompt in prompts]
    usage = estimated_usage(messages, reply)
    assert usage.input_tokens == sum(map(estimate_tokens, prompts))
    assert usage.output_tokens == estimate_tokens(reply)
    assert (usage.calls, usage.cost_micros, usage.estimated) == (1, None, True)
