"""Replies of a model that repeats itself: fragments that mean something to a reader of replies, pumped up."""

from __future__ import annotations

import random
from collections.abc import Mapping

_FRAGMENTS = (
    "```", "~~~", "````", "```repl\n", "\n```\n", "FINAL(", "FINAL(\n", ")", ")\n", "FINAL_VAR(", "SUBMIT(", "<think>", "</think>",
    "<tool_call>", "</tool_call>", "<code>", "<end_code>", "<|im_end|>", "[", "]", "(", "“", "”", '"', "'", '[a“', "[a:1", "`", "\\",
    "\n", "\r\n", " ", "\t", "a", "aé", "{", "}", '{"', "**", "…", "—", "#L1", "pp. 2-3", "- ", "> ", "1. ", "\u200b", "\u202e", "\x00",
    "\ud83d\ude00", ">>> ", "$ ", "import ", "'''", '"""', "<", "<a ", "<!--", "&#", "|", "</code>", "<|python_tag|>", "[TOOL_CALLS]",
    "<|channel|>analysis<|message|>", "<|end|>", "[THINK]", "[/THINK]", "analysisA", "<function=a>", "<parameter=b>", 'answer["a"] = ', "> ```repl\n",
    "```repl x = f(1)```", "s = \"\"\"\n```\n", "Action: a\nAction Input: ", '{"name": "a", "arguments": {', "<arg_key>a</arg_key><arg_value>", "# ```\n",
)  # fmt: skip


def known(size: int) -> Mapping[str, str]:
    """Replies of about ``size`` characters, each hard for one way to read replies."""
    return {
        "a fence that never ends its line": "```" + "a" * size,
        "tildes that never end their line": "~~~" + "a" * size,
        "fences only": "```" * (size // 3),
        "a fence that is never closed": "```repl\n" + "x\n" * (size // 2),
        "fences in one another": "```repl\n" * (size // 8),
        "an answer of brackets at line ends": "FINAL(\n" + ")\n" * (size // 2),
        "answers in one another": "FINAL(" * (size // 6),
        "answers that are closed": "FINAL(" * (size // 14) + ")" * (size // 14),
        "quotes in an answer": 'FINAL("' + "\\" * size,
        "thoughts in one another": "<think>" * (size // 7),
        "thoughts that are never closed": ("<think>" + "a" * 50) * (size // 57),
        "calls of tools": "<tool_call>" * (size // 11),
        "ends of thoughts": "</think>" * (size // 8),
        "thoughts in words": "a <think> b " * (size // 12),
        "elements around words": "<code>x</code>" * (size // 14),
        "elements that never end": "<code>\n" * (size // 7),
        "strings with fences": "```repl\n" + 's = """\n```\n"""\n' * (size // 16),
        "strings with fences that never end": '```repl\ns = """\n```\n' * (size // 20),
        "a block in a quotation": "> ```repl\n" + "> x\n" * (size // 4),
        "code spans": "` ``` " * (size // 6),
        "blocks in one line": "```repl x = f(1)``` " * (size // 20),
        "arguments of a call": "<function=a>" + "<parameter=b>c" * (size // 14),
        "a call that is nested": '{"a":' * (size // 5),
        "values of the answer": 'answer["a"] = (\n' * (size // 16),
        "blank lines": "\n" * size,
        "blanks": "a" + " " * size + "a",
    }


def answers(size: int) -> Mapping[str, str]:
    """Answers of about ``size`` characters, each hard for a search for citations."""
    return {
        "citations that never close": "[a“" * (size // 3),
        "brackets": "[" * size,
        "brackets that close": "[" * (size // 2) + "]" * (size // 2),
        "one long citation": "[" + "a:1, " * (size // 5) + "]",
        "quotes": "“" * size,
        "places": "[text:1-2] " * (size // 11),
        "a place with many digits": "[text:" + "1" * size + "]",
        "quotes of blanks": '"' + " " * size + '" [text:1]',
    }


def pumped(chance: random.Random, size: int) -> str:
    """A beginning, a few fragments many times, and an end."""
    part = "".join(chance.choices(_FRAGMENTS, k=chance.randint(1, 3)))
    ends = ["".join(chance.choices(_FRAGMENTS, k=chance.randint(0, 3))) for _ in range(2)]
    return ends[0] + part * (size // len(part)) + ends[1]
