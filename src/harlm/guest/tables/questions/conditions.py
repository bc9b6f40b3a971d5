"""Reads the conditions of a question: which columns, compared how, with which values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..values import date_of
from .asked_values import ValueReader
from .cursor import NotPlaced
from .plans import Both, Comparison, Operator, SchemaColumn
from .words import OR_MORE, STOPS, Token

_VERBS = frozenset("is are was were of in : named called on to".split())
_LINKS = frozenset("has have be been the a value set that which who".split())
_BEFORE_VALUE = frozenset("the a an word text string either value than to".split())


class ConditionReader(ValueReader):
    """A cursor that reads conditions."""

    def conditions(self) -> Comparison | Both | None:
        """All conditions up to the end or up to a word like ``per``. ``and`` binds before ``or``.

        Raises:
            NotPlaced: a word fits nothing.
        """
        groups: list[list[Comparison | Both]] = [[]]
        last: Comparison | None = None
        while True:
            self.skip()
            if self.token is None or self.low() in ("per", "grouped", "group"):
                break
            if self.low() in ("by", "each"):
                break
            word = self.take("and not", "but not", "or not", "and", "or", "but", "nor")
            if word.startswith("or") and groups[-1]:
                groups.append([])
            if word == "nor":
                raise NotPlaced("'nor' is not understood")
            negated = word.endswith("not")
            self.skip()
            if self.at >= len(self.tokens):
                if word:
                    raise NotPlaced(f"nothing follows '{word}'")
                break
            found, last = self._condition(negated, last if word else None)
            groups[-1].append(found)
        groups = [group for group in groups if group]
        for group in groups:
            _refuse_two_values(group)
        if not groups:
            return None
        parts = [group[0] if len(group) == 1 else Both(tuple(group)) for group in groups]
        return parts[0] if len(parts) == 1 else Both(tuple(parts), any_of=True)

    def _condition(
        self, negated: bool, last: Comparison | None
    ) -> tuple[Comparison | Both, Comparison | None]:
        negated = bool(self.take("do not", "does not", "did not", "not")) != negated
        if self.take("without", "with no", "have no", "has no", "no"):
            self.skip()
            column = self.column()
            if column is None or (self.token and self.low() not in ("and", "or", "but", "per")):
                raise self.unplaced()
            return self._made(column, "empty", (), negated)
        if self.take("empty", "blank", "missing"):
            column = self.column()
            if column is None:
                raise self.unplaced()
            return self._made(column, "empty", (), negated)
        self.skip()
        column = self.column()
        if column is not None:
            return self._of_column(column, negated)
        start = self.at
        operator = self.operator()
        if operator in ("contains", "starts", "ends"):
            self.skip(frozenset({"the", "word", "text", "string", "value", "term"}))
            return self._made(None, operator, self.raw_values(None), negated)
        if operator is not None and operator != "empty":
            return self._before_column(operator, negated, last)
        self.at = start
        found = self.value()
        if found is None:
            if last is not None and last.column is not None:
                known = next(each for each in self.schema.columns if each.name == last.column)
                if self.token and self.fits(known, self.token):
                    return self._made(
                        known, last.operator, self.values_for(known, last.operator), negated != last.negated
                    )
            dates = [each for each in self.schema.columns if each.kind == "date"]
            if len(dates) == 1 and self.at and self.tokens[self.at - 1].low in ("in", "on", "during", "from"):
                return self._made(dates[0], "=", self.values_for(dates[0], "="), negated)
            raise self.unplaced()
        return self.of_value(found, negated)

    def _of_column(self, column: SchemaColumn, negated: bool) -> tuple[Comparison | Both, Comparison | None]:
        operator, verb, denied = self._verb_and_operator()
        negated = negated != denied
        if operator is None:
            following = self.token
            known = following is not None and self._can_be_value(column, following)
            if column.kind == "boolean" and not known:
                return self._made(column, "=", (True,), negated)
            if following is None or not (verb or known) or following.low in STOPS:
                if following is not None and following.kind == "word" and following.low not in STOPS:
                    raise NotPlaced(f"'{following.text}' is no value of the column '{column.name}'")
                raise NotPlaced(f"nothing is asked of the column '{column.name}'")
            operator = "="
        if operator in ("starts", "ends", "contains") and column.kind != "text":
            raise NotPlaced(f"the column '{column.name}' holds {column.kind}s, not text")
        if operator == "empty":
            return self._made(column, "empty", (), negated)
        while (
            self.low() in _BEFORE_VALUE
            and self.tokens[self.at].text.islower()
            and self.low(1) not in ("", *STOPS)
            and not self.value_length()
        ):
            self.at += 1
        values = self.values_for(column, operator)
        if operator == "=" and column.kind in ("number", "date") and self.low() == "or":
            operator = OR_MORE.get(self.low(1), operator)
            if operator != "=":
                self.at += 2
                values = tuple(each[:10] if isinstance(each, str) else each for each in values)
        return self._made(column, operator, values, negated)

    def _can_be_value(self, column: SchemaColumn, token: Token) -> bool:
        return column in self._value()[2] or token.kind == "quoted" or self.fits(column, token)

    def _verb_and_operator(self) -> tuple[Operator | None, bool, bool]:
        """The operator after a column, whether a verb stands before it, and whether that is denied."""
        verb = negated = False
        while True:
            if self.take("do not", "does not", "did not") or (not verb and self.take("not")):
                negated = not negated
            operator = self.operator()
            if operator is not None or self.low() not in _VERBS | _LINKS or self.value_length():
                return operator, verb, negated
            verb = verb or self.low() in _VERBS
            self.at += 1
            if self.take("not"):
                negated = not negated

    def _before_column(
        self, operator: Operator, negated: bool, last: Comparison | None
    ) -> tuple[Comparison | Both, Comparison | None]:
        """An operator without a column before it: ``over 50 qty``, ``after 2020-01-01``, ``except North``."""
        if operator in ("=", "!="):
            found = self.value()
            if found is not None:
                return self.of_value(found, negated != (operator == "!="))
        start = self.at
        length = 1 if operator != "between" else 3
        self.at += length
        self.skip(frozenset({"of", "in", "the"}))
        column = self.column()
        after = self.at
        self.at = start
        if column is None and last is not None and last.column is not None:
            column, after = next(each for each in self.schema.columns if each.name == last.column), -1
        if column is None:
            dates = [each for each in self.schema.columns if each.kind == "date"]
            is_date = self.token is not None and (
                date_of(self.token.text) or re.fullmatch(r"[12]\d{3}|[A-Za-z]+", self.token.text)
            )
            if len(dates) != 1 or not is_date:
                raise self.unplaced()
            column, after = dates[0], -1
        values = self.values_for(column, operator)
        if after >= 0:
            if self.at != start + length:
                raise self.unplaced()
            self.at = after
        return self._made(column, operator, values, negated)

    def of_value(
        self, found: tuple[str, list[SchemaColumn]], negated: bool
    ) -> tuple[Comparison | Both, Comparison | None]:
        """The condition that a column equals the value of a cell that was just read."""
        text, columns = found
        start = self.at
        column = self.column()
        if column is not None and column in columns:
            return self._made(column, "=", (self.typed(column, text),), negated)
        self.at = start
        if len(columns) > 1:
            raise NotPlaced(
                f"'{text}' is a value of {' and of '.join(each.name for each in columns)}; name the column"
            )
        return self._made(columns[0], "=", (self.typed(columns[0], text),), negated)

    def _made(
        self, column: SchemaColumn | None, operator: Operator, values: tuple[Any, ...], negated: bool
    ) -> tuple[Comparison | Both, Comparison]:
        if operator == "!=":
            operator, negated = "=", not negated
        test = Comparison(column.name if column else None, operator, values, negated)
        return test, test


def _refuse_two_values(tests: Sequence[Comparison | Both]) -> None:
    """Refuse conditions of which no row can meet both, as ``North and South``: most people mean *or*."""
    seen: dict[str | None, Comparison] = {}
    for test in tests:
        if isinstance(test, Comparison) and test.operator == "=" and not test.negated:
            other = seen.setdefault(test.column, test)
            if other.values != test.values:
                raise NotPlaced(f"no row has {other} and {test} at once; write 'or' if either is meant")
