"""Reads a question about tables as a plan: count, sum, rank, list, group. Every word that carries meaning must
be placed on a column, a value, an operator or a computation; else nothing is computed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .conditions import ConditionReader
from .cursor import NotPlaced
from .heads import ARTICLES, SUMS, check_kind, made, means_row, pass_scope, rest_of, with_tests
from .plans import Comparison, SchemaColumn, TablePlan, TableSchema
from .ranking import STANDING, best_of, most_common
from .words import ABOUT_FILES, HIGHEST, LOWEST, Token, stem, tokens_of, words_of

_HOW_MANY = (
    "how many", "in how many", "for how many", "on how many", "what is the number of", "what is the total number of", "what is the count of", "the number of", "number of",
    "total number of", "count of", "count the", "count",
)  # fmt: skip
_LEVELS = {
    "error": "ERROR",
    "warning": "WARN",
    "warn": "WARN",
    "info": "INFO",
    "debug": "DEBUG",
    "fatal": "FATAL",
    "critical": "CRITICAL",
}
_ASKS_ROWS = r"(?i)\b(?:rows?|records?|entries|table|columns?)\b|[=<>≠≤≥]"
_MAY_COMPUTE = (
    r"(?i)^\W*(?:please\s+)?(?:which|what|who|list|name|is there|are there|top|show|give|the|find|calculate|compute)\b|\b(?:how many"
    r"|number of|count|total|sum|average|mean|median|rows?|records?)\b"
)
_COMPUTES = (
    r"(?i)\b(?:how many|number of|count|total|sum|average|mean|median|highest|lowest|largest|smallest|most|least|fewest|maximum"
    r"|minimum|max|min|distinct|unique|top|per|percentage|percent|ratio|share|difference)\b"
)


def read_question(question: str, schemas: Sequence[TableSchema], *, only_tables: bool) -> TablePlan | None:
    """The plan of a question; ``None`` if it does not ask for a computation over a table.

    Args:
        question: in English.
        schemas: of the tables of the context.
        only_tables: whether the context holds nothing else, so that a computation can only be about them.

    Raises:
        NotPlaced: it asks for one that cannot be placed in full, or fits several tables.
    """
    tokens = tokens_of(question)
    if not schemas or not tokens:
        return None
    plans: list[tuple[TablePlan, TableSchema]] = []
    refusals: list[NotPlaced] = []
    named = _named(tokens, schemas)
    for schema, own in named:
        try:
            plan = _plan(own, schema)
        except NotPlaced as refusal:
            refusals.append(refusal)
            continue
        if plan is not None:
            plans.append((plan, schema))
    if plans:
        return _one_of(plans)
    if refusals and (re.search(_ASKS_ROWS, question) or (only_tables and re.search(_COMPUTES, question))):
        names = (
            ""
            if len(named) == 1
            else f" ({len(named)} tables: {', '.join(each.name for each, _ in named[:8])})"
        )
        raise NotPlaced(f"{refusals[0]}{names}")
    about_files = any(token.low in ABOUT_FILES for token in tokens)
    if (
        not about_files
        and (re.search(_ASKS_ROWS, question) or only_tables)
        and re.search(_COMPUTES, question)
    ):
        columns = ", ".join(each.name for each in named[0][0].columns[:40])
        raise NotPlaced(
            f"the question is not understood as a computation over {named[0][0].name}; columns: {columns}"
        )
    return None


def asks_rows(question: str) -> bool:
    """Whether a question speaks of rows or columns, so that it can only be about a table."""
    return bool(re.search(_ASKS_ROWS, question)) and bool(re.search(_COMPUTES, question))


def computes(question: str) -> bool:
    """Whether a question may ask for something that is computed from a table."""
    return bool(re.search(_MAY_COMPUTE, question))


def _named(
    tokens: Sequence[Token], schemas: Sequence[TableSchema]
) -> list[tuple[TableSchema, Sequence[Token]]]:
    """The tables that the question names, each with the tokens that do not name it; all if it names none."""
    found: list[tuple[TableSchema, Sequence[Token]]] = []
    for schema in schemas:
        whole = schema.name.casefold()
        file = whole.split(" (")[0]
        names = {whole, file, file.rsplit("/", 1)[-1]}
        at = next((at for at, token in enumerate(tokens) if token.low in names), None)
        if at is not None:
            start = at
            while start and tokens[start - 1].low in ("the", "file", "table", "in", "of", "from", "sheet"):
                start -= 1
            found.append((schema, [*tokens[:start], *tokens[at + 1 :]]))
    return found or [(schema, tokens) for schema in schemas]


def _one_of(plans: list[tuple[TablePlan, TableSchema]]) -> TablePlan:
    """The plan over the table that fits; over several if they have the same columns."""
    fewest = min(len(plan.notes) for plan, _ in plans)
    best = [(plan, schema) for plan, schema in plans if len(plan.notes) == fewest]
    first, schema = best[0]
    alike = all(
        [(each.name, each.kind) for each in other.columns]
        == [(each.name, each.kind) for each in schema.columns]
        and plan._replace(tables=first.tables) == first
        for plan, other in best
    )
    if not alike:
        raise NotPlaced(
            f"{len(best)} tables fit: {', '.join(each.name for _, each in best[:12])}; name one of them"
        )
    return first._replace(tables=tuple(table for plan, _ in best for table in plan.tables))


def _plan(tokens: Sequence[Token], schema: TableSchema) -> TablePlan | None:
    reader = ConditionReader(tokens, schema)
    reader.take("please")
    reader.take("can you", "could you")
    reader.take("tell me", "show me", "give me", "find", "calculate", "compute")
    for read in (_columns, _count, most_common, _sum, best_of, _value_of, _any, _list):
        start = reader.at
        plan = read(reader)
        if plan is not None:
            return plan._replace(notes=tuple(reader.notes))
        reader.at = start
        reader.notes.clear()
    return None


def _columns(reader: ConditionReader) -> TablePlan | None:
    if reader.take(
        "how many columns",
        "what columns",
        "which columns",
        "what are the columns",
        "list the columns",
        "list columns",
    ):
        reader.skip()
        if reader.token is None:
            return made(reader, "columns")
    return None


def _count(reader: ConditionReader) -> TablePlan | None:
    if not reader.take(*_HOW_MANY):
        return None
    reader.skip(ARTICLES)
    distinct = bool(reader.take("different", "distinct", "unique"))
    if distinct:
        reader.take("values of", "value of")
        reader.skip(ARTICLES)
    start = reader.at
    if reader.schema.is_log and (plan := _level_count(reader)) is not None:
        return plan
    reader.at = start
    if reader.token is None or (reader.low() in ABOUT_FILES and not reader.column_length()):
        return None
    adjectives: list[Comparison] = []
    while not reader.column_length() and (found := reader.value()) is not None:
        test, _ = reader.of_value(found, False)
        if isinstance(test, Comparison):
            adjectives.append(test)
    column = reader.column()
    if column is None:
        _pass_noun(reader, adjectives, distinct=distinct)
        plan = made(reader, "count")
    else:
        reader.take("values", "value")
        reader.take(*STANDING)
        plan = _count_of(reader, column, distinct=distinct)
    return with_tests(rest_of(reader, plan), adjectives)


def _pass_noun(reader: ConditionReader, adjectives: Sequence[Comparison], *, distinct: bool) -> None:
    """Pass over a noun that means a row, as in ``how many records``; a verb may stand in its place."""
    noun = reader.token
    if noun is None and adjectives:
        raise NotPlaced(f"'{adjectives[0].values[0]}' is a value, not what can be counted; say 'rows with'")
    is_verb = noun is not None and noun.low in ("are", "is", "have", "has", "with")
    if noun is None or not (is_verb or means_row(reader, noun)):
        raise reader.unplaced()
    if distinct:
        raise NotPlaced("say which column has distinct values")
    reader.at += not is_verb


def _count_of(reader: ConditionReader, column: SchemaColumn, *, distinct: bool) -> TablePlan:
    """A count of rows if a column names each of them, else of the different values of the column."""
    if column.is_unique and not distinct:
        return made(reader, "count")
    if column.kind != "text" and not distinct and "id" not in words_of(column.name):
        raise NotPlaced(f"say whether the distinct values of '{column.name}' or the rows are counted")
    return made(reader, "distinct", column)


def _level_count(reader: ConditionReader) -> TablePlan | None:
    """``How many errors are there?`` over a log: the entries of that level."""
    token = reader.token
    level = _LEVELS.get(stem(token.low)) if token else None
    if level is None:
        return None
    reader.at += 1
    reader.take("lines", "line", "entries", "messages", "events", "records", "rows")
    plan = rest_of(reader, made(reader, "count"))
    return with_tests(plan, [Comparison("level", "=", (level.casefold(),))])


def _sum(reader: ConditionReader) -> TablePlan | None:
    reader.take("what is", "what are", "what was", "how much is", "how high is", "how large is")
    reader.skip(ARTICLES)
    group: SchemaColumn | None = None
    word = reader.low()
    action = SUMS.get(word)
    most = None
    if action is not None:
        reader.at += 1
    elif word in HIGHEST | LOWEST and word not in ("best", "worst", "top"):
        if reader.low(1) == "expensive" or word == "cheapest":
            return None
        reader.at += 1
        most = word in HIGHEST
        if reader.low() in SUMS:
            return None
        action = "max" if most else "min"
    else:
        return None
    reader.skip(frozenset({"of", "the", "all", "value", "values", "for"}))
    column = reader.column()
    if column is None:
        if reader.token is not None and reader.low() in ABOUT_FILES:
            return None
        raise reader.unplaced()
    check_kind(column, action)
    plan = made(reader, action, column, group=group.name if group else None)
    reader.take("in total", "altogether", "overall")
    return rest_of(reader, plan)


def _value_of(reader: ConditionReader) -> TablePlan | None:
    """``What is the price of nut?``"""
    stands = reader.take("what stands in", "what is in", "what does it say in")
    if not stands and not reader.take("what is", "what was", "what are"):
        return None
    reader.skip(ARTICLES)
    column = reader.column()
    if column is None or not (reader.take("of", "for") or (stands and reader.take("in"))):
        return None
    reader.at -= 1
    pass_scope(reader)
    reader.take("of", "for", "in")
    reader.skip(ARTICLES)
    if not reader.value_length() and not reader.column_length():
        return None
    return rest_of(reader, made(reader, "list", column, limit=0))


def _any(reader: ConditionReader) -> TablePlan | None:
    if not reader.take("is there", "are there"):
        return None
    reader.skip(frozenset({"a", "an", "any"}))
    token = reader.token
    if token is None or not means_row(reader, token):
        return None
    reader.at += 1
    return rest_of(reader, made(reader, "any"))


def _list(reader: ConditionReader) -> TablePlan | None:
    if not reader.take("which", "list", "what are", "what", "name", "who"):
        return None
    reader.skip(ARTICLES)
    distinct = bool(reader.take("distinct", "different", "unique"))
    token = reader.token
    if token is None or (token.low in ABOUT_FILES and not reader.column_length()):
        return None
    edge = reader.take("first", "last")
    column = reader.column()
    if column is None:
        if token.kind != "word" or not means_row(reader, reader.token or token):
            return None
        reader.at += 1
        if edge:
            plan = rest_of(reader, made(reader, "first" if edge == "first" else "last"))
            if plan.group is not None:
                raise NotPlaced(f"the {edge} row of each group is not computed; ask over one group")
            return plan
    elif reader.low() in ("value", "values"):
        reader.at += 1
        distinct = True
    plan = rest_of(reader, made(reader, "list", column, limit=0))
    return plan if plan.where is not None or distinct else None


__all__ = ["NotPlaced", "asks_rows", "computes", "read_question"]
