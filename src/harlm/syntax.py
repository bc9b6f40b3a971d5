"""Python's parser for threads. CPython 3.11 counts the nesting of a tree once for all threads: where a finalizer lets another thread
parse in between, the parser fails with ``SystemError`` (issue 106905 of CPython).
"""

from __future__ import annotations

import ast

_ATTEMPTS = 5


def parsed(code: str) -> ast.Module:
    """The syntax of code.

    Raises:
        SyntaxError: it is not Python.
        ValueError: it has a null character.
        MemoryError, RecursionError: it is nested too deep.
        SystemError: other threads disturbed every attempt.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return ast.parse(code)
        except SystemError:
            continue
    return ast.parse(code)
