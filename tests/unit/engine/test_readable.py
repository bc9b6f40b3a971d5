"""What a provider sent becomes readable in one place."""

from __future__ import annotations

import pytest

from harlm.engine.readable import readable
from harlm.types import LONGEST_REPLY, ToolCall
from tests.support.completions import completion


def test_a_plain_reply_is_itself() -> None:
    plain = completion("4711")
    assert readable(plain) is plain


@pytest.mark.parametrize("text", ["<think>\n1234? No.\n</think>\n\n4711", "1234? No.\n</think>\n\n4711"])
def test_thoughts_are_set_aside(text: str) -> None:
    said = readable(completion(text))
    assert said.text.strip() == "4711"
    assert "1234? No." in said.thoughts


def test_thoughts_in_a_field_of_their_own_come_first() -> None:
    said = readable(completion("<think>two</think>4711", thoughts="one"))
    assert said.thoughts.split() == ["one", "two"]
    assert said.text.strip() == "4711"


def test_thoughts_stay_counted() -> None:
    assert readable(completion("<think>x</think>4711", tokens=900)).usage.output_tokens == 900


def test_a_reply_is_cut_at_its_longest_and_says_so() -> None:
    said = readable(completion("a" * (LONGEST_REPLY + 5)))
    assert (len(said.text), said.stop) == (LONGEST_REPLY, "length")
    assert len(readable(completion("x", thoughts="t" * (LONGEST_REPLY + 5))).thoughts) == LONGEST_REPLY


def test_halves_of_characters_are_replaced() -> None:
    said = readable(completion("a\ud83d", thoughts="b\ud83d"))
    (said.text + said.thoughts).encode()


def test_a_reply_with_a_call_of_a_tool_stops_for_it() -> None:
    assert readable(completion("Let me look.", calls=(ToolCall(name="x", arguments=""),))).stop == "tool"
