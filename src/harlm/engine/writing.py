"""The first cell of a reply that is still being written: what of it is whole already. Knows fences and statements; runs nothing."""

from __future__ import annotations

import ast

from harlm.engine.parsing import first_cell_so_far

_GOES_ON = ("elif", "else", "except", "finally", "case", ")", "]", "}", '"', "'", "#", "@")
"""How a line at the margin begins that belongs to what is above it, or may."""


def whole_statements(text: str) -> str:
    """The statements of a reply's first cell that will not change any more, whatever follows. The last one is held back as
    long as its block is open; nothing where there is no cell, or where it is no Python so far.
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
    return bool(line.strip()) and not line[0].isspace() and not line.startswith(_GOES_ON)
