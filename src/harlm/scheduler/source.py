"""Pieces of a cell's source, as a plan shows them."""

from __future__ import annotations

import ast
from itertools import islice

from harlm.scheduler.effort import Effort

_SHOWN = 100  # characters
_NODES = 300  # of a piece that is written anew; of a larger one the text itself is shown
_UNITS = 3  # of effort, for each node that is written anew


class CellSource:
    """Shows nodes of one cell, each once.

    Args:
        code: of the cell.
        effort: pays for it.
    """

    def __init__(self, code: str, effort: Effort) -> None:
        self._code = code
        self._effort = effort
        self._lines: list[bytes] | None = None
        self._known: dict[ast.AST, str] = {}

    def shown(self, node: ast.expr) -> str:
        """The source of a node in one line, cut if it is long.

        Raises:
            TooComplex: the effort is spent.
        """
        known = self._known.get(node)
        if known is None:
            text = " ".join(self._text(node).split())
            known = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
            self._known[node] = known
        return known

    def _text(self, node: ast.expr) -> str:
        nodes = sum(1 for _ in islice(ast.walk(node), _NODES + 1))
        self._effort.spend(_UNITS * nodes)
        return ast.unparse(node) if nodes <= _NODES else self._beginning(node)

    def _beginning(self, node: ast.expr) -> str:
        """The text of a node as it was written; more than is shown, and not all of it."""
        if self._lines is None:
            self._lines = self._code.encode("utf-8", "replace").split(b"\n")
        following = self._lines[node.lineno - 1 : node.lineno - 1 + _SHOWN]
        return b"\n".join(following)[node.col_offset :][: 8 * _SHOWN].decode("utf-8", "ignore")
