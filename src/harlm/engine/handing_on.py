"""Asks a cell back, once, that hands nearly all of a large context on to one child: the child would face the same problem."""

from __future__ import annotations

from harlm.engine.node import Node
from harlm.errors import CodeError
from harlm.types import Context

_SHARE = 0.8  # of the node's own context
_CHARACTERS = 4  # per token


class HandingOn:
    """What the cells of one node hand on to children.

    Args:
        node: whose cells they are.
        context: of the node.
    """

    def __init__(self, node: Node, context: Context) -> None:
        self._node = node
        self._own = context
        self._has_asked = False

    def check(self, context: Context) -> None:
        """Check what a child is given.

        Raises:
            CodeError: it is nearly all of a context that no model reads at once, for the first time.
        """
        window = self._node.run.facts_of(self._node.models.root).effective_window
        own = self._own.characters
        if self._has_asked or own <= _CHARACTERS * window or context.characters < _SHARE * own:
            return
        self._has_asked = True
        raise CodeError(
            f"rlm_query was not made: it hands on {context.characters:,} of the {own:,} characters of your context undivided, so the child "
            "faces your own problem again. Search or divide the context first; if the child is to have all of it, make the call again"
        )
