"""Calls of cells with a schema: the value, or an error that says what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from harlm.engine.typed_calls import schema_in, typed_value
from harlm.errors import CodeError
from harlm.types import Message, OutputSchema

PERSON = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


def schema(json_schema: object) -> OutputSchema:
    made = schema_in("llm_query", json.dumps(json_schema))
    assert made is not None
    return made


class Asked:
    """Replies in order, and keeps what it was asked."""

    def __init__(self, *replies: str) -> None:
        self._replies = list(replies)
        self.asked: list[Sequence[Message]] = []
        self.forms: list[Mapping[str, object]] = []

    async def __call__(self, messages: Sequence[Message], form: Mapping[str, object]) -> str:
        self.asked.append(list(messages))
        self.forms.append(form)
        return self._replies.pop(0)


async def test_a_right_reply_is_one_call_that_shows_and_sends_the_form() -> None:
    ask = Asked('{"value": [1, 2]}')
    assert await typed_value("llm_query", "Which?", schema({"type": "array"}), ask) == [1, 2]
    ((message,),) = ask.asked
    assert message.content.startswith("Which?\n\nReply with one JSON value that follows this JSON Schema")
    assert json.dumps(ask.forms[0], separators=(",", ":")) in message.content
    assert ask.forms[0]["required"] == ["value"]


async def test_a_wrong_reply_is_told_its_faults_and_asked_for_once_more() -> None:
    ask = Asked('{"name": 3}', '{"name": "Ada"}')
    assert await typed_value("llm_query", "Who?", schema(PERSON), ask) == {"name": "Ada"}
    assert [each.role for each in ask.asked[1]] == ["user", "assistant", "user"]
    assert ask.asked[1][1].content == '{"name": 3}'
    assert "at `name`: 3 is not of type string" in ask.asked[1][2].content
    assert ask.forms[0] == ask.forms[1] == PERSON


async def test_two_wrong_replies_are_an_error_with_the_second() -> None:
    ask = Asked("I'd say Ada.", '{"name": null}' + " " * 500)
    with pytest.raises(CodeError) as raised:
        await typed_value("llm_query", "Who?", schema(PERSON), ask)
    assert len(ask.asked) == 2
    assert "the reply holds no JSON value" in ask.asked[1][2].content
    assert "two replies did not follow the schema" in str(raised.value)
    assert "at `name`: null is not of type string" in str(raised.value)
    assert len(str(raised.value)) < 600


def test_no_schema_is_none_and_a_bad_one_an_error_in_the_cell() -> None:
    assert schema_in("llm_query", None) is None
    for text, why in (
        ("{", "the schema is not JSON"),
        ('{"type": "text"}', "type 'text' does not exist"),
        ('{"pattern": "a"}', "'pattern' is not taken here"),
        ('{"minimum": 2, "maximum": 1}', "no value can follow it"),
    ):
        with pytest.raises(CodeError, match=f"rlm_query: the schema cannot be used: .*{why}"):
            schema_in("rlm_query", text)
