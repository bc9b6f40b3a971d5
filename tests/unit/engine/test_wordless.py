"""The reason why a reply holds no words, in one line."""

from __future__ import annotations

from typing import Any

import pytest

from harlm.engine.wordless import in_words, literal_in, no_reply
from harlm.errors import BadCompletion
from harlm.types import Completion, ToolCall
from tests.support.completions import PRINTS, completion


def why(reply: Completion) -> str:
    """The error for a reply."""
    with pytest.raises(BadCompletion) as caught:
        in_words(reply)
    return str(caught.value)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"stop": "filter", "reason": "SAFETY"}, ("was blocked (SAFETY)",)),
        (
            {"stop": "filter", "reason": "content_filter"},
            ("was blocked by its provider", "ask another model"),
        ),
        ({"stop": "filter", "reason": "refusal"}, ("refused to answer (refusal)",)),
        ({"stop": "filter"}, ("was blocked",)),
        ({"stop": "end", "reason": "RECITATION"}, ("no text", "RECITATION")),
        ({"stop": "tool", "calls": (PRINTS,)}, ("called the tool 'repl', which it was not given",)),
        ({"stop": "tool", "calls": (PRINTS, PRINTS)}, ("'repl' and 1 more",)),
        ({"stop": "tool", "reason": "MALFORMED_FUNCTION_CALL"}, ("call a tool", "MALFORMED_FUNCTION_CALL")),
        ({"tokens": 4096, "reasoning": 4000, "stop": "length"}, ("4,096 tokens on thinking", "raise")),
        ({"tokens": 12, "thoughts": "hm"}, ("12 tokens on thinking",)),
        ({"stop": "length", "reason": "length"}, ("reached its limit of 7 tokens",)),
        ({"stop": "end", "reason": "stop"}, ("scripted/model answered with no text",)),
    ],
)
def test_the_reason_is_what_is_known(fields: dict[str, Any], words: tuple[str, ...]) -> None:
    error = why(completion(**fields))
    assert all(word in error for word in words), error
    assert "\n" not in error


def test_thinking_is_blamed_only_if_the_model_thought() -> None:
    assert "thinking" not in why(completion(stop="filter", reason="SAFETY", thoughts="hm"))
    assert "thinking" not in why(completion())


def test_a_reply_of_nothing_but_call_markup_holds_no_words() -> None:
    for markup in (
        '<tool_call>\n{"name": "python", "arguments": {"code": "print(1)"}}\n</tool_call>',
        "<|python_tag|>print(context)",
        '[TOOL_CALLS][{"name": "repl", "arguments": {"code": "print(1)"}}]',
        'functools[{"name": "repl", "arguments": {"code": "print(1)"}}]',
        '{"action": "repl", "code": "print(context)"}',
        "Action: repl\nAction Input: print(1)",
        'hits = context.search("code")\nprint(hits)',
        "```repl\nprint(context)\n```",
        "~~~python\nprint(llm_query('x'))\n~~~",
    ):
        assert "wrote nothing but" in why(completion(markup)), markup


@pytest.mark.parametrize(
    "text",
    [
        "4711",
        "leaf(3)",
        "Follow the label, then compare: room 12, signal 5.",
        "It calls <tool_call> a tag.",
        '{"answer": "308", "quote": "308 points"}',
        "```python\ndef double(x):\n    return 2 * x\n```",
        "def double(x):\n    return 2 * x",
    ],
)
def test_words_are_words(text: str) -> None:
    said = completion(text)
    assert in_words(said) is said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FINAL(4711)", "4711"),
        ('FINAL("It is.")', "It is."),
        ("FINAL([1])", "[\n  1\n]"),
        ("```repl\nprint(4711)\nFINAL(4711)\n```", "4711"),
        ("```repl\ntry:\n    FINAL(Paris)\nexcept NameError:\n    FINAL('Paris')\n```", "Paris"),
    ],
)
def test_a_finish_around_a_literal_is_taken_off(text: str, words: str) -> None:
    assert in_words(completion(text)).text == words


def test_a_finish_that_would_have_to_be_run_is_no_answer() -> None:
    for code in (
        "FINAL(context[:5])",
        "FINAL(1, 2)",
        "FINAL(1); x = 2",
        "def f(): FINAL(1)",
        "try: FINAL(found())\nexcept Exception: FINAL('nothing')",
        "FINAL(",
        "",
        "(" * 90_000,
    ):
        assert literal_in(code) is None
    assert "FINAL" in why(completion("FINAL(context[:5])"))


def test_a_loop_reads_calls_of_tools() -> None:
    assert no_reply(completion(calls=(PRINTS,))) is None
    assert no_reply(completion("<tool_call>")) is None
    assert "no text" in str(no_reply(completion()))


def test_words_of_others_are_one_short_line() -> None:
    call = ToolCall(name="x\n" * 5_000, arguments="")
    assert len(why(completion(stop="tool", calls=(call,), reason="y\n" * 5_000))) < 600
