"""The scanner of a reply: it reads lines of prose until a block, thoughts or a call begin, and then has these read.

It is given a reply whole or as it arrives, and finds the same either way: nothing that it finds in whole lines depends
on the lines after them, except that a lone end of thoughts puts aside what is before it.
"""

from __future__ import annotations

import re
from itertools import islice

from harlm.engine.replies.blocks import Allowance, CodeBlock, OtherBlock
from harlm.engine.replies.fences import (
    Fence,
    fence_of,
    is_code_line,
    is_tag,
    kind_of,
    opening_at,
    tag_and_rest,
)
from harlm.engine.replies.markup import call_in_channel, opened_call
from harlm.engine.replies.regions import Region, Segment, Step
from harlm.engine.replies.thoughts import (
    TAG,
    UNSURE,
    ThoughtTag,
    after_bare_header,
    header_at,
    in_channel,
    in_tags,
    is_quoted,
    tag_at,
)
from harlm.patterns import lazy_pattern

MOST_SEGMENTS = 500
"""The most parts of one reply that are read, apart from prose."""

_REMARKABLE = lazy_pattern(r"`{3}|~{3}|<[/|｜]?\w|\[/?T[HO]|◁|functools\[", re.IGNORECASE)
_WORD = lazy_pattern(r"\S")
_INLINE = lazy_pattern(rf"`++|{TAG}", re.IGNORECASE)
_TICKS = lazy_pattern(r"`++")
_MOST_IN_VAIN = 200  # parts that turn out to be words before no calls are looked for
_MOST_MARKS = 10_000  # backticks and tags within lines of words that are looked at
_LONGEST_INFO = 1_000  # characters after backticks within a line that may be a tag or code
_NEAR = 80  # characters before a mark in which a sentence may end
_QUOTES = ('"', "”")
_SENTENCE_ENDS = (".", "!", "?", "。", ">", "]")
_GOES_ON = tuple(" .,;:!?)")  # what follows a tag in a sentence about it


class Scanner:
    """Reads one reply.

    Attributes:
        segments: what was found, in order.
        region: the part that is open; ``None`` within prose.
        at: the offset up to which the reply was read.
    """

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self.region: Region | None = None
        self.at = 0
        self._allowance = Allowance()
        self._text = ""
        self._never: set[str] = set()
        self._named: set[str] = set()  # openings of thoughts that are text
        self._has_thoughts = False
        self._marks_left = _MOST_MARKS
        self._in_vain = 0  # parts that turned out to be words
        self._drafts = 0  # how often everything before turned out to be thoughts
        self._line: _Line | None = None  # of prose, the newest one
        self._stray: tuple[int, int] | None = None  # an end of thoughts that may mean nothing

    @property
    def is_full(self) -> bool:
        """Whether the rest of the reply is not read, because it has too many parts."""
        return max(len(self.segments), self._drafts) >= MOST_SEGMENTS

    def advance(self, text: str, *, is_all: bool) -> None:
        """Read on.

        Args:
            text: the reply so far, with line feeds only.
            is_all: whether it is complete; else its last line is read when its end has arrived.
        """
        self._text = text
        end = len(text) if is_all else text.rfind("\n", self.at) + 1
        while not self.is_full:
            if self.at < end:
                self._read(end)
            elif is_all and self.region is not None:
                self._follow(self.region.at_end(text))
            else:
                return

    def _read(self, end: int) -> None:
        if self.region is None:
            self._prose(end)
            return
        step = self.region.read(self._text, self.at, end)
        if step is None:
            self.at = end
        else:
            self._follow(step)

    def _follow(self, step: Step) -> None:
        self.region = None
        if step.at < self.at:
            self._line = None
        self.at = step.at
        if step.never:
            self._never.add(step.never)
        self._in_vain += not step.segments
        for segment in step.segments:
            self._add(segment)
        if step.puts_aside is not None:
            self._put_aside(*step.puts_aside)

    def _add(self, segment: Segment) -> None:
        self.segments.append(segment)
        self._has_thoughts |= segment.kind == "thoughts"

    def _open(self, region: Region, at: int) -> None:
        self.region, self.at = region, at

    def _put_aside(self, inner_end: int, end: int) -> None:
        """Everything up to ``inner_end`` turned out to be thoughts."""
        self.segments = [Segment("thoughts", 0, end, 0, inner_end)]
        self._has_thoughts = True
        self._drafts += 1
        self._named.clear()
        self._stray = None

    def _prose(self, end: int) -> None:
        """Read prose up to the next line that has something remarkable."""
        text = self._text
        if self.at == 0 and UNSURE not in self._never and (bare := after_bare_header(text)) is not None:
            self._open(bare[1], bare[0])
            return
        if self._stray is not None and _WORD.search(text, self._stray[1], end):
            self._put_aside(*self._stray)
        found = _REMARKABLE.search(text, self.at, end)
        if found is None:
            self.at = end
            return
        start = max(self.at, text.rfind("\n", self.at, found.start()) + 1)
        if self._line is None or found.start() >= self._line.end:
            self._line = _Line(text, start, text.find("\n", found.start(), end) + 1 or end)
        stop = self._line.end
        first = _WORD.search(text, start, stop)
        assert first is not None, "the line has something remarkable"
        if not self._begins(start, first.start(), stop):
            self._line.start_at(start)
            self._inline(self._line, start, stop)

    def _begins(self, start: int, at: int, end: int) -> bool:
        """Whether the line begins a region, which then is open."""
        text = self._text
        tag = tag_at(text, at, end)
        if tag is not None and not tag.closes:
            self._open(in_tags(tag, start), tag.end)
            return True
        header = header_at(text, at, end)
        if header is not None:
            self._message(start, header.end, header.channel, header.recipient)
            return True
        if self._in_vain < _MOST_IN_VAIN:
            call = opened_call(text, (start, at, end), self._allowance, self._never)
            if call is not None:
                self._open(call.region, call.body)
                return True
        fence = opening_at(text, start, end, self._allowance.parser)
        if fence is not None:
            self._block(fence, start, end)
            return True
        return False

    def _message(self, start: int, body: int, channel: str, recipient: str) -> None:
        """A message in a channel: to a tool, to itself, or to the reader."""
        if recipient:
            self._open(call_in_channel(start, body, recipient, self._allowance), body)
        elif channel == "analysis":
            self._open(in_channel(start, body), body)
        else:
            self._add(Segment("mark", start, body))
            self.at = body

    def _block(self, fence: Fence, start: int, body: int) -> None:
        kind = CodeBlock if fence.is_code else OtherBlock
        self._open(kind(fence, start, body, self._allowance), body)

    def _inline(self, line: _Line, start: int, end: int) -> None:
        """Read a line of words: code spans, blocks that begin or are within it, and tags of thoughts."""
        at = start
        while self._marks_left > 0 and (found := _INLINE.search(self._text, at, end)) is not None:
            at = found.end()
            self._marks_left -= 1
            if found[0][0] != "`":
                tag = tag_at(self._text, found.start(), end)
                if tag is not None and self._tag(tag, line, start):
                    return
                continue
            closing = line.closing(found.start())
            if len(found[0]) >= 3 and self._ticks(found[0], start, found.start(), closing, end):
                return
            if closing is not None:
                at = closing + len(found[0])
        self.at = end

    def _ticks(self, ticks: str, line: int, start: int, closing: int | None, end: int) -> bool:
        """Three backticks or more within a line. Whether they begin a block."""
        text, parser = self._text, self._allowance.parser
        body = start + len(ticks)
        if closing is None:
            if end - body > _LONGEST_INFO:
                return False
            info = text[body:end].strip()
            is_word = bool(info) and " " not in info and is_apart(text, line, start, (*_SENTENCE_ENDS, ":"))
            if info and not is_word and not is_tag(info, parser):
                return False
            self._block(fence_of(ticks, info, parser, follows_words=True), start, end)
            return True
        tag, code = tag_and_rest(text[body:closing])
        if kind_of(tag) != "python" or not is_code_line(code, parser):
            return False
        self._add(
            Segment(
                "cells",
                start,
                closing + len(ticks),
                body,
                closing,
                cells=(code,),
                name=tag,
                follows_words=True,
            )
        )
        self.at = closing + len(ticks)
        return True

    def _tag(self, tag: ThoughtTag, line: _Line, start: int) -> bool:
        """A tag of thoughts within a line. Whether it means what it says."""
        text = self._text
        if line.is_quoted(tag.start, tag.end):
            return False
        begins = is_apart(text, start, tag.start)
        if not tag.closes:
            if begins and UNSURE not in self._never:
                self._open(in_tags(tag, tag.start, is_sure=False), tag.end)
                return True
            self._named.add(tag.name)
            return False
        if tag.name in self._named:
            self._named.discard(tag.name)
            return False
        is_in_words = (
            text[tag.start - 1 : tag.start] in (" ", "(") and text[tag.end : tag.end + 1] in _GOES_ON
        )
        if is_in_words and not begins:
            return False
        self._lone_end(tag)
        return True

    def _lone_end(self, tag: ThoughtTag) -> None:
        """An end of thoughts without a beginning: the template of the prompt wrote that."""
        self.at = tag.end
        if self._has_thoughts:
            self._add(Segment("mark", tag.start, tag.end))
            self._stray = (tag.start, tag.end)
        else:
            self._put_aside(tag.start, tag.end)


def is_apart(text: str, line: int, at: int, ends: tuple[str, ...] = _SENTENCE_ENDS) -> bool:
    """Whether a line has no words before ``at``, or a sentence that ends there with one of ``ends``."""
    before = text[max(line, at - _NEAR) : at].rstrip()
    return before.endswith(ends) or (not before and at - line <= _NEAR)


class _Line:
    """The code spans and quotations of one line, for positions that never go back.

    Args:
        text: that the line is in.
        start, end: the line.
    """

    def __init__(self, text: str, start: int, end: int) -> None:
        self.end = end
        self._text = text
        self._start = start
        self._closings: dict[int, int] | None = None
        self._counted = start
        self._straight = 0
        self._curly = False
        self._last: dict[str, int] | None = None

    def start_at(self, start: int) -> None:
        """Continue at ``start``, after a part that is not prose."""
        if start > self._counted:
            self._counted, self._straight, self._curly = start, 0, False

    def closing(self, at: int) -> int | None:
        """Where the code span closes that backticks at ``at`` open; ``None`` if it does not."""
        if self._closings is None:
            runs = islice(_TICKS.finditer(self._text, self._start, self.end), _MOST_MARKS)
            self._closings, following = {}, dict[int, int]()
            for start, end in reversed([run.span() for run in runs]):
                if end - start in following:
                    self._closings[start] = following[end - start]
                following[end - start] = start
        return self._closings.get(at)

    def is_quoted(self, start: int, end: int) -> bool:
        """Whether a part of the line is in quotation marks."""
        text, at = self._text, self._counted
        if self._last is None:
            self._last = {mark: text.rfind(mark, start, self.end) for mark in _QUOTES}
        self._straight += text.count('"', at, start)
        opening, closing = text.rfind("“", at, start), text.rfind("”", at, start)
        if opening != closing:
            self._curly = opening > closing
        self._counted = start
        return (
            is_quoted(text, start, end)
            or bool(self._straight % 2 and self._last['"'] >= end)
            or (self._curly and self._last["”"] >= end)
        )
