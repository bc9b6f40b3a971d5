"""Thoughts that a model writes into its reply: the tags and tokens that begin and end them.

Thoughts are drafts: they are neither run nor part of the answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from harlm.engine.replies.regions import Segment, Step
from harlm.patterns import lazy_pattern

_NAMES = "thinking|think|thoughts|thought|reasoning|reflection|seed:think|longcat_think"
_TAG = lazy_pattern(
    rf"<(?P<slash>/?)(?P<name>{_NAMES})(?:[ \t][^<>\n]*+)?>|\[(?P<bracket>/?)THINK\]|◁(?P<triangle>/?)think▷"
    r"|<\|(?P<edge>begin|end)_of_thought\|>|<\|(?P<limit>START|END)_THINKING\|>|<unused9(?P<unused>[45])>",
    re.IGNORECASE,
)
TAG = re.sub(r"\(\?P<\w+>", "(?:", _TAG.pattern)
"""A tag that begins or ends thoughts, as a pattern without groups."""

_SAME = frozenset({"think", "thinking", "thought", "thoughts"})
_ENDS = {
    "think": lazy_pattern(r"</(?:thinking|think|thoughts|thought)(?:[ \t][^<>\n]*+)?>", re.IGNORECASE),
    "reasoning": lazy_pattern(r"</reasoning(?:[ \t][^<>\n]*+)?>", re.IGNORECASE),
    "reflection": lazy_pattern(r"</reflection(?:[ \t][^<>\n]*+)?>", re.IGNORECASE),
    "seed:think": lazy_pattern(r"</seed:think(?:[ \t][^<>\n]*+)?>", re.IGNORECASE),
    "longcat_think": lazy_pattern(r"</longcat_think(?:[ \t][^<>\n]*+)?>", re.IGNORECASE),
    "bracket": lazy_pattern(r"\[/THINK\]", re.IGNORECASE),
    "triangle": lazy_pattern(r"◁/think▷", re.IGNORECASE),
    "edge": lazy_pattern(r"<\|end_of_thought\|>", re.IGNORECASE),
    "limit": lazy_pattern(r"<\|END_THINKING\|>", re.IGNORECASE),
    "unused": lazy_pattern(r"<unused95>", re.IGNORECASE),
}
"""The end of thoughts, by the name of the tag that began them."""

_CLOSES = frozenset({"/", "end", "5"})
_HEADER = lazy_pattern(
    r"(?:<\|start\|>[\w.:-]{0,60}+)?<\|channel\|>(?P<channel>\w{1,40}+)(?P<to>[^<\n]{0,200}+)"
    r"(?:<\|constrain\|>[^<\n]{0,60}+)?<\|message\|>"
)
_CHANNEL_END = lazy_pattern(r"<\|(?:end|return|call)\|>|(?=<\|(?:start|channel)\|>)")
_BARE_HEADER = lazy_pattern(r"\s*+analysis(?=[A-Z\"'(])")
_BARE_END = lazy_pattern(r"assistantfinal(?:[ ]json)?")
UNSURE = "thoughts without an end"
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "«": "»", "‘": "’", "「": "」"}


@dataclass(frozen=True, slots=True)
class ThoughtTag:
    """A tag that begins or ends thoughts.

    Attributes:
        start, end: where it is.
        name: what opening and closing tags have in common.
        closes: whether it ends thoughts.
    """

    start: int
    end: int
    name: str
    closes: bool


def next_tag(text: str, at: int, end: int) -> ThoughtTag | None:
    """The first tag between two offsets."""
    match = _TAG.search(text, at, end)
    return None if match is None else _tag(match)


def tag_at(text: str, at: int, end: int) -> ThoughtTag | None:
    """The tag at an offset."""
    match = _TAG.match(text, at, end)
    return None if match is None else _tag(match)


def is_quoted(text: str, start: int, end: int) -> bool:
    """Whether a part of a text stands in quotation marks or backticks of its own."""
    before = text[start - 1 : start]
    if text.startswith("```", max(0, start - 3)) and before == "`":
        return False
    return before in _QUOTES and text.startswith(_QUOTES[before], end)


def may_have_thoughts(text: str) -> bool:
    """Whether anything in a text looks like thoughts; fast."""
    return _TAG.search(text) is not None or "<|channel|>" in text or _BARE_HEADER.match(text) is not None


class OpenThoughts:
    """Thoughts that have begun.

    Args:
        start: where they begin, with their mark.
        inner: where their text begins.
        end: the mark that ends them.
        is_sure: whether they are thoughts even if their end is missing.
    """

    def __init__(self, start: int, inner: int, end: re.Pattern[str], *, is_sure: bool = True) -> None:
        self._start = start
        self._inner = inner
        self._end = end
        self._is_sure = is_sure

    def read(self, text: str, at: int, end: int) -> Step | None:
        """Look for the end. What stands in quotation marks is not one."""
        while (match := self._end.search(text, at, end)) is not None:
            if not is_quoted(text, match.start(), match.end()):
                return Step(match.end(), (self._thoughts(match.start(), match.end()),))
            at = match.end()
        return None

    def at_end(self, text: str) -> Step:
        """The rest of the reply is thoughts, if these are known to be some."""
        if not self._is_sure:
            return Step(self._inner, never=UNSURE)
        return Step(len(text), (self._thoughts(len(text), len(text), is_closed=False),))

    def _thoughts(self, inner_end: int, end: int, *, is_closed: bool = True) -> Segment:
        return Segment("thoughts", self._start, end, self._inner, inner_end, is_closed=is_closed)


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a message in the notation of models that write in channels.

    Attributes:
        end: where the message begins.
        channel: its name.
        recipient: the tool that the message is for; empty if it is for the reader.
    """

    end: int
    channel: str
    recipient: str


def header_at(text: str, at: int, end: int) -> Header | None:
    """The header at an offset."""
    match = _HEADER.match(text, at, end)
    if match is None:
        return None
    _, named, recipient = match["to"].partition("to=")
    return Header(
        match.end(), match["channel"].lower(), recipient.split()[0] if named and recipient.split() else ""
    )


def in_tags(tag: ThoughtTag, start: int, *, is_sure: bool = True) -> OpenThoughts:
    """The thoughts that a tag begins; ``start`` is before the blanks before it."""
    return OpenThoughts(start, tag.end, _ENDS[tag.name], is_sure=is_sure)


def in_channel(start: int, inner: int) -> OpenThoughts:
    """The thoughts in a channel."""
    return OpenThoughts(start, inner, _CHANNEL_END)


def after_bare_header(text: str) -> tuple[int, OpenThoughts] | None:
    """Thoughts at the beginning of a reply whose marks were removed: ``analysisWe must … assistantfinal42``; with
    the offset of their text.
    """
    match = _BARE_HEADER.match(text)
    if match is None:
        return None
    return match.end(), OpenThoughts(0, match.end(), _BARE_END, is_sure=False)


def _tag(match: re.Match[str]) -> ThoughtTag:
    kind = match.lastgroup or ""
    if kind == "name":
        name, side = match["name"].lower(), match["slash"]
        name = "think" if name in _SAME else name
    else:
        name, side = kind, match[kind].lower()
    return ThoughtTag(match.start(), match.end(), name, side in _CLOSES)
