"""Reads the conditions of a question: which columns, compared how, with which values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from harlm.guest.tables.values import date_of, number_match, number_of
from harlm.tables.plans import Both, Operator, Schema, SchemaColumn, Test
from harlm.tables.words import FILLERS, OPERATORS, SYMBOLS, Token, stem, words_of

_MONTHS = "january february march april may june july august september october november december".split()
_STOPS = frozenset("and or but per grouped group nor".split())
_COMPARING = frozenset(("<", "<=", ">", ">=", "between"))


class NotPlaced(Exception):
    """A word of the question fits nothing in the table. The message says which, and what the table has."""


class Reader:
    """The tokens of a question over one table, read from left to right.

    Args:
        tokens: of the question.
        schema: of the table.
    """

    def __init__(self, tokens: Sequence[Token], schema: Schema) -> None:
        self.tokens, self.schema, self.at = tokens, schema, 0
        self.notes: list[str] = []
        self._columns = [(words_of(each.name), each) for each in schema.columns]

    # -- looking ahead ------------------------------------------------------------------------------------

    @property
    def token(self) -> Token | None:
        """The next token."""
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def low(self, ahead: int = 0) -> str:
        """The next token in lower case; empty at the end."""
        at = self.at + ahead
        return self.tokens[at].low if at < len(self.tokens) else ""

    def take(self, *phrases: str) -> str:
        """The first of the phrases that comes next, which is passed over; empty if none does."""
        for phrase in phrases:
            words = phrase.split()
            if [
                token.low for token in self.tokens[self.at : self.at + len(words)] if token.kind == "word"
            ] == words:
                self.at += len(words)
                return phrase
        return ""

    def skip(self, words: frozenset[str] = FILLERS) -> None:
        """Pass over words without meaning."""
        while (
            (token := self.token)
            and token.kind in ("word", "comma")
            and (token.low in words or token.kind == "comma")
        ):
            if self.column_length() or self.value_length():
                return
            self.at += 1

    def column(self) -> SchemaColumn | None:
        """The column that comes next, which is passed over.

        Raises:
            NotPlaced: several columns fit.
        """
        length, found = self._best_column()
        if found is not None:
            self.at += length
        return found

    def column_length(self) -> int:
        try:
            return self._best_column()[0]
        except NotPlaced:
            return 1

    def _best_column(self) -> tuple[int, SchemaColumn | None]:
        token = self.token
        if token is None or token.kind in ("op", "comma"):
            return 0, None
        for length in range(min(6, len(self.tokens) - self.at), 0, -1):
            given = self.tokens[self.at : self.at + length]
            if any(each.kind in ("op", "comma") for each in given):
                continue
            plain = " ".join(each.low for each in given)
            for each in self.schema.columns:
                if each.name.casefold() == plain:
                    return length, each
            stems = words_of(" ".join(each.text for each in given)) if length > 1 else words_of(given[0].text)
            whole = [each for words, each in self._columns if words and words == stems]
            if len(whole) == 1:
                return length, whole[0]
        return self._partial(token)

    def _partial(self, token: Token) -> tuple[int, SchemaColumn | None]:
        """The only column whose name ends with this word."""
        word = stem(token.low)
        if len(word) < 3 or token.low in FILLERS:
            return 0, None
        last = [each for words, each in self._columns if len(words) > 1 and words[-1] == word]
        first = [
            each
            for words, each in self._columns
            if len(words) == 2 and words[0] == word and words[1] in ("id", "name", "no", "number")
        ]
        found = last or first
        if len(found) > 1:
            raise NotPlaced(f"'{token.text}' may mean {' or '.join(each.name for each in found)}")
        if found:
            note = f"{token.text} is the column {found[0].name}"
            if note not in self.notes:
                self.notes.append(note)
        return (1, found[0]) if found else (0, None)

    def value_length(self) -> int:
        """How many tokens of a cell's value come next."""
        return self._value()[0]

    def value(self) -> tuple[str, list[SchemaColumn]] | None:
        """The value of a cell that comes next, and the columns that have it."""
        length, text, columns = self._value()
        self.at += length
        return (text, columns) if length else None

    def _value(self) -> tuple[int, str, list[SchemaColumn]]:
        for length in range(min(8, len(self.tokens) - self.at), 0, -1):
            given = self.tokens[self.at : self.at + length]
            if any(each.kind == "op" for each in given):
                continue
            plain = matched(" ".join(each.low for each in given))
            columns = [
                each for each in self.schema.columns if any(matched(value) == plain for value in each.values)
            ]
            if columns and (length > 1 or given[0].kind == "quoted" or given[0].low not in FILLERS | _STOPS):
                text = next(value for value in columns[0].values if matched(value) == plain)
                return length, text, columns
        return 0, "", []

    def operator(self) -> Operator | None:
        """The operator that comes next, which is passed over."""
        token = self.token
        if token is None:
            return None
        if token.kind == "op":
            self.at += 1
            return SYMBOLS[token.low]
        for phrase, operator in OPERATORS:
            if self.take(phrase):
                return operator
        return None

    # -- conditions ---------------------------------------------------------------------------------------

    def conditions(self) -> Test | Both | None:
        """All conditions up to the end or up to a word like ``per``. ``and`` binds before ``or``.

        Raises:
            NotPlaced: a word fits nothing.
        """
        groups: list[list[Test | Both]] = [[]]
        last: Test | None = None
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
            if self.token is None:
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

    def _condition(self, negated: bool, last: Test | None) -> tuple[Test | Both, Test | None]:
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
            return self._made(None, operator, self._raw_values(None), negated)
        if operator is not None and operator != "empty":
            return self._before_column(operator, negated, last)
        self.at = start
        found = self.value()
        if found is None:
            if last is not None and last.column is not None:
                known = next(each for each in self.schema.columns if each.name == last.column)
                if self.token and self._fits(known, self.token):
                    return self._made(
                        known, last.operator, self._values(known, last.operator), negated != last.negated
                    )
            dates = [each for each in self.schema.columns if each.kind == "date"]
            if len(dates) == 1 and self.at and self.tokens[self.at - 1].low in ("in", "on", "during", "from"):
                return self._made(dates[0], "=", self._values(dates[0], "="), negated)
            raise self.unplaced()
        return self.of_value(found, negated)

    def _of_column(self, column: SchemaColumn, negated: bool) -> tuple[Test | Both, Test | None]:
        verb = False
        while True:
            if self.take("do not", "does not", "did not") or (not verb and self.take("not")):
                negated = not negated
            operator = self.operator()
            if operator is not None:
                break
            if (
                self.low()
                in (
                    "is",
                    "are",
                    "was",
                    "were",
                    "has",
                    "have",
                    "of",
                    "be",
                    "been",
                    "in",
                    "the",
                    "on",
                    "a",
                    ":",
                    "value",
                    "named",
                    "called",
                    "set",
                    "to",
                    "that",
                    "which",
                    "who",
                )
                and not self.value_length()
            ):
                verb = verb or self.low() in (
                    "is",
                    "are",
                    "was",
                    "were",
                    "of",
                    "in",
                    ":",
                    "named",
                    "called",
                    "on",
                    "to",
                )
                self.at += 1
                if self.take("not"):
                    negated = not negated
                continue
            break
        if operator is None:
            following = self.token
            known = following is not None and (
                column in (self._value()[2]) or following.kind == "quoted" or self._fits(column, following)
            )
            if column.kind == "boolean" and not known:
                return self._made(column, "=", (True,), negated)
            if following is None or not (verb or known) or following.low in _STOPS:
                raise NotPlaced(f"nothing is asked of the column '{column.name}'")
            operator = "="
        if operator in ("starts", "ends", "contains") and column.kind in ("number", "date", "boolean"):
            raise NotPlaced(f"the column '{column.name}' holds {column.kind}s, not text")
        if operator == "empty":
            return self._made(column, "empty", (), negated)
        while (
            self.low() in ("the", "a", "an", "word", "text", "string", "either", "value", "than", "to")
            and self.tokens[self.at].text.islower()
            and self.low(1) not in ("", *_STOPS)
            and not self.value_length()
        ):
            self.at += 1
        return self._made(column, operator, self._values(column, operator), negated)

    def _before_column(
        self, operator: Operator, negated: bool, last: Test | None
    ) -> tuple[Test | Both, Test | None]:
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
        values = self._values(column, operator)
        if after >= 0:
            if self.at != start + length:
                raise self.unplaced()
            self.at = after
        return self._made(column, operator, values, negated)

    def of_value(
        self, found: tuple[str, list[SchemaColumn]], negated: bool
    ) -> tuple[Test | Both, Test | None]:
        text, columns = found
        start = self.at
        column = self.column()
        if column is not None and column in columns:
            return self._made(column, "=", (self._typed(column, text),), negated)
        self.at = start
        if len(columns) > 1:
            raise NotPlaced(
                f"'{text}' is a value of {' and of '.join(each.name for each in columns)}; name the column"
            )
        return self._made(columns[0], "=", (self._typed(columns[0], text),), negated)

    def _made(
        self, column: SchemaColumn | None, operator: Operator, values: tuple[Any, ...], negated: bool
    ) -> tuple[Test | Both, Test]:
        if operator == "!=":
            operator, negated = "=", not negated
        test = Test(column.name if column else None, operator, values, negated)
        return test, test

    # -- values -------------------------------------------------------------------------------------------

    def _values(self, column: SchemaColumn, operator: Operator) -> tuple[Any, ...]:
        if operator == "between":
            first = self._one(column, operator)
            if not self.take("and", "to"):
                raise NotPlaced("'between' needs two values with 'and' between them")
            second = self._one(column, operator)
            low, high = (first[0], second[-1])
            return (low, high) if low <= high else (second[0], first[-1])
        values = list(self._one(column, operator))
        if operator in ("=", "!=", "contains", "starts", "ends"):
            while self.low() == "or" and self.at + 1 < len(self.tokens):
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
            return self._raw_values(column)
        if column.kind == "number":
            self.at += 1
            number = asked_number(token.text, column.mark)
            if number is None:
                raise NotPlaced(f"the column '{column.name}' holds numbers; '{token.text}' is none")
            self.take("or more", "or less", "or fewer") and self._refuse_suffix()
            return (number,)
        if column.kind == "date":
            return self._date(column, operator)
        if operator in _COMPARING:
            note = f" ({column.note})" if column.note else ""
            raise NotPlaced(f"the column '{column.name}' holds text, which has no order{note}")
        length, text, columns = self._value()
        if length and column in columns:
            self.at += length
            return (self._typed(column, text),)
        if column.kind == "boolean":
            self.at += 1
            if token.low not in ("true", "yes", "false", "no"):
                raise NotPlaced(f"the column '{column.name}' holds yes or no; '{token.text}' is neither")
            return (token.low in ("true", "yes"),)
        return self._raw_values(column)

    def _refuse_suffix(self) -> None:
        raise NotPlaced("'or more' and 'or less' are not understood here; write 'at least' or 'at most'")

    def _raw_values(self, column: SchemaColumn | None) -> tuple[str, ...]:
        """Words up to the next ``and`` or ``or``, or one quotation."""
        token = self.token
        if token is not None and token.kind == "quoted":
            self.at += 1
            return (token.text,)
        words = []
        while (token := self.token) and token.kind == "word" and token.low not in _STOPS:
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
    def _fits(column: SchemaColumn, token: Token) -> bool:
        if column.kind == "number":
            return asked_number(token.text, column.mark) is not None
        if column.kind == "date":
            return date_of(token.text) is not None or bool(re.fullmatch(r"[12]\d{3}", token.text))
        return any(matched(value) == matched(token.text) for value in column.values)

    @staticmethod
    def _typed(column: SchemaColumn, text: str) -> Any:
        if column.kind == "boolean":
            return text.casefold() in ("true", "yes")
        return asked_number(text, column.mark) if column.kind == "number" else text

    def unplaced(self) -> NotPlaced:
        token = self.token
        word = token.text if token else "the end"
        following = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else None
        names = ", ".join(each.name for each in self.schema.columns[:40])
        looks = following is not None and (
            following.kind == "op" or following.low in ("is", "are", "of", "over", "under")
        )
        if looks or (token is not None and self.at == len(self.tokens) - 1):
            return NotPlaced(f"no column '{word}'; columns: {names}")
        return NotPlaced(f"'{word}' fits no column and no value; columns: {names}")


def _refuse_two_values(tests: Sequence[Test | Both]) -> None:
    """Refuse conditions of which no row can meet both, as ``North and South``: most people mean *or*."""
    seen: dict[str | None, Test] = {}
    for test in tests:
        if isinstance(test, Test) and test.operator == "=" and not test.negated:
            other = seen.setdefault(test.column, test)
            if other.values != test.values:
                raise NotPlaced(f"no row has {other} and {test} at once; write 'or' if either is meant")


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


def matched(text: str) -> str:
    """A text as values are compared with words of a question: without case and punctuation."""
    words = re.sub(r"[^\w%.@/+'-]+", " ", text.casefold()).split()
    return " ".join(word for each in words if (word := each.strip(".:'")))


def _month(name: str) -> int:
    low = name.casefold()
    return next((at for at, each in enumerate(_MONTHS, start=1) if low in (each, each[:3])), 0)
