"""Parses a model's reply: its code blocks, and a ``FINAL(...)`` in its prose.

Accepts the notations that models were trained on. Never runs the code.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

_FENCE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<ticks>`{3,}|~{3,})[ \t]*(?P<tag>[\w+.-]*)[^\n]*\n(?P<body>.*?)(?:^[ \t]*(?P=ticks)[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
_CODE_TAGS = frozenset({"", "repl", "python", "py", "python3", "ipython", "tool_code"})
_FINAL = re.compile(r"^[ \t>*]*(?P<name>FINAL_VAR|FINAL|SUBMIT)[ \t]*\(", re.MULTILINE)
_CLOSED = re.compile(r"\)[ \t*.]*$", re.MULTILINE)
_VARIABLE = re.compile(r"""^\s*["']?(\w+)["']?\s*$""")
_NOT_FOUND = re.compile(r"^[\s*_\"'#]*NOT[ _]FOUND[*_\"']*(?:[.:;,–-][\s*_\"'.:;,–-]*|\s*\n\s*|\s*$)")


_CONTINUING = ("elif", "else", "except", "finally", "case", ")", "]", "}", '"', "'", "#", "@")
"""Beginnings of an unindented line that may still belong to the statement above it."""


@dataclass(frozen=True, slots=True)
class ParsedReply:
    """A model's reply, taken apart.

    Attributes:
        cells: the code blocks in order.
        finish: code that finishes, made from a ``FINAL(...)`` in prose; ``None`` if there is none.
        prose: the reply without its code blocks.
    """

    cells: tuple[str, ...]
    finish: str | None
    prose: str


def parse_reply(text: str) -> ParsedReply:
    """Take a reply apart. Fences may be ``repl``, ``python`` or bare; an unclosed one extends to the end."""
    cells = tuple(
        _dedented(match["body"], match["indent"]) for match in _FENCE.finditer(text) if _is_code(match["tag"])
    )
    prose = _FENCE.sub("", text).strip()
    return ParsedReply(tuple(cell for cell in cells if cell.strip()), _finish_in_prose(prose), prose)


def first_cell_so_far(text: str) -> tuple[str, bool]:
    """The first code block of a reply that is still being written, and whether that block is closed."""
    for match in _FENCE.finditer(text):
        if _is_code(match["tag"]):
            is_closed = match.end() > match.end("body")
            return _dedented(match["body"], match["indent"]), is_closed
    return "", False


def parse_not_found(text: str) -> str | None:
    """The text after ``NOT FOUND`` at the beginning of an answer; ``None`` if the answer does not begin with
    these words.

    Only in capitals and on their own, as the prompts ask for them: "Not Found" is also HTTP's status 404.
    """
    match = _NOT_FOUND.match(text)
    return text[match.end() :].strip() if match else None


def _is_code(tag: str) -> bool:
    return tag.lower() in _CODE_TAGS


def _dedented(body: str, indent: str) -> str:
    if not indent:
        return body
    return "\n".join(line.removeprefix(indent) for line in body.split("\n"))


def _finish_in_prose(prose: str) -> str | None:
    match = _FINAL.search(prose)
    body = _in_parentheses(prose[match.end() :]) if match else None
    if match is None or body is None:
        return None
    name = match["name"]
    if name == "FINAL_VAR" and (variable := _VARIABLE.match(body)):
        return f'FINAL_VAR("{variable[1]}")'
    try:
        value = ast.literal_eval(body)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        value = body
    return f"FINAL({value!r})"


def _in_parentheses(text: str) -> str | None:
    """The text before the closing parenthesis: the first one at the end of a line with balanced parentheses
    before it, else the last one at the end of a line. ``None`` if no line ends with one.
    """
    bodies = [text[: match.start()].strip() for match in _CLOSED.finditer(text)]
    balanced = (body for body in bodies if body.count("(") == body.count(")"))
    return next(balanced, bodies[-1] if bodies else None)


def whole_statements(text: str) -> str:
    """The statements of a reply's first cell that stay as they are whatever the model writes next.

    The last statement is held back while its block is open. Empty if there is no cell, or if the code so far
    is not Python.
    """
    code, is_closed = first_cell_so_far(text)
    if not is_closed:
        lines = code.splitlines(keepends=True)
        if lines and not lines[-1].endswith("\n"):
            lines.pop()  # half a line
        while lines and not _begins_a_statement(lines[-1]):
            lines.pop()
        code = "".join(lines[:-1])
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return ""
    return code


def _begins_a_statement(line: str) -> bool:
    return bool(line.strip()) and not line[0].isspace() and not line.startswith(_CONTINUING)
