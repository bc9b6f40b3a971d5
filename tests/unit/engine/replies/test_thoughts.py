"""Where thoughts begin and end, for each notation."""

from __future__ import annotations

import pytest

from harlm.engine.replies import without_thoughts
from harlm.engine.replies.thoughts import (
    after_bare_header,
    header_at,
    is_quoted,
    may_have_thoughts,
    next_tag,
    tag_at,
)


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        *((f"<{name}>", f"</{name}>") for name in ("think", "thinking", "thought", "reasoning", "reflection", "seed:think")),
        ('<think type="deep">', "</think>"),
        ("<THINK>", "</Think>"),
        ("<think>", "</thinking>"),
        ("[THINK]", "[/THINK]"),
        ("◁think▷", "◁/think▷"),
        ("<|begin_of_thought|>", "<|end_of_thought|>"),
        ("<|START_THINKING|>", "<|END_THINKING|>"),
        ("<unused94>", "<unused95>"),
        ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ],
)  # fmt: skip
def test_thoughts_are_set_aside_in_every_notation(opening: str, closing: str) -> None:
    assert without_thoughts(f"{opening}hm, 1234\n{closing}4711") == ("4711", "hm, 1234")


@pytest.mark.parametrize(
    ("text", "reply", "thoughts"),
    [
        ("Is it 1234? No.\n</think>\n\n4711", "4711", "Is it 1234? No."),
        ("Is it 1234? No.</think>4711", "4711", "Is it 1234? No."),
        ("<think>never closed", "", "never closed"),
        ("<think>a</think>1\n<think>b</think>2", "1\n2", "a\n\nb"),
        ("Sure. <think>hm</think> 42", "Sure.  42", "hm"),
        ("<think>say `</think>` or not</think>42", "42", "say `</think>` or not"),
        ("<thinking>a <reflection>b</reflection> c</thinking>42", "42", "a <reflection>b</reflection> c"),
        ("<think>```\na</think>42", "42", "```\na"),
        ("<think>a</think>42\n</think>", "42", "a"),
        ("analysisSo it is.assistantfinal42", "42", "So it is."),
        ("<|start|>assistant<|channel|>final<|message|>4711<|return|>", "4711", ""),
    ],
)
def test_what_is_left_is_the_reply(text: str, reply: str, thoughts: str) -> None:
    assert without_thoughts(text) == (reply, thoughts)


@pytest.mark.parametrize(
    "text",
    [
        "It is `</think>` that ends them.",
        'He wrote "<think>a</think>" [a.txt:1 "<think>a</think>"].',
        "He wrote “so </think> it is”.",
        "The <think> tag and the </think> tag.",
        "The template ends with </think>.",
        "Tags: <think> and </think>.",
        "```html\n<think>a</think>\n```\nis a page.",
        "```\n</think>\n```\nis a tag.",
        "```python\ns = '''\n</think>\n'''\n```",
        "analysis of the text",
        "nothing",
        "",
    ],
)
def test_tags_that_are_written_about_stay(text: str) -> None:
    assert without_thoughts(text) == (text, "")


def test_tags_are_read() -> None:
    opening, closing = tag_at("<think>a", 0, 8), next_tag("a</thinking>", 0, 12)
    assert opening is not None
    assert closing is not None
    assert (opening.end, opening.closes, closing.start, closing.closes) == (7, False, 1, True)
    assert opening.name == closing.name
    assert tag_at("<thinker>", 0, 9) is None


def test_a_message_says_for_whom_it_is() -> None:
    text = "<|start|>assistant<|channel|>commentary to=functions.run <|constrain|>json<|message|>{}"
    header = header_at(text, 0, len(text))
    assert header is not None
    assert (header.channel, header.recipient, text[header.end :]) == ("commentary", "functions.run", "{}")
    assert header_at("<|start|>assistant", 0, 18) is None


def test_quotation_marks_count_if_they_are_its_own() -> None:
    assert is_quoted('"<a>"', 1, 4)
    assert not is_quoted('"<a> b"', 1, 4)
    assert not is_quoted("```<a>```", 3, 6)


def test_replies_without_thoughts_are_told_fast() -> None:
    assert not may_have_thoughts("An answer with <b>tags</b> and analysis.")
    assert may_have_thoughts("a </think>")
    assert after_bare_header("analysis of it") is None
