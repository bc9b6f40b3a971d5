"""The words of questions about a table, and what they mean. Knows columns by name and no window."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from harlm_bench.items import Fact

Operation = Literal["count", "sum", "group", "most", "largest", "different", "cell"]
OPERATIONS: tuple[Operation, ...] = get_args(Operation)

_TESTS = ("is at least", "is at most", "is on or after", "is")
_CONDITION = re.compile(rf"(\w+) ({'|'.join(_TESTS)}) (.+)")
_NUMBER = "Answer with the number, and nothing else."
_VALUE = "Answer with the value, and nothing else."
_LIST = "Answer with the values, separated by commas, and nothing else."
_WORDS: dict[Operation, str] = {
    "count": "In how many rows holds: {conditions}? " + _NUMBER,
    "sum": "What is the sum of the column {column} over the rows in which holds: {conditions}? " + _NUMBER,
    "group": "Which {group} has the largest sum of the column {column} over the rows in which holds: {conditions}? "
    + _VALUE,
    "most": "Which {most} values of the column {group} occur in the most rows in which holds: {conditions}? "
    + _LIST,
    "largest": "What is the largest value of the column {column} in the rows in which holds: {conditions}? "
    + _NUMBER,
    "different": "How many different values of the column {group} stand in the rows in which holds: {conditions}? "
    + _NUMBER,
    "cell": "What stands in the column {column} of the row in which holds: {conditions}? " + _VALUE,
}
_PATTERNS = {
    operation: re.compile(
        re.escape(text[: text.index("? ") + 1])
        .replace(r"\{conditions\}", "(?P<conditions>[^?]+)")
        .replace(r"\{column\}", r"(?P<column>\w+)")
        .replace(r"\{group\}", r"(?P<group>\w+)")
        .replace(r"\{most\}", r"(?P<most>\d+)")
    )
    for operation, text in _WORDS.items()
}


class Condition(NamedTuple):
    """What must hold for a row: a column, a test such as ``is at least``, and a value."""

    column: str
    test: str
    value: str

    def holds(self, row: Fact) -> bool:
        """Whether it holds; not for a row without the column."""
        value = row.attributes.get(self.column)
        if value is None:
            return False
        if self.test == "is":
            return value == self.value
        if self.test == "is on or after":
            return value >= self.value
        return (
            _amount(value) >= _amount(self.value)
            if self.test == "is at least"
            else _amount(value) <= _amount(self.value)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TableQuery:
    """A question about the rows of a table.

    Attributes:
        operation: what is asked.
        column: the column that is added up, compared or read; empty if there is none.
        group: the column whose values are grouped; empty if there is none.
        most: the number of values to name.
        conditions: what holds for the rows that count.
    """

    operation: Operation
    column: str = ""
    group: str = ""
    most: int = 1
    conditions: tuple[Condition, ...]

    @property
    def in_head(self) -> bool:
        """All but reading one cell needs many rows."""
        return self.operation != "cell"

    def wants(self, fact: Fact) -> bool:
        """The rows for which all conditions hold."""
        row = fact.attributes
        for each in self.conditions:
            # Most rows differ in a word, and a window has up to half a million of them.
            if row.get(each.column) != each.value if each.test == "is" else not each.holds(fact):
                return False
        return fact.kind == "row"

    def answer(self, facts: Sequence[Fact]) -> str | None:
        """The number or the values; ``None`` if there is no row, but 0 for a count of rows."""
        rows = [each.attributes for each in facts if self.wants(each)]
        if self.operation == "count":
            return str(len(rows)) if facts else None
        if not rows:
            return None
        if self.operation == "cell":
            return rows[0].get(self.column)
        if self.operation == "different":
            return str(len({row[self.group] for row in rows}))
        if self.operation in ("group", "most"):
            return ", ".join(value for _, value in self._ranked(facts)[: self.most])
        amounts = [_amount(row[self.column]) for row in rows]
        return self._written(sum(amounts) if self.operation == "sum" else max(amounts))

    def is_tied(self, facts: Sequence[Fact]) -> bool:
        """Whether values of a group are equal, so that there is more than one right answer, or too few of them."""
        if self.operation not in ("group", "most"):
            return False
        sums = [each for each, _ in self._ranked(facts)]
        return len(sums) <= self.most or sums[self.most - 1] == sums[self.most]

    def _ranked(self, facts: Sequence[Fact]) -> list[tuple[int, str]]:
        sums: defaultdict[str, int] = defaultdict(int)
        for each in facts:
            if self.wants(each):
                row = each.attributes
                sums[row[self.group]] += _amount(row[self.column]) if self.operation == "group" else 1
        return sorted(((total, value) for value, total in sums.items()), key=lambda pair: (-pair[0], pair[1]))

    def _written(self, amount: int) -> str:
        return f"{amount // 100}.{amount % 100:02}" if self.column == "price" else str(amount // 100)


def worded(query: TableQuery) -> str:
    """The question in words."""
    conditions = " and ".join(" ".join(each) for each in query.conditions)
    return _WORDS[query.operation].format(
        conditions=conditions, column=query.column, group=query.group, most=query.most
    )


def understood(question: str) -> TableQuery | None:
    """What a question means; ``None`` if it is not about a table."""
    for operation, pattern in _PATTERNS.items():
        found = pattern.search(question)
        if found:
            named = found.groupdict()
            return TableQuery(
                operation=operation,
                column=named.get("column") or "",
                group=named.get("group") or "",
                most=int(named.get("most") or 1),
                conditions=_conditions(named["conditions"]),
            )
    return None


def _conditions(text: str) -> tuple[Condition, ...]:
    found = (_CONDITION.fullmatch(each.strip()) for each in text.split(" and "))
    return tuple(Condition(*each.groups()) for each in found if each)


def _amount(value: str) -> int:
    """A number in hundredths, so that sums are exact."""
    whole, _, part = value.partition(".")
    return int(whole) * 100 + int(f"{part}00"[:2])
