"""Questions for the highest and the lowest: which item has the highest price, top 3 items by price."""

from __future__ import annotations

from .conditions import ConditionReader
from .cursor import NotPlaced
from .heads import ARTICLES, SUMS, check_kind, label_of, limit_of, made, means_row, rest_of
from .plans import Both, Comparison, SchemaColumn, TablePlan
from .words import ABOUT_FILES, HIGHEST, LOWEST, PEOPLE, stem, words_of

_COSTS = frozenset("price cost amount".split())


_MOST_OFTEN = {
    "in the most": True, "in most": True, "most often": True, "most frequently": True, "the most often": True, "the most": True,
    "in the fewest": False, "least often": False, "least frequently": False, "the least often": False, "the least": False,
}  # fmt: skip
_COMMON = {
    "most common": True, "most frequent": True, "commonest": True, "least common": False, "least frequent": False, "rarest": False,
}  # fmt: skip
STANDING = ("stand", "stands", "occur", "occurs", "appear", "appears", "are found", "is found", "are there")
"""What values do in rows."""


def most_common(reader: ConditionReader) -> TablePlan | None:
    """``Which 3 values of the column city occur in the most rows?`` or ``What is the most common city?``"""
    if not reader.take("which are", "which is", "which", "what are", "what is", "what"):
        return None
    reader.skip(ARTICLES)
    limit = limit_of(reader, required=False)
    common = reader.take(*_COMMON)
    reader.take("values of", "value of", "values in", "value in")
    reader.skip(ARTICLES)
    column = reader.column()
    if column is None:
        return None
    reader.take("values", "value")
    if common:
        most = _COMMON[common]
    elif reader.take(*STANDING) and (often := reader.take(*_MOST_OFTEN)):
        most = _MOST_OFTEN[often]
    else:
        return None
    return rest_of(
        reader, made(reader, "best", None, group=column.name, most=most, measure="count", limit=limit)
    )


def best_of(reader: ConditionReader) -> TablePlan | None:
    """The plan of a question for the highest or lowest; ``None`` if it is another question."""
    limit = 1
    asked = reader.take(
        "which are",
        "which",
        "what is the name of the",
        "what is the",
        "what are",
        "what",
        "who",
        "name the",
        "list the",
        "the",
    )
    if reader.take("top"):
        asked = "top"
    if not asked:
        return None
    reader.skip(ARTICLES)
    if asked == "top" or reader.low().isdecimal():
        limit = limit_of(reader, required=asked == "top")
    label = None
    at_once = reader.low() in HIGHEST | LOWEST or reader.low() == "cheapest"
    if asked != "who" and not at_once:
        token = reader.token
        if token is None or (token.low in ABOUT_FILES and not reader.column_length()):
            return None
        label = reader.column()
        if label is None:
            if not (means_row(reader, token) or stem(token.low) in PEOPLE):
                return None
            reader.at += 1
    where = _between(reader) if asked != "top" else None
    reader.take("has", "have", "had", "with", "is", "are", "was", "by", "shows", "sells", "sold")
    reader.skip(ARTICLES)
    if reader.take("most expensive", "least expensive", "cheapest"):
        cheapest = "most" not in (reader.low(-1), reader.low(-2))
        return _by_cost(reader, label, cheapest, limit)
    if asked == "top":
        most = reader.low() not in LOWEST
        if reader.low() in HIGHEST | LOWEST:
            reader.at += 1
    elif reader.low() in HIGHEST | LOWEST and not at_once:
        most = reader.low() in HIGHEST
        reader.at += 1
    else:
        return None
    return _ranked(reader, label, most, limit, where)


def _between(reader: ConditionReader) -> Comparison | Both | None:
    """The conditions between the noun and the superlative, as in ``which item in the North has the highest``."""
    ends = [
        at
        for at in range(reader.at, len(reader.tokens))
        if reader.tokens[at].low in HIGHEST | LOWEST
        and reader.tokens[at].kind == "word"
        and reader.tokens[at - 1].low != "at"
    ]
    if not ends:
        return None
    end = ends[0]
    while end > reader.at and reader.tokens[end - 1].low in (
        "the",
        "a",
        "has",
        "have",
        "had",
        "with",
        "is",
        "are",
        "was",
    ):
        end -= 1
    if end == reader.at:
        return None
    inner = ConditionReader(reader.tokens[:end], reader.schema)
    inner.at = reader.at
    where = inner.conditions()
    if inner.token is not None:
        raise inner.unplaced()
    reader.at = end
    return where


def _ranked(
    reader: ConditionReader,
    label: SchemaColumn | None,
    most: bool,
    limit: int,
    where: Comparison | Both | None,
) -> TablePlan:
    measure = ""
    noun = reader.token
    adds_up = reader.low(-1) in ("most", "fewest", "least")
    if label is not None and noun is not None and means_row(reader, noun) and _names_rows(reader, label):
        reader.at += 1
        return rest_of(
            reader,
            made(
                reader, "best", None, group=label.name, most=most, measure="count", limit=limit, where=where
            ),
        )
    if reader.low() in SUMS:
        measure = SUMS[reader.low()]
        reader.at += 1
        reader.skip(frozenset({"of", "the"}))
    column = reader.column()
    if column is None:
        raise reader.unplaced()
    check_kind(column, "best")
    if label is not None and not label.is_unique and not measure and label.name != column.name:
        if adds_up and column.kind == "number":
            measure = "sum"
        else:
            reader.notes.append(f"{label.name} has values in several rows; each row is compared by itself")
    if measure:
        if label is None:
            raise NotPlaced("say which column is grouped by")
        check_kind(column, measure)
        return rest_of(
            reader,
            made(
                reader, "best", column, group=label.name, most=most, measure=measure, limit=limit, where=where
            ),
        )
    named = label.name if label else label_of(reader.schema)
    return rest_of(reader, made(reader, "best", column, label=named, most=most, limit=limit, where=where))


def _names_rows(reader: ConditionReader, label: SchemaColumn) -> bool:
    """Whether the noun that comes next is no column; or one that has another value in each row, as *order*, of which
    a label can have several.
    """
    if not reader.column_length():
        return True
    start = reader.at
    column = reader.column()
    length, reader.at = reader.at - start, start
    return column is not None and column.is_unique and length == 1 and not label.is_unique


def _by_cost(reader: ConditionReader, label: SchemaColumn | None, cheapest: bool, limit: int) -> TablePlan:
    costs = [
        each for each in reader.schema.columns if set(words_of(each.name)) & _COSTS and each.kind == "number"
    ]
    if len(costs) != 1:
        raise NotPlaced(
            "no column"
            if not costs
            else f"several columns hold a price: {', '.join(each.name for each in costs)}"
        )
    named = label.name if label else label_of(reader.schema)
    if label is None and (noun := reader.token) is not None:
        label = reader.column()
        if label is not None:
            named = label.name
        elif means_row(reader, noun):
            reader.at += 1
    return rest_of(reader, made(reader, "best", costs[0], label=named, most=not cheapest, limit=limit))
