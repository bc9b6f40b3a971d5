from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.models.request_form import NEW_NAME, OLD_NAME, RequestForm, form_for
from harlm.types import Message, Sampling

BODY: dict[str, Any] = {
    "model": "m", "max_tokens": 8_192, "temperature": 0.0, "seed": 7, "stream": True, "stream_options": {},
    "response_format": {}, "logprobs": True, "top_logprobs": 5,
    "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
}  # fmt: skip


def learned(said: str, body: dict[str, Any] = BODY, status: int = 400) -> RequestForm:
    form = RequestForm()
    assert form.adapt(body, said, status, overflows=False), said
    return form


@pytest.mark.parametrize(
    ("said", "parameter"),
    [
        ("Unsupported parameter: 'seed' is not supported with this model.", "seed"),
        ("seed: Extra inputs are not permitted", "seed"),
        ("Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.", "temperature"),
        ("Unrecognized request argument supplied: stream_options", "stream_options"),
        ("response_format of type json_schema is not supported", "response_format"),
        ("This model does not support structured outputs", "response_format"),
        ("top_logprobs is not allowed", "top_logprobs"),
        ("logprobs are not supported", "logprobs"),
    ],
)  # fmt: skip
def test_a_parameter_that_is_refused_by_name_is_left_out(said: str, parameter: str) -> None:
    form = learned(said)
    assert not form.takes(parameter)
    assert form.kept({parameter: 1, "other": 2}) == {"other": 2}
    assert (form.streams, form.limit_name, form.has_system) == (True, OLD_NAME, True)


def test_streaming_is_given_up_where_it_is_refused() -> None:
    form = learned("Your organization must be verified to stream this model.")
    assert not form.streams
    assert not RequestForm().adapt(BODY, "upstream error", 400, overflows=False)
    assert not RequestForm().adapt(BODY, "the stream ended", 502, overflows=False)


def test_the_limit_is_renamed_and_then_left_out() -> None:
    form = learned(
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    )
    assert form.limit_name == NEW_NAME
    body = {**BODY, NEW_NAME: 8_192}
    del body[OLD_NAME]
    assert form.adapt(body, "Unsupported parameter: 'max_completion_tokens'", 400, overflows=False)
    assert form.limit_name is None


@pytest.mark.parametrize(
    ("said", "most"),
    [
        ("max_tokens is too large: 8192. This model supports at most 4096 completion tokens, whereas you provided 8192.", 4_096),
        ("max_tokens: 8192 > 4096, which is the maximum allowed number of output tokens for m", 4_096),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 4096]", 4_096),
        ("`max_tokens` must be less than or equal to `4,096`, the maximum value for `max_tokens` for this model", 4_096),
        ("maxOutputTokens must be in the range 1 (inclusive) to 4097 (exclusive), max output tokens", 4_096),
        ("max_tokens is too large", 4_096),
    ],
)  # fmt: skip
def test_a_limit_that_is_too_large_is_lowered_to_what_is_named_or_to_half(said: str, most: int) -> None:
    form = learned(said)
    assert form.most_output == most
    assert (form.limit(8_192), form.limit(100), form.limit(None)) == (most, 100, None)
    assert form.limit_name == OLD_NAME


def test_a_limit_that_does_not_fit_next_to_the_prompt_is_lowered_once() -> None:
    form = RequestForm()
    assert form.adapt(BODY, "maximum context length is 4096 tokens", 400, overflows=True)
    assert form.most_output == 1_024
    assert not form.adapt({**BODY, "max_tokens": 1_024}, "the same", 400, overflows=True)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("System role not supported", 400),
        ("Unsupported value: 'messages[0].role' does not support 'system' with this model.", 400),
        ("Value is not callable: System role not supported", 500),
        ("Conversation roles must alternate user/assistant/user/assistant/...", 400),
    ],
)
def test_the_words_of_the_system_move_to_the_first_message_of_the_user(said: str, status: int) -> None:
    form = learned(said, status=status)
    placed = form.placed(
        [
            Message(role="system", content="rules"),
            Message(role="user", content="one"),
            Message(role="assistant", content="two"),
            Message(role="user", content="three"),
        ]
    )
    assert [(each.role, each.content) for each in placed] == [
        ("user", "rules\n\none"), ("assistant", "two"), ("user", "three"),
    ]  # fmt: skip


def test_what_was_not_sent_is_not_learned_and_nothing_is_learned_twice() -> None:
    form = RequestForm()
    body = {"model": "m", "messages": [{"role": "user", "content": "u"}]}
    for said in ("seed", "temperature", "max_tokens is too large", "system role", "response_format"):
        assert not form.adapt(body, said, 400, overflows=False)
    assert form.adapt(BODY, "seed", 400, overflows=False)
    assert not form.adapt({**body, "seed": 1}, "seed", 400, overflows=False)


@given(st.lists(st.sampled_from(
    ["seed", "temperature", "max_tokens", "max_completion_tokens", "too large", "at most 5", "stream", "system role", "logprobs", "json_schema", "not supported", "9999"]
), max_size=6))  # fmt: skip
def test_any_refusal_repeated_comes_to_an_end(parts: list[str]) -> None:
    form, said = RequestForm(), " ".join(parts)
    for _ in range(40):
        body = dict(
            form.kept(
                {
                    key: BODY[key]
                    for key in ("temperature", "seed", "response_format", "logprobs", "top_logprobs")
                }
            )
        )
        body["messages"] = BODY["messages"] if form.has_system else BODY["messages"][1:]
        if form.limit_name is not None:
            body[form.limit_name] = form.limit(8_192)
        if form.streams:
            body["stream"] = True
        if not form.adapt(body, said, 400, overflows=False):
            return
    pytest.fail("it never ends")


def test_choices_are_asked_for_by_a_schema() -> None:
    schema = RequestForm().schema_of(Sampling(choices=("Yes", "No")))
    assert schema is not None
    assert schema["properties"] == {"choice": {"type": "string", "enum": ["Yes", "No"]}}
    assert RequestForm().schema_of(Sampling(schema={"type": "object"})) == {"type": "object"}
    assert RequestForm().schema_of(Sampling()) is None


def test_openai_is_asked_by_the_new_name_of_the_limit() -> None:
    assert form_for("https://api.openai.com/v1").limit_name == NEW_NAME
    assert form_for("http://127.0.0.1:1/v1").limit_name == OLD_NAME


@pytest.mark.parametrize(
    ("said", "most"),
    [
        ("maximum context length is 4096 tokens. However, you requested 63596 tokens (3596 in the messages, 60000 in the completion)", 500),
        ("max_tokens is too large, 60000 > 4096 - 3596", 500),
        ("the request exceeds the context size", 1_024),
    ],
)  # fmt: skip
def test_what_a_refusal_leaves_of_the_window_is_the_limit(said: str, most: int) -> None:
    form = RequestForm()
    assert form.adapt(BODY, said, 400, overflows=True)
    assert form.most_output == most


def test_a_server_that_only_streams_is_asked_for_streams() -> None:
    form = RequestForm()
    body = {"model": "m", "messages": []}
    assert form.adapt(
        body, "This model only supports stream mode, please enable the stream parameter", 400, overflows=False
    )
    assert form.must_stream


def test_streams_that_break_off_twice_are_given_up() -> None:
    form = RequestForm()
    form.stream_broke()
    assert form.streams
    form.stream_broke()
    assert not form.streams
