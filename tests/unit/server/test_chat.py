"""``/v1/chat/completions`` over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from harlm.testing import ChatServer, Request
from tests.support.served import ANSWER, QUESTION, asking_of, says, served

SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "Found", "schema": {"type": "object", "properties": {"service": {"type": "string"}}, "required": ["service"]}},
}  # fmt: skip


def test_a_chat_is_answered_with_its_sources() -> None:
    with ChatServer(says) as model, served(asking_of(model)) as server:
        got = server.chat().json
    (choice,) = got["choices"]
    assert choice["message"]["content"] == ANSWER
    assert choice["finish_reason"] == "stop"
    (cited,) = choice["message"]["annotations"]
    assert ANSWER[cited["start_index"] : cited["end_index"]] == "[docs/tls.md:1]"
    assert got["object"] == "chat.completion"
    assert got["model"] == "harlm/docs"
    assert (
        got["usage"]["total_tokens"] == got["usage"]["prompt_tokens"] + got["usage"]["completion_tokens"] > 0
    )
    assert got["harlm"]["citations"][0]["quote"] == "Only billing still uses TLS 1.1."
    assert got["id"].endswith(got["harlm"]["run"])


def test_a_stream_holds_the_same_in_pieces() -> None:
    long = f"{'word ' * 400}[docs/tls.md:1]"
    with ChatServer(lambda _: long) as model, served(asking_of(model)) as server:
        got = server.chat(stream=True, stream_options={"include_usage": True})
    assert got.headers["content-type"].startswith("text/event-stream")
    assert got.text == long
    assert got.body.endswith(b"data: [DONE]\n\n")
    first, *_, last, usage = got.events
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["choices"][0]["delta"]["annotations"][0]["place"] == "docs/tls.md:1"
    assert last["harlm"]["status"] == "ok"
    assert usage["choices"] == []
    assert usage["usage"]["total_tokens"] > 0


def test_usage_is_not_streamed_unless_it_is_wanted() -> None:
    with served() as server:
        events = server.chat(stream=True).events
    assert all(each["usage"] is None and each["choices"] for each in events)


def test_the_conversation_is_the_context_of_auto() -> None:
    asked: list[Request] = []

    def reply(request: Request) -> str:
        asked.append(request)
        return "green [message-1-user:1]"

    said = {"role": "user", "content": "The sky is green."}
    with ChatServer(reply) as model, served(asking_of(model)) as server:
        got = server.chat(said, {"role": "user", "content": "Which colour?"}, model="harlm/auto").json
    assert got["choices"][0]["message"]["annotations"][0]["quote"] == "The sky is green."
    assert "The sky is green." in asked[0].prompt
    assert "billing" not in asked[0].prompt


def test_a_follow_up_is_asked_with_the_turns_before_it() -> None:
    asked: list[Request] = []

    def reply(request: Request) -> str:
        asked.append(request)
        return ANSWER

    turns = [QUESTION, {"role": "assistant", "content": "Billing, then mail."}]
    with ChatServer(reply) as model, served(asking_of(model)) as server:
        assert server.chat(*turns, {"role": "user", "content": "and the second one?"}).status == 200
    assert "Assistant: Billing, then mail." in asked[0].prompt
    assert "and the second one?" in asked[0].prompt


@pytest.mark.parametrize("stream", [False, True])
def test_a_typed_reply_is_json(stream: bool) -> None:
    with (
        ChatServer(lambda _: '{"service": "billing"}') as model,
        served(asking_of(model)) as server,
    ):
        got = server.chat(response_format=SCHEMA, stream=stream)
    text = got.text if stream else got.json["choices"][0]["message"]["content"]
    assert text == '{"service":"billing"}'


def test_an_answer_that_cannot_follow_the_schema_is_422() -> None:
    with ChatServer(lambda _: "no JSON at all") as model, served(asking_of(model)) as server:
        got = server.chat(response_format=SCHEMA)
        assert server.is_healthy
    assert (got.status, got.json["error"]["code"]) == (422, "no_answer")
    assert got.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 2}, "n"),
        ({"n": 0}, "n"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"response_format": {"type": "yaml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format"),
        ({"metadata": {"harlm_max_cost": "none"}}, "metadata.harlm_max_cost"),
        ({"metadata": {"harlm_mode": "none"}}, "metadata.harlm_mode"),
        ({"messages": []}, None),
        ({"messages": [{"role": "wizard", "content": "a"}]}, "messages[0].role"),
    ],
)
def test_what_cannot_be_done_is_refused_by_its_field(fields: dict[str, Any], param: str | None) -> None:
    with served() as server:
        got = server.chat(**fields)
    assert (got.status, got.json["error"]["param"]) == (400, param)
    assert got.json["error"]["type"] == "invalid_request_error"


def test_fields_that_mean_nothing_change_nothing() -> None:
    with ChatServer(says) as model, served(asking_of(model)) as server:
        got = server.chat(
            n=1, tools=[], temperature=2, max_tokens=1, stop=["billing"], logprobs=True, user="me"
        )
    assert got.json["choices"][0]["message"]["content"] == ANSWER
