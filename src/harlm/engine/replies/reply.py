"""A reply of a model, taken apart: code, a finish in prose, thoughts, and what is none of them.

Accepts the notations that models were trained on. Never runs the code. The reply may be anything: time and memory
are linear in its length.
"""

from __future__ import annotations

from dataclasses import dataclass

from harlm.engine.replies.blocks import SPECIAL
from harlm.engine.replies.calls import in_words
from harlm.engine.replies.finish import ProseFinish, finish_in
from harlm.engine.replies.lines import Scanner
from harlm.engine.replies.python import Parser
from harlm.engine.replies.regions import Segment
from harlm.engine.replies.thoughts import may_have_thoughts
from harlm.engine.replies.whole import calls_in_words, is_code, uses_repl
from harlm.patterns import lazy_pattern

_NOT_FOUND = lazy_pattern(
    r"""[\s*_"'#]*+NOT[ _]FOUND[*_"']*+(?:[.:;,–-][\s*_"'.:;,–-]*+|[^\S\n]*+(?:\n\s*+|\Z))"""
)
_MOST_TOKENS = 8  # marks at the end of a reply that are not a part of it
_TOKEN = lazy_pattern(SPECIAL)
_TAG_LINE = lazy_pattern(r"\A(?:repl|python3?|py|tool_code)[ \t]*+\n(?=\S)")  # of a fence that was left out
_ANNOUNCEMENT = 300  # characters of words before a call that only announce it
CALL_TITLES = ("the tool call", "a tool call", "a <", "a [", "a functools", "a message")


@dataclass(frozen=True, slots=True)
class ParsedReply:
    """A model's reply, taken apart.

    Attributes:
        cells: the code to run, in order.
        finish: code that finishes, made from a ``FINAL(…)`` in prose; ``None`` if there is none.
        prose: the words of the reply.
        thoughts: what was set aside as thoughts, without its marks.
        markup: a call of a tool in the reply that carries no Python, in words: "the tool call `search`"; else
            ``None``.
        not_run: the tags of fenced blocks that are not run; ``(no tag)`` for a bare one that is not Python.
        cut_cell: the last block of a cut reply, if it has no end; it is not one of the cells.
        is_whole: whether all of it was read; not what follows after very many parts.
    """

    cells: tuple[str, ...]
    finish: str | None
    prose: str
    thoughts: str
    markup: str | None
    not_run: tuple[str, ...]
    cut_cell: str | None
    is_whole: bool


def parse_reply(text: str, *, is_cut: bool = False) -> ParsedReply:
    """Take a reply apart.

    Args:
        text: the reply.
        is_cut: whether the model was stopped by a limit before it had finished.
    """
    return _Parts(text).reply(is_cut=is_cut)


def without_thoughts(text: str) -> tuple[str, str]:
    """A reply that is read by a person or a program: the reply without its thoughts, and the thoughts."""
    if not may_have_thoughts(text):
        return text, ""
    parts = _Parts(text)
    aside = parts.of_kind("thoughts", "mark")
    if not aside:
        return text, ""
    return without_tokens(parts.outside(aside).strip()), parts.inside(parts.of_kind("thoughts"))


def markup_only(text: str) -> str | None:
    """What a text is, in words, if it is nothing but a call of a tool or code for the REPL, perhaps after a few
    words that announce it; ``None`` if it holds an answer.
    """
    return _Parts(text).markup()


def parse_not_found(text: str) -> str | None:
    """The text after ``NOT FOUND`` at the beginning of an answer; ``None`` if the answer does not begin with
    these words.

    Only in capitals and on their own, as the prompts ask for them: "Not Found" is also HTTP's status 404.
    """
    match = _NOT_FOUND.match(text)
    return text[match.end() :].strip() if match else None


class _Parts:
    """The parts of one reply."""

    def __init__(self, text: str) -> None:
        self._text = text if "\r" not in text else text.replace("\r\n", "\n").replace("\r", "\n")
        scanner = Scanner()
        scanner.advance(self._text, is_all=True)
        self._segments = scanner.segments
        self._end = scanner.at  # of what was read
        self._is_whole = scanner.at >= len(self._text)
        self._parser = Parser()

    def of_kind(self, *kinds: str) -> list[Segment]:
        """The segments of some kinds, in order."""
        return [each for each in self._segments if each.kind in kinds]

    def outside(self, segments: list[Segment]) -> str:
        """The text that is in none of the segments."""
        ends = [0, *(each.end for each in segments)]
        starts = [*(each.start for each in segments), self._end]
        return "".join(self._text[end:start] for end, start in zip(ends, starts, strict=True))

    def inside(self, segments: list[Segment]) -> str:
        """The text that is in the segments, without their marks."""
        return "\n\n".join(self._text[each.inner : each.inner_end].strip() for each in segments)

    def reply(self, *, is_cut: bool = False) -> ParsedReply:
        """The reply, as its parts make it."""
        cut = self._cut_segment() if is_cut else None
        run = [each for each in self._run() if each is not cut]
        cells = tuple(cell for each in run for cell in each.cells)
        prose = without_tokens(self.outside(self._segments).strip())
        finish = finish_in(prose, self._parser)
        markup = next((each.name for each in self._segments if each.kind == "markup"), None)
        cut_cell = None if cut is None else self._code_of(cut)
        if not cells and not self.of_kind("cells", "block", "markup") and prose:
            code, call = self._unmarked(prose, finish)
            if code and is_cut:
                cells, cut_cell, finish, prose = code[:-1], code[-1], None, ""
            elif code:
                cells, finish, prose = code, None, ""
            elif call:
                markup, finish, prose = call, None, ""
        return ParsedReply(
            cells=cells,
            finish=None if finish is None else finish.code,
            prose=prose,
            thoughts=self.inside(self.of_kind("thoughts")),
            markup=markup,
            not_run=self._not_run(run, cut),
            cut_cell=cut_cell,
            is_whole=self._is_whole,
        )

    def markup(self) -> str | None:
        """What the text is if it is nothing but a call or code."""
        others = self.of_kind("cells", "block", "markup")
        prose = without_tokens(self.outside(self._segments).strip())
        if not others:
            return self._unmarked_in_words(prose)
        last = others[-1]
        is_last = not self._text[last.end : self._end].strip()
        if not is_last or len(prose) > _ANNOUNCEMENT or any(each.kind == "block" for each in others):
            return None
        if last.kind == "markup" or last.name.startswith(CALL_TITLES):
            return last.name
        if prose:
            return None
        if any(each.name.lower() == "repl" for each in others):
            return "a ```repl block"
        if any(uses_repl(cell, self._parser) for each in others for cell in each.cells):
            return "a block of code for the REPL"
        return None

    def _unmarked_in_words(self, prose: str) -> str | None:
        finish = finish_in(prose, self._parser)
        if (
            finish is not None
            and not prose[: finish.start].strip()
            and not prose[finish.end :].strip(" \n`*.")
        ):
            return "a FINAL(...) in place of an answer"
        if is_code(prose, self._parser) and uses_repl(prose, self._parser):
            return "code for the REPL"
        calls = calls_in_words(prose, self._parser)
        return in_words(calls[0].name) if calls else None

    def _unmarked(self, prose: str, finish: ProseFinish | None) -> tuple[tuple[str, ...], str]:
        """The code that a reply without any marks is, else its call of a tool in words."""
        is_finish = finish is not None and not prose[: finish.start].strip()
        if not is_finish and is_code(words := _TAG_LINE.sub("", prose), self._parser):
            return (words,), ""
        calls = calls_in_words(prose, self._parser) if finish is None else ()
        code = tuple(call.code for call in calls if call.code is not None)
        return code, in_words(calls[0].name) if calls else ""

    def _run(self) -> list[Segment]:
        """The segments that are run: those that are plainly code if there are some."""
        found = [each for each in self._segments if each.cells]
        return [each for each in found if each.is_sure] or [each for each in found if not each.follows_words]

    def _cut_segment(self) -> Segment | None:
        """The last segment, if it is code that has no end."""
        last = self._segments[-1] if self._segments else None
        return last if last is not None and not last.is_closed and last.kind in ("cells", "markup") else None

    def _code_of(self, segment: Segment) -> str:
        return "".join(segment.cells) or self._text[segment.inner : segment.inner_end]

    def _not_run(self, run: list[Segment], cut: Segment | None) -> tuple[str, ...]:
        return tuple(
            each.name
            for each in self._segments
            if each.kind == "block"
            or (each.kind == "cells" and each.cells and each not in run and each is not cut)
        )


def without_tokens(text: str) -> str:
    """A text without the marks at its end that end a turn."""
    for _ in range(_MOST_TOKENS):
        at = text.rfind("<")
        if at < 0 or not _TOKEN.fullmatch(text, at):
            break
        text = text[:at].rstrip()
    return text
