"""Fenced blocks that are open: where they end.

Backticks are not Python outside of strings and comments, nor are the other marks that models put after code. So code
ends at the first such mark, wherever in its line. A fence in a string is passed over if the string ends and the code
up to the fence after it is Python; else the block ends at the fence in the string.
"""

from __future__ import annotations

import re

from harlm.engine.replies.body import code_of, content_start, is_blank
from harlm.engine.replies.calls import call_of, decoded, in_words
from harlm.engine.replies.fences import Fence, is_tag
from harlm.engine.replies.python import Parser, scan_line, tokens_with
from harlm.engine.replies.regions import Segment, Step
from harlm.engine.replies.thoughts import TAG, ThoughtTag, next_tag, tag_at
from harlm.patterns import lazy_pattern

SPECIAL = r"<[|｜][\w▁]{1,40}+[|｜]>|</s>|<end_(?:code|action|of_turn|of_text)>|<eos>"
"""Marks of the templates of models, which end a turn or a block; a pattern without groups."""

_UNQUOTED = lazy_pattern(r"^(?![ \t]*+>)", re.MULTILINE)
_LOOK_AHEAD = 16_000  # characters after a fence in a string in which the string may end
NO_TAG = "(no tag)"


class Allowance:
    """The work that may be done for one reply.

    Attributes:
        parser: parses code.
        ahead: characters in which the ends of strings with fences in them may still be looked for.
        drafts: how often a part of the reply without an end may still be read again after the thoughts in it.
    """

    def __init__(self) -> None:
        self.parser = Parser()
        self.ahead = 4 * _LOOK_AHEAD
        self.drafts = 3

    def may_read_again(self) -> bool:
        """Whether a part without an end may be read again; this uses one of the times."""
        self.drafts -= 1
        return self.drafts >= 0


class CodeBlock:
    """A block that may be a cell.

    Args:
        fence: its opening fence.
        start: where it begins.
        body: where the line after the fence begins.
        allowance: of the reply.
        element: the name of the element that it is, instead of a fenced block: ``<code>``.
    """

    def __init__(
        self, fence: Fence, start: int, body: int, allowance: Allowance, *, element: str = ""
    ) -> None:
        self.fence = fence
        self.start = start
        self.body = body
        self._allowance = allowance
        self._element = element
        self._name = f"a <{element}> block" if element else fence.tag or NO_TAG
        own = rf"</{element}[ \t]*+>|" if element else rf"`{{{fence.length},}}+|" if fence.mark == "`" else ""
        self._tokens = tokens_with(f"{own}{TAG}|{SPECIAL}")
        self._quotes = ""  # of the string that is open
        self._in_string: tuple[int, int] | None = (
            None  # the first fence in one: where code ends, and where it ends
        )
        self._in_comment: tuple[int, int] | None = None  # the first one after a comment
        self._aside: ThoughtTag | None = None  # an end of what may be thoughts
        self._has_thoughts = False
        self._is_quoted = fence.quotes > 0  # whether its lines have the marks of a quotation
        self._unquoted = -1  # the next line without them

    @property
    def certain_end(self) -> int | None:
        """Where the code ends that is part of the block whatever comes; ``None`` if all of it is."""
        return min(
            (pair[0] for pair in (self._in_string, self._in_comment) if pair is not None), default=None
        )

    def read(self, text: str, at: int, end: int) -> Step | None:
        """Look for the end, line by line; lines without a quote or a mark are passed over."""
        while at < end:
            at = self._next_remarkable(text, at, end)
            if at >= end:
                return None
            stop = text.find("\n", at, end) + 1 or end
            step = self._line(text, at, stop)
            if step is not None:
                return step
            at = stop
        return None

    def at_end(self, text: str) -> Step:
        """The block extends to the end of the reply, unless a fence in it may have been its end."""
        size = len(text)
        if self._aside is not None and self._allowance.may_read_again():
            return put_aside(self._aside)
        if self._in_string is not None:
            return self._ended(text, *self._in_string)
        if self._in_comment is not None and not self._allowance.parser.may_be_python(self._code(text, size)):
            return self._ended(text, *self._in_comment)
        return self._ended(text, size, size, is_closed=False)

    def _next_remarkable(self, text: str, at: int, end: int) -> int:
        """The beginning of the next line with a quote, a mark or a comment, or without the mark of the quotation."""
        if self._quotes or self.fence.mark == "~" or self._in_string is not None or at == self.body:
            return at
        token = self._tokens.search(text, at, end)
        stop = end if token is None else token.start()
        if self._is_quoted:
            if self._unquoted < at:
                unquoted = _UNQUOTED.search(text, at, end)
                self._unquoted = end if unquoted is None else unquoted.start()
            stop = min(stop, self._unquoted)
        return stop if stop == end else max(at, text.rfind("\n", at, stop) + 1)

    def _line(self, text: str, start: int, end: int) -> Step | None:
        begin = content_start(text, start, end, self.fence.quotes)
        if start == self.body:
            self._is_quoted = begin > start
        elif self._is_quoted and begin == start:
            return self._after_quotation(text, start, end)
        if self._quotes or self.fence.mark == "~":
            step = self._at_plain_fence(text, start, begin, end)
            if step is not None:
                return step
        scan = scan_line(text, begin, end, self._quotes, self._tokens)
        while scan.mark is not None:
            is_first = is_blank(text, begin, scan.mark.start())
            step = self._at_mark(text, start if is_first else None, scan.mark, end)
            if step is not None:
                return step
            scan = scan_line(text, scan.mark.end(), end, "", self._tokens)
        self._quotes = scan.quotes
        if scan.comment_mark is not None and self._in_comment is None:
            self._in_comment = (scan.comment_mark, end)
        if self._in_string is not None and end - self._in_string[1] > min(_LOOK_AHEAD, self._allowance.ahead):
            return self._ended(text, *self._in_string)
        return None

    def _after_quotation(self, text: str, start: int, end: int) -> Step:
        """A line without the marks of the quotation that the block is in."""
        return self._ended(text, start, end if self._is_plain_fence(text, start, end) else start)

    def _at_plain_fence(self, text: str, start: int, begin: int, end: int) -> Step | None:
        """A fence in a string may be text, or the end; a fence of tildes ends the block."""
        if not self._is_plain_fence(text, begin, end):
            return None
        if not self._quotes:
            return self._ended(text, start, end)
        if self._in_string is None:
            self._in_string = (start, end)
        return None

    def _is_plain_fence(self, text: str, start: int, end: int) -> bool:
        words = text[start:end].strip()
        if self._element:
            return words.startswith(f"</{self._element}")
        return len(words) >= self.fence.length and not words.strip(self.fence.mark)

    def _at_mark(self, text: str, line: int | None, mark: re.Match[str], end: int) -> Step | None:
        """A mark outside of strings.

        Args:
            text: of the reply.
            line: where its line begins, if nothing but blanks is before the mark.
            mark: where it is.
            end: where its line ends.
        """
        tag = tag_at(text, mark.start(), mark.end())
        if tag is not None:
            return self._at_thoughts(tag)
        if line is None:
            return self._closed(text, mark.start(), mark.end(), end)
        is_fence = text[mark.start()] == "`"
        if is_fence and is_tag(text[mark.end() : end].rstrip("`\n\t "), self._allowance.parser):
            if self._aside is not None:
                return put_aside(self._aside)
            return self._closed(text, line, line, line)  # the next block begins, and this one was not closed
        return self._closed(text, line, mark.end(), end)

    def _at_thoughts(self, tag: ThoughtTag) -> Step | None:
        """A tag of thoughts outside of strings: no code, so an end of thoughts is the end of a draft."""
        if not tag.closes:
            self._has_thoughts = True
        elif not self._has_thoughts and self.fence.kind == "python" and not self._element:
            return put_aside(tag)
        elif not self._has_thoughts and self._aside is None:
            self._aside = tag
        return None

    def _closed(self, text: str, at: int, mark_end: int, end: int) -> Step:
        """The block with its closing mark; the rest of that line is prose."""
        if self._in_string is not None:
            self._allowance.ahead -= at - self._in_string[0]
            if not self._allowance.parser.may_be_python(self._code(text, at)):
                return self._ended(text, *self._in_string)
        return self._ended(text, at, mark_end if text[mark_end:end].strip() else end)

    def _code(self, text: str, end: int) -> str:
        return code_of(self.fence, text[self.body : end])

    def _ended(self, text: str, at: int, end: int, *, is_closed: bool = True) -> Step:
        code = self._code(text, at)
        cells: tuple[str, ...] = (code,) if code.strip() else ()
        is_sure, name = True, self._name
        if self.fence.kind == "bare":
            called, title = python_in_data(code, self._allowance.parser)
            cells, name = called or cells, title or name
            is_sure = bool(cells) and self._allowance.parser.may_do_something(cells[0])
        segment = Segment(
            "cells",
            self.start,
            _without_line_end(text, at, end),
            self.body,
            at,
            cells=cells,
            name=name,
            is_sure=is_sure,
            is_closed=is_closed,
            follows_words=self.fence.follows_words,
        )
        return Step(end, (segment,))


class OtherBlock:
    """A block that is not run, such as JSON: it ends at a closing fence, whatever it holds.

    Args:
        fence: its opening fence.
        start: where it begins.
        body: where the line after the fence begins.
        allowance: of the reply.
    """

    def __init__(self, fence: Fence, start: int, body: int, allowance: Allowance) -> None:
        self._fence = fence
        self._start = start
        self._body = body
        self._allowance = allowance
        self._nested = 0
        self._looked = body  # up to where ends of thoughts were looked for
        self._has_thoughts = False

    def read(self, text: str, at: int, end: int) -> Step | None:
        """Look for the end, line by line."""
        while (mark := text.find(self._fence.mark * self._fence.length, at, end)) >= 0:
            start = max(at, text.rfind("\n", at, mark) + 1)
            stop = text.find("\n", mark, end) + 1 or end
            step = self._line(text, start, mark, stop)
            if step is not None:
                return step
            at = stop
        return None

    def at_end(self, text: str) -> Step:
        """The block extends to the end, unless thoughts end in it: then it was a part of them."""
        tag = self._end_of_thoughts(text, len(text))
        if tag is not None and self._allowance.may_read_again():
            return put_aside(tag)
        return self._ended(text, len(text), len(text), is_closed=False)

    def _end_of_thoughts(self, text: str, end: int) -> ThoughtTag | None:
        """An end of thoughts in the block, before which no thoughts begin in it."""
        while not self._has_thoughts and (tag := next_tag(text, self._looked, end)) is not None:
            if tag.closes:
                return tag
            self._has_thoughts = True
        self._looked = max(self._looked, end)
        return None

    def _line(self, text: str, start: int, mark: int, end: int) -> Step | None:
        begin = content_start(text, start, end, self._fence.quotes)
        marks, words = self._fence.mark, text[begin:end].strip()
        after = words.lstrip(marks)
        if not words.startswith(marks):
            is_glued = (
                words.endswith(marks * self._fence.length) and words.count(marks * self._fence.length) == 1
            )
            return self._ended(text, mark, end) if is_glued else None
        if after and (marks in after or is_tag(after, self._allowance.parser) or marks == "~"):
            if (tag := self._end_of_thoughts(text, start)) is not None:
                return put_aside(tag)  # this one opens a block, after a draft that was not closed
            self._nested += self._fence.nests and marks not in after
            return None
        if self._nested:
            self._nested -= 1
            return None
        closing = text.index(marks, begin) + len(words) - len(after)
        return self._ended(text, start, closing if after else end)

    def _ended(self, text: str, at: int, end: int, *, is_closed: bool = True) -> Step:
        cells, title = python_in_data(code_of(self._fence, text[self._body : at]), self._allowance.parser)
        return Step(
            end,
            (
                Segment(
                    "cells" if cells else "block",
                    self._start,
                    _without_line_end(text, at, end),
                    self._body,
                    at,
                    cells=cells,
                    name=title or self._fence.tag,
                    is_closed=is_closed,
                ),
            ),
        )


def python_in_data(body: str, parser: Parser) -> tuple[tuple[str, ...], str]:
    """The Python in a block of JSON that is a call of a tool, and the call in words; empty if it is none."""
    if not body.lstrip().startswith(("{", "[")):
        return (), ""
    calls = call_of(decoded(body.strip(), parser), parser)
    codes = tuple(call.code for call in calls if call.code is not None)
    return codes, in_words(calls[0].name) if codes else ""


def put_aside(tag: ThoughtTag) -> Step:
    """The step after thoughts of which only the end was marked."""
    return Step(tag.end, puts_aside=(tag.start, tag.end))


def _without_line_end(text: str, at: int, end: int) -> int:
    """``end`` before the line end that is before it, if it is after ``at``."""
    return end - 1 if end > at and text[end - 1] == "\n" else end
