from __future__ import annotations

import json

from harlm.events import CallFinished
from harlm.redact import HIDDEN, Redactor
from harlm.tracing.otel import names
from harlm.tracing.otel.content import Content
from harlm.types import Message, Usage

KEY = "sk-planted-0123456789"
REPLY = CallFinished(
    call=1, text=f"the key is {KEY}", thoughts="hm", usage=Usage(), stop="end", latency_s=0.1
)


def test_without_a_wish_there_are_no_texts() -> None:
    content = Content(Redactor([]))
    assert content.text("a", "secret") == {}
    assert content.sent([Message(role="user", content="secret")]) == {}
    assert content.received(REPLY) == {}
    assert content.said("a", "user", "secret") == {}


def test_messages_have_the_form_of_the_conventions() -> None:
    content = Content(Redactor([KEY]), is_wanted=True)
    sent = content.sent([Message(role="user", content=f"my key: {KEY}")])
    assert json.loads(str(sent[names.INPUT_MESSAGES])) == [
        {"role": "user", "parts": [{"type": "text", "content": f"my key: {HIDDEN}"}]}
    ]
    (received,) = json.loads(str(content.received(REPLY)[names.OUTPUT_MESSAGES]))
    assert [part["type"] for part in received["parts"]] == ["reasoning", "text"]
    assert received["finish_reason"] == "end"
    assert KEY not in str(received)


def test_a_long_text_is_cut_and_no_secret_is_cut_in_two() -> None:
    content = Content(Redactor([KEY]), is_wanted=True)
    text = "a" * (32_768 - 10) + KEY + "b" * 9
    cut = str(content.text("a", text)["a"])
    assert cut.endswith("…")
    assert len(cut) <= 32_769
    assert KEY[:10] not in cut


def test_secrets_are_hidden_in_any_attribute_and_missing_values_left_out() -> None:
    cleaned = Content(Redactor([KEY])).clean({"model": f"a/{KEY}", "nothing": None, "zero": 0, "no": False})
    assert cleaned == {"model": f"a/{HIDDEN}", "zero": 0, "no": False}
