"""The combinators as cells call them: bound to the models and to the context of one REPL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .items import split
from .labelling import Labels, label
from .leaf import Call, CallMany, Leaf
from .pairing import pairs


class Combinators:
    """Makes the combinators of one REPL.

    Args:
        call: calls a host function.
        call_many: the same many times at once.
        context: the context of the REPL.
    """

    def __init__(self, call: Call, call_many: CallMany, context: Any) -> None:
        self._leaf = Leaf(call, call_many)
        self._context = context

    def named(self) -> dict[str, Callable[..., Any]]:
        """The combinators by the names that cells use."""
        return {"split": split, "label": self._label(), "pairs": pairs}

    def _label(self) -> Callable[..., Labels]:
        leaf = self._leaf

        def labelled(
            items: Sequence[str], labels: Sequence[str], instruction: str = "", **options: Any
        ) -> Labels:
            """One of ``labels`` for each item, in order; ``None`` where the model gave none. Has ``.coverage``."""
            return label(leaf, items, labels, instruction, **options)

        return labelled
