"""Fences of code blocks: opening lines, as CommonMark has them and as models write them, and the tags of blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from harlm.engine.replies.python import Parser, has_statement
from harlm.patterns import lazy_pattern

Kind = Literal["python", "bare", "other"]

_OPENING = lazy_pattern(
    r"(?P<lead>[ \t>]*+(?:(?:[-*+•]|\d{1,9}[.)])[ \t]++)*+[ \t>]*+)"
    r"(?:(?P<ticks>`{3,}+)(?P<info>[^`\n]*+)|(?P<tildes>~{3,}+)(?P<words>[^\n]*+))\n?\Z"
)
_TAG = lazy_pattern(r"[ \t]*+(?:\{[ \t]*+)?\.?(?P<tag>[\w+#.-]*+)\}?")
_PYTHON_PART = lazy_pattern(
    r"(?:i?python|py|pycon|ipy)(?:\d{1,3}(?:\.\d{1,3})*)?|repl|jupyter|notebook", re.IGNORECASE
)
_BESIDE = frozenset(
    {"cell", "code", "console", "exec", "execute", "interpreter", "repl", "run", "shell", "tool"}
)
_CODE_TAGS = frozenset({"code", "tool_code", "code_interpreter", "execute_code", "run_code"})
_SEPARATED = lazy_pattern(r"[-_]")
_ATTRIBUTES = lazy_pattern(r"\{|[\w-]++=[^\s=]")
_KNOWN = frozenset(
    "bash batch c cmd cpp cs css csv console diff dockerfile go graphql html http ini java javascript js json json5 jsonl "
    "jsx kotlin latex log lua markdown md mermaid none output perl php plain plaintext powershell r regex result rst ruby "
    "rust scala sh shell sql stderr stdout svg swift text toml ts tsv tsx txt typescript xml yaml yml zsh tool_call tool_calls "
    "tool_output".split()
)
_NESTING = frozenset({"md", "markdown"})
_LONGEST_INFO = 1_000  # characters of an info string that may be code
_MOST_TICKS = 8


@dataclass(frozen=True, slots=True)
class Fence:
    """The opening fence of a block.

    Attributes:
        mark: a backtick or a tilde.
        length: how many of them; the closing fence has at least as many.
        kind: ``python`` for code of the REPL, ``bare`` for a block without a tag, ``other`` for what is not run.
        tag: as it is written.
        quotes: how many ``>`` of quotations stand before each line of the block.
        first: code that stands on the opening line.
        follows_words: whether words stand before it on its line.
    """

    mark: str
    length: int
    kind: Kind
    tag: str
    quotes: int = 0
    first: str = ""
    follows_words: bool = False

    @property
    def is_code(self) -> bool:
        """Whether its block may be a cell."""
        return self.kind != "other"

    @property
    def nests(self) -> bool:
        """Whether its block may hold blocks, each with a closing fence."""
        return self.tag.lower() in _NESTING


def opening_at(text: str, start: int, end: int, parser: Parser) -> Fence | None:
    """The opening fence that a line is; ``None`` if it is not one.

    Args:
        text: that the line is in.
        start, end: the line, with its line end.
        parser: of the reply.
    """
    match = _OPENING.match(text, start, end)
    if match is None:
        return None
    marks = match["ticks"] or match["tildes"]
    return fence_of(marks, match["info"] or match["words"] or "", parser, quotes=match["lead"].count(">"))


def fence_of(marks: str, info: str, parser: Parser, *, quotes: int = 0, follows_words: bool = False) -> Fence:
    """A fence with the info string ``info``, which may hold a tag, attributes or code."""
    tag, rest = tag_and_rest(info)
    kind, first = kind_of(tag), ""
    if kind == "python" and is_code_line(rest, parser):
        first = rest
    elif kind == "other" and is_code_line(info, parser):
        kind, tag, first = "bare", "", info.strip()
    return Fence(marks[0], min(len(marks), _MOST_TICKS), kind, tag, quotes, first, follows_words)


def tag_and_rest(info: str) -> tuple[str, str]:
    """The tag of an info string, and what stands after it."""
    match = _TAG.match(info)
    assert match is not None, "the pattern matches nothing as well"
    return match["tag"].rstrip("."), info[match.end() :].strip()


def kind_of(tag: str) -> Kind:
    """What a block with this tag is."""
    name = tag.lower()
    if not name:
        return "bare"
    if name in _CODE_TAGS or name.endswith(".py") or _PYTHON_PART.fullmatch(name):
        return "python"
    parts = [part for part in _SEPARATED.split(name) if part]
    named = [bool(_PYTHON_PART.fullmatch(part)) for part in parts]
    is_python = any(named) and all(
        is_named or part in _BESIDE for is_named, part in zip(named, parts, strict=True)
    )
    return "python" if is_python else "other"


def is_tag(info: str, parser: Parser) -> bool:
    """Whether the text after backticks is the tag of a block, rather than words."""
    tag, rest = tag_and_rest(info)
    if not tag:
        return False
    if kind_of(tag) == "python":
        return not rest or rest[0] in "{:" or bool(_ATTRIBUTES.match(rest)) or is_code_line(rest, parser)
    return tag.lower() in _KNOWN and not rest


def is_code_line(words: str, parser: Parser) -> bool:
    """Whether words on the line of a fence are code, rather than a title or attributes."""
    if len(words) > _LONGEST_INFO or not words.strip() or _ATTRIBUTES.match(words):
        return False
    tree = parser.tree(words.strip())
    return tree is not None and has_statement(tree)
