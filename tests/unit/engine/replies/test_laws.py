"""Laws of reading replies: nothing is lost, nothing depends on how a reply arrives."""

from __future__ import annotations

import ast

from hypothesis import given, settings
from hypothesis import strategies as st

from harlm.engine.replies import ReplySoFar, markup_only, parse_reply, without_thoughts
from harlm.engine.replies.lines import Scanner

FRAGMENTS = [
    *("```", "````", "~~~", "```repl\n", "```python\n", "```json\n", "\n```\n", "\n```", "```\r\n", "> ", "- ", "1. ", "  ", "\n"),
    *("x = 1\n", "print(llm_query('a'))\n", "y = x + 1\n", "if x:\n    y()\n", "# c ```\n", "s = '''", "'''", '"""', '"', "'", "\\", "("),
    *("<think>", "</think>", "<|channel|>analysis<|message|>", "<|end|>", "[THINK]", "[/THINK]", "analysisA", "assistantfinal"),
    *("<tool_call>", "</tool_call>", '{"name": "python", "arguments": {"code": "z()"}}', "<code>\n", "</code>", "<|im_end|>", "<|python_tag|>"),
    *("FINAL(", ")", "FINAL_VAR(x)", 'answer["content"] = 1\n', "words ", "It's so. ", ">>> a\n", "`", "``", "for x in y: ", ":"),
]  # fmt: skip
REPLIES = st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join)
DRAFTS = ("</", "[/", "◁/", "assistantfinal", "<|end")


def first_cell(text: str) -> str:
    return next(iter(parse_reply(text).cells), "")


@settings(max_examples=1000)
@given(REPLIES)
def test_each_character_is_in_one_part(text: str) -> None:
    text = text.replace("\r\n", "\n")
    scanner = Scanner()
    scanner.advance(text, is_all=True)
    assert scanner.at == len(text)
    at = 0
    for each in scanner.segments:
        assert at <= each.start <= each.end <= len(text)
        if each.kind != "mark":
            assert each.start <= each.inner <= each.inner_end <= each.end
        at = each.end


@settings(max_examples=1000)
@given(REPLIES, st.lists(st.integers(1, 30), max_size=30))
def test_what_is_foreseen_is_the_beginning_of_the_first_cell_for_any_split(
    text: str, sizes: list[int]
) -> None:
    text += "\n"  # an end of thoughts in the last line is seen when the line ends
    cell, at, before = first_cell(text), 0, ""
    follower = ReplySoFar()
    for size in [*sizes, len(text)]:
        at = min(len(text), at + size)
        assert follower.extends_to(text[:at])
        code = follower.take(text[:at])
        if not any(mark in text for mark in DRAFTS):  # an end of thoughts makes drafts of what is before it
            assert cell.startswith(code)
            assert code.startswith(before)
        before = code


@settings(max_examples=500)
@given(REPLIES | st.text(max_size=200))
def test_any_reply_can_be_taken_apart(text: str) -> None:
    for is_cut in (False, True):
        reply = parse_reply(text, is_cut=is_cut)
        assert reply.is_whole
        assert all(cell.strip() for cell in reply.cells)
        if reply.finish is not None:
            ast.parse(reply.finish)
    without_thoughts(text)
    markup_only(text)


PARTS = {
    "cells": "```repl\n{word} = f(1)\n```",
    "prose": "It is {word}.",
    "thoughts": "<think>\n{word}\n```repl\ny\n```\n</think>",
    "not_run": "```{word}\nz\n```",
    "markup": '<tool_call>{{"name": "{word}", "arguments": {{}}}}</tool_call>',
}


@given(st.lists(st.sampled_from([each for each in PARTS if each != "markup"]), max_size=8), st.booleans())
def test_each_word_is_found_where_it_was_written(kinds: list[str], has_markup: bool) -> None:
    kinds = [*kinds, "markup"] if has_markup else kinds
    words = {f"w{number}w": kind for number, kind in enumerate(kinds)}
    reply = parse_reply("\n".join(PARTS[kind].format(word=word) for word, kind in words.items()))
    for word, kind in words.items():
        assert [field for field in PARTS if word in str(getattr(reply, field))] == [kind]
