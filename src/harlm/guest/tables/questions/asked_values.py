"""Reads the values that a column is compared with: numbers in its style, days, months and years, or words."""

from __future__ import annotations

import re
from typing import Any

from ..values import date_of, number_match, number_of
from .cursor import Cursor, NotPlaced, matched
from .plans import Operator, SchemaColumn
from .words import OR_MORE, STOPS, Token

_MONTHS = "january february march april may june july august september october november december".split()
_COMPARING = frozenset(("<", "<=", ">", ">=", "between"))


class ValueReader(Cursor):
    """A cursor that reads values."""

    def values_for(self, column: SchemaColumn, operator: Operator) -> tuple[Any, ...]:
        """The values that come next, of the kind of a column; several if ``or`` joins them.

        Raises:
            NotPlaced: there is none, or one is not of that kind.
        """
        if operator == "between":
            first = self._one(column, operator)
            if not self.take("and", "to"):
                raise NotPlaced("'between' needs two values with 'and' between them")
            second = self._one(column, operator)
            low, high = (first[0], second[-1])
            return (low, high) if low <= high else (second[0], first[-1])
        values = list(self._one(column, operator))
        if operator in ("=", "!=", "contains", "starts", "ends"):
            while self.low() == "or" and self.low(1) not in ("", *OR_MORE):
                start = self.at
                self.at += 1
                self.take("in", "with", "is")
                if self.token is None or self._another_condition(column):
                    self.at = start
                    break
                values += self._one(column, operator)
        return tuple(values)

    def _another_condition(self, column: SchemaColumn) -> bool:
        """Whether what follows ``or`` has its own column, not only another value."""
        length, found = self._value()[0], self._value()[2]
        if length and column in found:
            return False
        return (
            bool(self.column_length())
            or (length > 0)
            or self.low() in ("not", "without", "with")
            or self._has_operator()
        )

    def _has_operator(self) -> bool:
        start = self.at
        found = self.operator()
        self.at = start
        return found is not None

    def _one(self, column: SchemaColumn, operator: Operator) -> tuple[Any, ...]:
        token = self.token
        if token is None:
            raise NotPlaced(f"no value follows the column '{column.name}'")
        if operator in ("contains", "starts", "ends"):
            return self.raw_values(column)
        if column.kind == "number":
            self.at += 1
            number = asked_number(token.text, column.mark)
            if number is None:
                raise NotPlaced(f"the column '{column.name}' holds numbers; '{token.text}' is none")
            return (number,)
        if column.kind == "date":
            return self._date(column, operator)
        if operator in _COMPARING:
            note = f" ({column.note})" if column.note else ""
            raise NotPlaced(f"the column '{column.name}' holds text, which has no order{note}")
        length, text, columns = self._value()
        if length and column in columns:
            self.at += length
            return (self.typed(column, text),)
        if column.kind == "boolean":
            self.at += 1
            if token.low not in ("true", "yes", "false", "no"):
                raise NotPlaced(f"the column '{column.name}' holds yes or no; '{token.text}' is neither")
            return (token.low in ("true", "yes"),)
        return self.raw_values(column)

    def raw_values(self, column: SchemaColumn | None) -> tuple[str, ...]:
        """Words up to the next ``and`` or ``or``, or one quotation."""
        token = self.token
        if token is not None and token.kind == "quoted":
            self.at += 1
            return (token.text,)
        words = []
        while (token := self.token) and token.kind == "word" and token.low not in STOPS:
            words.append(token.text)
            self.at += 1
        if not words:
            raise NotPlaced(f"no value follows {f'the column {column.name!r}' if column else 'the operator'}")
        return (" ".join(words),)

    def _date(self, column: SchemaColumn, operator: Operator) -> tuple[str, ...]:
        """A day, or the first and last day of a month or a year."""
        for length in (3, 2, 1):
            given = [each.text for each in self.tokens[self.at : self.at + length]]
            if len(given) < length:
                continue
            text = " ".join(given)
            month = _month(given[0]) if length == 2 and re.fullmatch(r"[12]\d{3}", given[1]) else 0
            if day := date_of(text):
                self.at += length
                return (f"{day[:10]}..{day[:10]}",) if operator == "=" else (day[:10],)
            first = f"{given[1]}-{month:02}" if month else text
            if re.fullmatch(r"[12]\d{3}(?:-[01]\d)?", first):
                self.at += length
                span = (
                    (f"{first}-01-01", f"{first}-12-31")
                    if len(first) == 4
                    else (f"{first}-01", f"{first}-31")
                )
                if operator in (">", "<="):
                    return (span[1],)
                if operator == "=":
                    return ("..".join(span),)
                return span if operator == "between" else (span[0],)
        asked = self.tokens[self.at].text if self.token else ""
        raise NotPlaced(f"the column '{column.name}' holds dates; '{asked}' is none")

    @staticmethod
    def fits(column: SchemaColumn, token: Token) -> bool:
        """Whether a token can be a value of a column."""
        if column.kind == "number":
            return asked_number(token.text, column.mark) is not None
        if column.kind == "date":
            return date_of(token.text) is not None or bool(re.fullmatch(r"[12]\d{3}", token.text))
        return any(matched(value) == matched(token.text) for value in column.values)

    @staticmethod
    def typed(column: SchemaColumn, text: str) -> Any:
        """The value that the text of a cell stands for in its column."""
        if column.kind == "boolean":
            return text.casefold() in ("true", "yes")
        return asked_number(text, column.mark) if column.kind == "number" else text


def asked_number(text: str, mark: str) -> int | float | None:
    """A number of the question, in the style of the column if both styles fit."""
    match = number_match(text)
    if match is None or match["open"]:
        return None
    after = (match["after"] or "").casefold()
    factor = {"k": 1_000, "m": 1_000_000}.get(after, 1)
    body = match["body"].strip()
    number = number_of(body, mark)
    if number is None:
        number = number_of(body, "," if mark == "." else ".")
    if number is None:
        return None
    sign = -1 if "-" in (match["sign"] or "") + (match["sign2"] or "") else 1
    return number * factor * sign


def _month(name: str) -> int:
    low = name.casefold()
    return next((at for at, each in enumerate(_MONTHS, start=1) if low in (each, each[:3])), 0)
