from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from harlm.models.reply_reader import ReplyReader
from harlm.redact import Redactor
from harlm.types import LONGEST_REPLY, TokenLogprob, ToolCall


class _Reader(ReplyReader):
    def read(self, value: Mapping[str, Any]) -> None:
        self.say(value["text"])


@given(st.text(max_size=30), st.lists(st.integers(1, 3), max_size=40))
def test_words_in_halves_of_utf_16_are_whole_again(text: str, sizes: list[int]) -> None:
    halves = "".join(
        character if ord(character) < 0x10000 else "".join(map(chr, memoryview(character.encode("utf-16-le")).cast("H")))
        for character in text
    )  # fmt: skip
    reader, at = _Reader(), 0
    for size in [*sizes, len(halves)]:
        reader.read({"text": halves[at : at + size]})
        at += size
    assert reader.text == text


def test_half_a_character_at_the_end_costs_that_character() -> None:
    reader = _Reader()
    reader.read({"text": "ab\ud83d"})
    assert reader.text == "ab\ufffd"


def test_the_text_so_far_is_heard_and_a_key_in_pieces_is_not() -> None:
    heard: list[str] = []
    reader = _Reader(heard.append, Redactor(["sk-0123456789"]))
    for piece in ("a sk-01", "23456", "789 b"):
        reader.read({"text": piece})
        reader.hear()
    assert heard == ["a ", "a ", "a [redacted] b"]


def test_a_tool_call_is_put_together_from_its_pieces() -> None:
    reader = _Reader()
    reader.call(0, "python", '{"code": ')
    reader.call(0, None, '"x"}')
    reader.call(1, "search", {"q": "é"})
    assert reader.calls == (
        ToolCall(name="python", arguments='{"code": "x"}'),
        ToolCall(name="search", arguments='{"q": "é"}'),
    )
    assert reader.has_words


def test_what_a_server_sends_without_end_is_bounded() -> None:
    reader = _Reader()
    for number in range(300):
        reader.say("x" * 10_000)
        reader.think("x" * 10_000)
        reader.refuse("x" * 10_000)
        reader.call(number, "n" * 1_000, "x" * 10_000)
        reader.call(0, None, "x" * 10_000)
        for _ in range(100):
            reader.likely(TokenLogprob(token="x", logprob=0.0))
    assert len(reader.text) == LONGEST_REPLY + 1
    assert len(reader.thoughts) == LONGEST_REPLY
    assert len(reader.refusal) == 10_000
    assert len(reader.calls) == 64
    assert max(len(call.arguments) for call in reader.calls) == 100_000
    assert max(len(call.name) for call in reader.calls) == 80
    assert len(reader.logprobs) == 10_000
