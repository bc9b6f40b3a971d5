"""``/v1/responses`` over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from harlm.testing import ChatServer, Request
from tests.support.served import ANSWER, asking_of, says, served


def test_a_response_has_text_sources_and_usage() -> None:
    with ChatServer(says) as model, served(asking_of(model)) as server:
        got = server.respond(metadata={"mine": "x"}).json
    assert (got["object"], got["status"], got["metadata"]) == ("response", "completed", {"mine": "x"})
    (message,) = got["output"]
    (part,) = message["content"]
    assert (part["type"], part["text"]) == ("output_text", ANSWER)
    assert (part["annotations"][0]["type"], part["annotations"][0]["index"]) == ("file_citation", len(ANSWER))
    assert got["usage"]["total_tokens"] > 0
    assert got["harlm"]["status"] == "ok"


def test_a_stream_tells_its_events_in_order() -> None:
    with ChatServer(says) as model, served(asking_of(model)) as server:
        events = server.respond(stream=True).events
    assert [each["sequence_number"] for each in events] == list(range(len(events)))
    assert [each["type"].removeprefix("response.") for each in events] == [
        "created", "in_progress", "output_item.added", "content_part.added", "output_text.delta",
        "output_text.annotation.added", "output_text.done", "content_part.done", "output_item.done", "completed",
    ]  # fmt: skip
    assert events[4]["delta"] == ANSWER
    assert events[-1]["response"]["id"] == events[0]["response"]["id"]
    assert events[-1]["response"]["output"][0]["content"][0]["text"] == ANSWER


def test_items_and_instructions_are_a_conversation() -> None:
    asked: list[Request] = []

    def reply(request: Request) -> str:
        asked.append(request)
        return ANSWER

    given = [
        {"role": "user", "content": [{"type": "input_text", "text": "What uses TLS?"}]},
        {"type": "reasoning", "summary": []},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "All of it."}]},
        {"role": "user", "content": "Which is the oldest?"},
    ]
    with ChatServer(reply) as model, served(asking_of(model)) as server:
        assert server.respond(input=given, instructions="Be brief.").status == 200
    for said in ("Assistant: All of it.", "Which is the oldest?", "Be brief."):
        assert said in asked[0].prompt


def test_a_typed_response_is_json() -> None:
    form = {"type": "json_schema", "name": "Found", "schema": {"type": "array", "items": {"type": "integer"}}}
    with ChatServer(lambda _: "[1, 2]") as model, served(asking_of(model)) as server:
        got = server.respond(text={"format": form}).json
    assert got["output"][0]["content"][0]["text"] == "[1,2]"


def test_a_failure_in_a_stream_is_its_last_event() -> None:
    with ChatServer(says) as model, served(asking_of(model)) as server, model.down():
        *_, last = server.respond(stream=True).events
    assert last["type"] == "response.failed"
    assert last["response"]["error"]["code"] == "model_unavailable"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"tools": [{"type": "web_search"}]}, "tools"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": {"id": "conv_1"}}, "conversation"),
        ({"background": True}, "background"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0].type"),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]}, "input[0].content[0].type"),
        ({"input": []}, None),
        ({"text": {"format": {"type": "grammar"}}}, "text.format.type"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_by_its_field(fields: dict[str, Any], param: str | None) -> None:
    with served() as server:
        got = server.respond(**fields)
    assert (got.status, got.json["error"]["param"]) == (400, param)
