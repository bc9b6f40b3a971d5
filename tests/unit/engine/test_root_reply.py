"""A root model's reply, as a turn reads it."""

from __future__ import annotations

import pytest

from harlm.engine.root_reply import root_reply_in
from tests.support.completions import PRINTS, completion


def test_a_native_call_is_a_cell() -> None:
    said = root_reply_in(completion(calls=(PRINTS,), stop="tool"))
    assert said.reply.cells == ("print(context)",)
    assert said.words, "the transcript shows it"
    assert not said.prose


def test_words_before_a_native_call_are_kept() -> None:
    said = root_reply_in(completion("Let me look.", calls=(PRINTS,), stop="tool"))
    assert said.words.startswith("Let me look.")
    assert said.reply.cells == ("print(context)",)


def test_code_in_the_text_counts_more_than_the_same_in_a_call() -> None:
    said = root_reply_in(completion("```repl\nprint(1)\n```", calls=(PRINTS,), stop="tool"))
    assert [cell.strip() for cell in said.reply.cells] == ["print(1)"]


@pytest.mark.parametrize(
    "text", ["```repl\nkeep = 10\nlimit = 1", "```repl\nprint(2)\n```\n```repl\nlimit = 1"]
)
def test_the_block_in_which_a_reply_was_cut_is_not_run(text: str) -> None:
    said = root_reply_in(completion(text, stop="length"))
    assert not any("limit" in cell for cell in said.reply.cells)
    assert "was cut" in said.cut
    assert "`limit = 1`" in said.cut
    assert not said.prose


def test_a_reply_that_a_filter_stopped_is_cut_too() -> None:
    said = root_reply_in(completion("```repl\nlimit = 1", stop="filter"))
    assert said.reply.cells == ()
    assert "filter" in said.cut


def test_prose_that_was_cut_is_prose() -> None:
    said = root_reply_in(completion("The answer is", stop="length"))
    assert (said.prose, bool(said.cut)) == ("The answer is", True)


@pytest.mark.parametrize(
    "text",
    [
        "```repl\nprint(1)\n```",
        "FINAL(42)",
        '<tool_call>\n{"name": "search", "arguments": {"q": "x"}}\n</tool_call>',
        "",
    ],
)
def test_code_and_calls_are_no_prose(text: str) -> None:
    assert root_reply_in(completion(text)).prose == ""


def test_a_block_of_another_language_may_be_a_part_of_an_answer() -> None:
    text = 'It is this:\n```json\n{"port": 8080}\n```'
    assert root_reply_in(completion(text)).prose == text


def test_the_block_in_which_a_reply_was_ended_here_is_not_run_and_the_model_is_not_told() -> None:
    said = root_reply_in(completion("```repl\nFINAL(x)\n```\nNow\n```repl\ny = 1", stop="enough"))
    assert [cell.strip() for cell in said.reply.cells] == ["FINAL(x)"]
    assert said.cut == ""
