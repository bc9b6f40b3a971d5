"""What clients send: known fields are checked, others are accepted."""

from __future__ import annotations

import msgspec
import pytest

from harlm.server.bodies import ChatRequest, ResponsesRequest


def test_fields_that_mean_nothing_are_accepted() -> None:
    body = b"""{"model": "harlm/auto", "messages": [{"role": "user", "content": "a", "name": "me"}], "temperature": 0.2, "top_p": 1,
    "max_tokens": 5, "seed": 1, "stop": ["x"], "user": "me", "logit_bias": {"1": 2}, "tool_choice": "none", "stream": null}"""
    asked = msgspec.json.decode(body, type=ChatRequest)
    assert (asked.model, asked.messages[0].content, asked.stream) == ("harlm/auto", "a", None)


def test_content_may_be_parts() -> None:
    body = b'{"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {}}]}]}'
    content = msgspec.json.decode(body, type=ChatRequest).messages[0].content
    assert isinstance(content, tuple)
    assert [part.type for part in content] == ["text", "image_url"]


def test_input_is_text_or_items() -> None:
    assert msgspec.json.decode(b'{"model": "m", "input": "a"}', type=ResponsesRequest).input == "a"
    body = b'{"model": "m", "input": [{"role": "user", "content": [{"type": "input_text", "text": "a"}]}]}'
    items = msgspec.json.decode(body, type=ResponsesRequest).input
    assert isinstance(items, tuple)
    assert [each.type for each in items] == ["message"]


@pytest.mark.parametrize(
    "body", [b"{}", b'{"model": 1, "messages": []}', b'{"model": "m", "messages": {}}', b"[]", b'{"model": "m", "messages": [1]}']
)  # fmt: skip
def test_known_fields_are_checked(body: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=ChatRequest)
