"""Whether a row meets a condition."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .questions.plans import Both, Comparison
from .reading import Row

Meets = Callable[[Row], bool]

_DAY = 10  # characters of an ISO date without its time
_SPAN = 22  # characters of two days with .. between them
_ORDERED = frozenset(("<", "<=", ">", ">=", "between"))


def condition(node: Comparison | Both | None) -> Meets:
    """The condition as a function of a row; every row meets ``None``."""
    if node is None:
        return lambda row: True
    if isinstance(node, Both):
        parts = [condition(each) for each in node.parts]
        if node.any_of:
            return lambda row: any(part(row) for part in parts)
        return lambda row: all(part(row) for part in parts)
    return _test(node)


def _test(test: Comparison) -> Meets:
    column, operator, negated = test.column, test.operator, test.negated
    wanted = [value.casefold() if isinstance(value, str) else value for value in test.values]
    if column is None:
        return lambda row: row_meets(row, operator, *wanted) != negated
    if not negated:
        return lambda row: meets(row[column], operator, *wanted)
    if operator in _ORDERED or any(not isinstance(each, str) or each[_DAY:12] == ".." for each in wanted):
        return lambda row: row[column] is not None and not meets(row[column], operator, *wanted)
    return lambda row: not meets(row[column], operator, *wanted)


def meets(value: Any, operator: str, *wanted: Any) -> bool:
    """Whether the value of a cell meets a condition. Texts are compared without case, dates by day.

    Args:
        value: of the cell.
        operator: one of ``questions.plans.Operator``.
        wanted: what the value is compared with; texts in lower case.
    """
    if operator == "empty":
        return value is None
    if value is None:
        return False
    if isinstance(value, str):
        value = value.strip().casefold()
        if operator in _ORDERED:
            value = value[:_DAY]
    if operator == "=":
        return any(value == each or _in_span(value, each) for each in wanted)
    if operator == "between":
        return bool(wanted[0] <= value <= wanted[1])
    if operator in _OF_TEXT:
        return any(_OF_TEXT[operator](value, each) for each in wanted)
    return bool(_COMPARED[operator](value, wanted[0]))


_OF_TEXT: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "starts": str.startswith,
    "ends": str.endswith,
}
_COMPARED: dict[str, Callable[[Any, Any], Any]] = {
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
}


def _in_span(value: Any, span: Any) -> bool:
    """Whether a date is in a span of days written ``2024-01-01..2024-12-31``."""
    if not isinstance(value, str) or not isinstance(span, str):
        return False
    if len(span) != _SPAN or span[_DAY:12] != "..":
        return False
    return span[:_DAY] <= value[:_DAY] <= span[12:]


def row_meets(row: Row, operator: str, *wanted: str) -> bool:
    """Whether a row contains a text as a whole word or phrase, or starts or ends with it.

    Args:
        row: as it was read.
        operator: ``contains``, ``starts`` or ``ends``.
        wanted: texts in lower case, of which one is enough.
    """
    text = row.text.casefold()
    if operator != "contains":
        return any(_OF_TEXT[operator](text, each) for each in wanted)
    cells = "\n".join(str(value) for value in row.values() if value is not None).casefold()
    texts = [cells] if text.startswith("{") else [cells, text]
    return any(re.search(rf"(?<!\w){re.escape(each)}(?!\w)", text) for each in wanted for text in texts)
