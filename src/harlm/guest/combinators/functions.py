"""The combinators as cells call them: bound to the models and to the context of one REPL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .following import Followed, follow
from .items import split
from .labelling import Labels, label
from .leaf import Call, CallMany, Leaf
from .pairing import pairs
from .reading import ReadAnswer, search_then_read


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
        return {
            "split": split,
            "label": self._label(),
            "pairs": pairs,
            "search_then_read": self._search_then_read(),
            "follow": self._follow(),
        }

    def _label(self) -> Callable[..., Labels]:
        leaf = self._leaf

        def labelled(
            items: Sequence[str], labels: Sequence[str], instruction: str = "", **options: Any
        ) -> Labels:
            """One of ``labels`` for each item, in order; ``None`` where the model gave none. Has ``.coverage``."""
            return label(leaf, items, labels, instruction, **options)

        return labelled

    def _search_then_read(self) -> Callable[..., ReadAnswer]:
        leaf, context = self._leaf, self._context

        def searched_and_read(question: str, k: int = 12, within: Any = None, **options: Any) -> ReadAnswer:
            """The answer to a question about one place: ``.text .quote .place .found``; the quote was checked."""
            return search_then_read(leaf, context, question, k=k, within=within, **options)

        return searched_and_read

    def _follow(self) -> Callable[..., Followed]:
        leaf, context = self._leaf, self._context

        def followed(question: str, hops: int | None = None) -> Followed:
            """The answer to a question of several look-ups: ``.text .found .steps``; each step was read twice."""
            return follow(leaf, context, question, hops=hops)

        return followed
