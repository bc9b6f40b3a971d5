"""Reads the rules that a scaffold gives its root model: which names its REPL has, and how a reply and an answer are
written. Knows no scaffold by its name: it reads the names in the prompt, as a model does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

Ending = Literal["FINAL", "SUBMIT", "answer", "ANSWER"]
"""How an answer is given: a call in code, an entry of the dict ``answer``, or an action in prose."""

Search = Literal["method", "triples", "action"]
"""``context.search(query, k=…)`` that returns hits; ``search(text, word)`` that returns (match, before, after);
an action ``SEARCH(query)`` in prose."""

_SINGLE: Final = ("llm_query", "sub_llm", "llm_call", "ask_llm", "query_llm", "llm")
_BATCHED: Final = ("llm_query_batched", "sub_llm_batch", "llm_query_batch", "llm_batch", "llm_batched")
_TEXTS: Final = ("context", "input_0", "text", "document", "documents", "corpus", "data")
_OPENING: Final = (
    6_000  # characters of a user's message that are read as rules where no system message has them
)
_FENCE: Final = re.compile(r"```(repl|python|py)\b")
_ENDINGS: Final[tuple[tuple[Ending, str], ...]] = (
    ("FINAL", r"\bFINAL\("),
    ("answer", r"answer\[[\"']ready[\"']\]"),
    ("SUBMIT", r"\bSUBMIT\("),
    ("ANSWER", r"\bANSWER[(:]"),
)
_ONE_BLOCK: Final = re.compile(r"\boutput (?:only|exactly) one (?:```)?python (?:code )?block", re.IGNORECASE)
_FILES: Final = re.compile(r"`?(\w+)`? is a dict with ([\d,]+) file")
_SENTENCE: Final = re.compile(r"[^.\n]+")
_SIZE: Final = re.compile(r"(\d[\d,]*)\s?([KkM]?) char")
_SCALES: Final = {"": 1, "K": 1_000, "k": 1_000, "M": 1_000_000}
_ABOUT_CALLS: Final = re.compile(r"sub-?LL?M|sub-?call|prompt|llm_query|sub_llm", re.IGNORECASE)
_ABOUT_OUTPUT: Final = re.compile(r"truncated|\bcut\b|output")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaffold:
    """What a root model learns from its rules.

    Attributes:
        fence: the language of a code block.
        text: the variable that holds the text, or the expression that takes it out of one.
        single, batched, recursive: the names of the calls; ``None`` if there is none.
        takes_pairs: whether a call takes the instruction and the text apart.
        recurses_over: whether a recursive call takes the text as a second argument.
        ending: how an answer is given.
        ends_outside: whether the finish stands outside a code block.
        final_var: the call that takes the name of a variable; ``None`` if there is none.
        search: how the text is searched without code; ``None`` if it is not.
        has_fields: whether a reply is written as named fields rather than as prose with code blocks.
        is_one_block: whether the rules want the whole work in one code block.
        room: characters that one call reads well, as the rules say; ``None`` if they do not.
    """

    fence: str = "python"
    text: str = "context"
    single: str | None = None
    batched: str | None = None
    recursive: str | None = None
    takes_pairs: bool = False
    recurses_over: bool = False
    ending: Ending = "FINAL"
    ends_outside: bool = False
    final_var: str | None = None
    search: Search | None = None
    has_fields: bool = False
    is_one_block: bool = False
    room: int | None = None


def recognise(messages: Sequence[tuple[str, str]]) -> Scaffold | None:
    """The scaffold that sent ``messages``, as (role, text); ``None`` if no code is asked for, as in a plain call."""
    rules = rules_of(messages)
    if _FENCE.search(rules) is None:
        return None
    found = _of_rules(rules)
    opening = next((text for role, text in messages if role == "user"), "")
    rooms = [room for room in (found and found.room, _room(opening[-_OPENING:])) if room]
    return replace(found, room=min(rooms)) if found and rooms else found


@lru_cache(maxsize=128)
def _of_rules(rules: str) -> Scaffold | None:
    fence = _FENCE.search(rules)
    endings = [name for name, pattern in _ENDINGS if re.search(pattern, rules)]
    if fence is None or not endings:
        return None
    single = _named(rules, _SINGLE)
    return Scaffold(
        fence=fence[1],
        text=_text_variable(rules),
        single=single,
        batched=_named(rules, _BATCHED),
        recursive=_named(rules, ("rlm_query",)),
        takes_pairs=bool(single and re.search(rf"\b{single}\((?:task|instruction)\w*, ?context\w*\)", rules)),
        recurses_over=bool(re.search(r"\brlm_query\(prompt, ?context", rules)),
        ending=endings[0],
        ends_outside=endings[0] == "ANSWER" or "outside of any block" in rules,
        final_var=_named(rules, ("FINAL_VAR", "FINAL_var")),
        search=_search(rules),
        has_fields="[[ ##" in rules and "`code`" in rules,
        is_one_block=bool(_ONE_BLOCK.search(rules)),
        room=_room(rules),
    )


def rules_of(messages: Sequence[tuple[str, str]]) -> str:
    """The system messages. What a user's message holds may be a text, which makes no rules."""
    return "\n".join(text for role, text in messages if role in {"system", "developer"})


def _named(rules: str, names: Sequence[str]) -> str | None:
    return next((name for name in names if re.search(rf"\b{name}\(", rules)), None)


def _text_variable(rules: str) -> str:
    """The first of the usual names that the rules put between backticks or at the beginning of a line; what takes the
    text out of it, if the rules say that it is a dict of files.
    """
    if files := _FILES.search(rules):
        if files[2] == "1":
            return f'{files[1]}["files"][0]["text"]'
        return f"""[f"# {{file['name']}}\\n{{file['text']}}" for file in {files[1]}["files"]]"""
    found = (
        (match.start(), name)
        for name in _TEXTS
        if (match := re.search(rf"`{name}`|(?m:^\s*{name}\s+[—=-])", rules)) is not None
    )
    return min(found, default=(0, "context"))[1]


def _search(rules: str) -> Search | None:
    if "context.search(" in rules:
        return "method"
    if re.search(r"\bSEARCH\(", rules):
        return "action"
    return "triples" if re.search(r"\bsearch\(\w+, ?[\"']", rules) else None


def _room(words: str) -> int | None:
    """The smallest number of characters in a sentence about calls; ``None`` if there is none."""
    sizes = [
        int(size[1].replace(",", "")) * _SCALES[size[2]]
        for sentence in _SENTENCE.findall(words)
        if _ABOUT_CALLS.search(sentence) and not _ABOUT_OUTPUT.search(sentence)
        for size in _SIZE.finditer(sentence)
    ]
    return min((size for size in sizes if size >= 1_000), default=None)
