"""A position in a question over one table: which column, value or operator comes next."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .plans import Operator, SchemaColumn, TableSchema
from .words import FILLERS, OPERATORS, STOPS, SYMBOLS, Token, stem, words_of

_COLUMN = frozenset({"column", "field"})


class NotPlaced(Exception):
    """A word of the question fits nothing in the table. The message says which, and what the table has."""


class Cursor:
    """The tokens of a question over one table, read from left to right.

    Args:
        tokens: of the question.
        schema: of the table.
    """

    def __init__(self, tokens: Sequence[Token], schema: TableSchema) -> None:
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
            if self.column_length() or self.value_length() or self._begins_operator():
                return
            if not self.take("in total", "in all", "altogether", "overall"):
                self.at += 1

    def _begins_operator(self) -> bool:
        """Whether a word that alone has no meaning begins ``at least``, ``at most`` or ``on or after``."""
        return (self.low() == "at" and self.low(1) in ("least", "most")) or (
            self.low() == "on" and self.low(1) == "or"
        )

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
        """How many tokens of a column's name come next; 1 if several columns fit."""
        try:
            return self._best_column()[0]
        except NotPlaced:
            return 1

    def _best_column(self) -> tuple[int, SchemaColumn | None]:
        token = self.token
        if token is None or token.kind in ("op", "comma"):
            return 0, None
        if token.low in _COLUMN and token.kind == "word":
            self.at += 1
            length, column = self._whole_name()
            self.at -= 1
            if column is not None:
                return length + 1, column
        length, column = self._whole_name()
        return (length, column) if column is not None else self._partial(token)

    def _whole_name(self) -> tuple[int, SchemaColumn | None]:
        """The column whose whole name comes next, and how many tokens that is."""
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
        return 0, None

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
            if columns and (length > 1 or given[0].kind == "quoted" or given[0].low not in FILLERS | STOPS):
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

    def unplaced(self) -> NotPlaced:
        """What to raise for the next token, with the columns that exist."""
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


def matched(text: str) -> str:
    """A text as values are compared with words of a question: without case and punctuation."""
    words = re.sub(r"[^\w%.@/+'-]+", " ", text.casefold()).split()
    return " ".join(word for each in words if (word := each.strip(".:'")))
