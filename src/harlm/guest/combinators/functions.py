"""The combinators as cells call them: bound to the models and to the context of one REPL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from .comparing import Compared, compare, compare_each
from .extracting import Extracted, extract
from .filtering import FilteredItems, filter_by
from .following import Followed, follow
from .items import split
from .labelling import Labels, label
from .leaf import Call, CallMany, Leaf
from .matching import Matches, best_match
from .pairing import pairs
from .reading import ReadAnswer, search_then_read
from .reducing import Reduced, map_reduce, tree_reduce
from .stability import Answer
from .statements import EXCLUDED, Order


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
        """The combinators by the names that cells use. Each function bears its name, by which a scout knows it."""
        named: dict[str, Callable[..., Any]] = {
            "split": split,
            "label": self._label(),
            "pairs": pairs,
            "search_then_read": self._search_then_read(),
            "follow": self._follow(),
            "extract": self._extract(),
            "filter_by": self._filter_by(),
            "best_match": self._best_match(),
            "compare": self._compare(),
            "map_reduce": self._map_reduce(),
            "tree_reduce": self._tree_reduce(),
        }
        for name, function in named.items():
            function.__name__ = function.__qualname__ = name
        return named

    def _label(self) -> Callable[..., Labels]:
        leaf = self._leaf

        def labelled(
            items: Sequence[str],
            labels: Sequence[str],
            instruction: str = "",
            *,
            answer: Answer | None = None,
            share: float | None = None,
        ) -> Labels:
            """One of ``labels`` for each item, in order; ``None`` where the model gave none. Has ``.coverage``."""
            return label(leaf, items, labels, instruction, answer=answer, share=share)

        return labelled

    def _search_then_read(self) -> Callable[..., ReadAnswer]:
        leaf, context = self._leaf, self._context

        def searched_and_read(
            question: str, k: int = 12, within: Any = None, *, role: str = "sub"
        ) -> ReadAnswer:
            """The answer to a question about one place: ``.text .quote .place .found``; the quote was checked."""
            return search_then_read(leaf, context, question, k=k, within=within, role=role)

        return searched_and_read

    def _follow(self) -> Callable[..., Followed]:
        leaf, context = self._leaf, self._context

        def followed(question: str, hops: int | None = None) -> Followed:
            """The answer to a question of several look-ups: ``.text .found .steps``; each step was read twice."""
            return follow(leaf, context, question, hops=hops)

        return followed

    def _extract(self) -> Callable[..., Extracted]:
        leaf = self._leaf

        def extracted(
            items: Sequence[str], fields: Mapping[str, str] | Sequence[str], instruction: str = ""
        ) -> Extracted:
            """What each item states, as a list of dicts with these fields; values stand in the item. Has ``.coverage``."""
            return extract(leaf, items, fields, instruction)

        return extracted

    def _filter_by(self) -> Callable[..., FilteredItems]:
        leaf = self._leaf

        def filtered(
            items: Sequence[str], condition: str | Sequence[str], *, role: str = "sub"
        ) -> FilteredItems:
            """The items that meet a condition, in order. Has ``.indices``, ``.met`` and ``.coverage``."""
            return filter_by(leaf, items, condition, role=role)

        return filtered

    def _best_match(self) -> Callable[..., Matches]:
        leaf = self._leaf

        def matched(items: Sequence[str], conditions: Sequence[str]) -> Matches:
            """The texts that meet most conditions, by themselves or through texts that they name, the best first."""
            return best_match(leaf, items, conditions)

        return matched

    def _compare(self) -> Callable[..., Compared | dict[str, Compared]]:
        leaf = self._leaf

        def compared(
            items: Sequence[str],
            question: str | Mapping[str, Sequence[str]],
            about: Sequence[str] = (),
            *,
            order: Order = "latest",
            without: Collection[str] = EXCLUDED,
            numbered: str = "",
        ) -> Compared | dict[str, Compared]:
            """What each text says to a question, grouped by value, the most supported first. Has ``.statements`` and ``.best``. Of a
            dict of questions, each with its ``about``, all at once: a dict.
            """
            if isinstance(question, Mapping):
                return compare_each(leaf, items, question, order=order, without=without, numbered=numbered)
            return compare(
                leaf, items, question, about=about, order=order, without=without, numbered=numbered
            )

        return compared

    def _map_reduce(self) -> Callable[..., Any]:
        leaf = self._leaf

        def reduced(items: Sequence[str], map: str, reduce: str | Callable[[list[str]], Any]) -> Any:
            """An instruction carried out on each item, and its results brought together by another, or by a function."""
            return map_reduce(leaf, items, map, reduce)

        return reduced

    def _tree_reduce(self) -> Callable[..., Reduced]:
        leaf = self._leaf

        def reduced(texts: Sequence[str], instruction: str) -> Reduced:
            """Texts brought together into one, level by level."""
            return tree_reduce(leaf, texts, instruction)

        return reduced
