"""One request as a reader sees it: its words of instruction, the questions that may stand in them, and its content.

Splits by layout alone (tags, markers such as ``Question:``, paragraphs); what an instruction means is ``intents``'.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from harlm.tokens import estimate_tokens
from harlm_bench.simulator.store import Found, Store

_OVERHEAD = 4  # tokens of a message beside its text
_ENDS = 6_000  # characters at each end of a message in which instructions are looked for
_PARAGRAPH = re.compile(r"\n\s*\n")
_DOCUMENT = re.compile(r"<document name=([\"'])(?P<name>.*?)\1>\n")
_BODIES = re.compile(r"<(document|context|text|passage|chunk)\b[^>]*>\n.*?\n</\1>", re.DOTALL)
_TAGGED = re.compile(r"<(question|query|task|instruction|instructions)>\s*(?P<text>.*?)\s*</\1>", re.DOTALL)
_MARKED = re.compile(
    r"^[#*\s]*(?:(?:the\s+)?(?:original |user(?:'s)? |overall |main |final )?(?:question|query|task|condition|request))s?\**\s*(?:is)?:\**\s*",
    re.IGNORECASE | re.MULTILINE,
)
_NEXT_MARK = re.compile(
    r"\n\s*[#*\s]*(?:text|context|document|documents|passage|passages|content|data|chunk|excerpt|excerpts|lines|items|answers?"
    r"|partial answers|notes|proposed answer|evidence|input|source|results?|findings)\b[^\n:]{0,40}:\**[ \t]*(?=\n|\Z|\S)",
    re.IGNORECASE,
)
_FRAME = 6  # paragraphs at each end of a message that may be instruction
_LONGEST_OF_FRAME = 1_200  # characters of one
_LONGEST = 6_000  # characters of a question
_BLANK = "\u2026"  # stands for an item in the words of instruction


@dataclass(frozen=True, slots=True)
class Message:
    """One message, with the place of its text in the whole prompt."""

    role: str
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request, taken apart.

    Attributes:
        text: all messages, one after another.
        tokens: of all messages, as harlm.tokens estimates them, and 4 for each message.
        found: the items in it, in order.
        rules: the words of instruction of the system.
        asked: the words of the user that may be instruction: short paragraphs near both ends, without items and documents.
        questions: what may be the question, the likeliest first.
    """

    text: str
    tokens: int
    found: tuple[Found, ...]
    rules: str
    asked: str
    questions: Callable[[], Iterator[str]]

    def document_at(self, place: int) -> str | None:
        """The name of the document in which a place of the text lies; ``None`` if there is none."""
        opened = self.text.rfind("<document name=", 0, place)
        named = _DOCUMENT.match(self.text, opened) if opened >= 0 else None
        if named is None or self.text.find("\n</document>", named.end(), place) >= 0:
            return None
        return named["name"]


def tokens_of(messages: Sequence[tuple[str, str]]) -> int:
    """The tokens of a prompt as this server counts them."""
    return sum(estimate_tokens(text) + _OVERHEAD for _, text in messages)


def read_prompt(messages: Sequence[tuple[str, str]], store: Store, tokens: int) -> Prompt:
    """Take a request apart."""
    placed: list[Message] = []
    at = 0
    for role, text in messages:
        placed.append(Message(role, text, at))
        at += len(text) + 2
    whole = "\n\n".join(text for _, text in messages)
    found = store.find(whole)
    said = {id(each): _instruction(each, found) for each in placed if each.role != "assistant"}
    rules = "\n\n".join(said[id(each)] for each in placed if each.role in ("system", "developer"))
    users = [said[id(each)] for each in placed if each.role == "user"]
    asked = _frame(users[-1]) if users else ""
    return Prompt(
        text=whole,
        tokens=tokens,
        found=found,
        rules=rules,
        asked=asked,
        questions=lambda: _questions(users, rules),
    )


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text that hold words."""
    return [part.strip() for part in _PARAGRAPH.split(text) if part.strip(f" \n{_BLANK}")]


def _frame(said: str) -> str:
    parts = paragraphs(said)
    ends = parts if len(parts) <= 2 * _FRAME else [*parts[:_FRAME], *parts[-_FRAME:]]
    return "\n\n".join(each for each in ends if len(each) <= _LONGEST_OF_FRAME)


def _instruction(message: Message, found: Sequence[Found]) -> str:
    """A message without its items and documents; of a long one, what stands near its ends."""
    text, start = message.text, message.start
    end = start + len(text)
    spans = [(0, len(text))] if len(text) <= 2 * _ENDS else [(0, _ENDS), (len(text) - _ENDS, len(text))]
    parts = []
    inside = [each for each in found if start <= each.start < end]
    for first, last in spans:
        kept, at = [], first
        for each in inside:
            if first <= each.start - start < last:
                kept.append(text[at : max(at, each.start - start)])
                at = max(at, each.end - start)
        kept.append(text[at:last] if at < last else "")
        parts.append(_BLANK.join(kept))
    return _BODIES.sub("", "\n\n".join(parts))


def _questions(users: Sequence[str], rules: str) -> Iterator[str]:
    for said in reversed(users):
        for tagged in reversed(list(_TAGGED.finditer(said))):
            yield from _marked(tagged["text"])
            yield tagged["text"][:_LONGEST]
        yield from _marked(said)
        parts = paragraphs(said)
        if parts:
            yield from (parts[-1], parts[0], *reversed(parts[1:-1]))
        if len(said) <= _LONGEST:
            yield said
    yield from _marked(rules)
    yield from reversed(paragraphs(rules))


def _marked(text: str) -> Iterator[str]:
    """What stands behind a marker such as ``Question:``, up to the next marker and up to the next paragraph."""
    for mark in reversed(list(_MARKED.finditer(text))):
        rest = text[mark.end() : mark.end() + _LONGEST]
        ends = _NEXT_MARK.search(rest)
        whole = (rest[: ends.start()] if ends else rest).strip()
        first = _PARAGRAPH.split(whole, maxsplit=1)[0].strip()
        yield from (each for each in (first, whole) if each)
