"""Replies that are code or a call as a whole."""

from __future__ import annotations

import pytest

from harlm.engine.replies.python import Parser
from harlm.engine.replies.whole import calls_in_words, is_code, uses_repl


@pytest.mark.parametrize(
    "text",
    [
        'hits = context.search("code")\nprint(hits)',
        "print(context)",
        "import re\nre.findall('a', context)",
        "for line in context:\n    print(line)",
        "FINAL_VAR('x')\nprint(1)",
        "x = len(context)",
    ],
)
def test_code_without_a_fence_is_code(text: str) -> None:
    assert is_code(text, Parser())


@pytest.mark.parametrize(
    "text",
    ["Paris", "42", "x = 5", "main()", "os.path.join(a, b)", "profit = revenue - cost", "The answer (42).", "", "Ada and Grace",
     "Done\nFINAL(x)", "So: FINAL(7)", "'print(x)'", "# print(x)\n"],
)  # fmt: skip
def test_an_answer_that_is_python_as_well_is_words(text: str) -> None:
    assert not is_code(text, Parser())


@pytest.mark.parametrize(
    ("code", "uses"),
    [
        ("print(context)", True),
        ("x = llm_query('a')", True),
        ("FINAL(1)", True),
        ("def f(context):\n    return context", False),
        ("from app import context\ncontext()", False),
        ("context = 1\nprint(context)", False),
        ("print(1)", False),
        ("not Python", False),
    ],
)
def test_code_for_the_repl_uses_names_that_only_the_repl_has(code: str, uses: bool) -> None:
    assert uses_repl(code, Parser()) == uses


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        ('{"action": "repl", "code": "print(context)"}', "repl", "print(context)"),
        ('I will look.\n{"tool": "python", "tool_input": "print(1)"}', "python", "print(1)"),
        ('[{"name": "search", "arguments": {"query": "x"}}]', "search", None),
        ("Thought: I look.\nAction: python\nAction Input: print(1)\nObservation: 1", "python", "print(1)"),
        ("**Action:** search\n**Action Input:** vault", "search", None),
        ("[python(code='print(1)')]", "python", "print(1)"),
        ("python(code='print(1)')", "python", "print(1)"),
    ],
)
def test_calls_in_words_are_found(text: str, name: str, code: str | None) -> None:
    (call,) = calls_in_words(text, Parser())
    assert (call.name, call.code) == (name, code)


@pytest.mark.parametrize(
    "text",
    ['{"answer": 1}', "[1, 2]", "f(x)", "Action: none", "", '{"name": "Ada", "age": 3}', "[f(1), g(2)]"],
)
def test_other_words_hold_no_calls(text: str) -> None:
    assert calls_in_words(text, Parser()) == ()
