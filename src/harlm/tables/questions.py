"""Reads a question about tables as a plan: count, sum, rank, list, group. Every word that carries meaning must
be placed on a column, a value, an operator or a computation; else nothing is computed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from harlm.tables.conditions import NotPlaced, Reader
from harlm.tables.plans import Action, Both, Plan, Schema, SchemaColumn, Test
from harlm.tables.words import ABOUT_FILES, HIGHEST, LOWEST, PEOPLE, ROWS, Token, stem, tokens_of, words_of

_SUMS: dict[str, Action] = {
    "total": "sum", "sum": "sum", "average": "mean", "mean": "mean", "avg": "mean", "median": "median",
}  # fmt: skip
_LEVELS = {
    "error": "ERROR",
    "warning": "WARN",
    "warn": "WARN",
    "info": "INFO",
    "debug": "DEBUG",
    "fatal": "FATAL",
    "critical": "CRITICAL",
}
_ARTICLES = frozenset("the a an of all any some each".split())
_LABELS = frozenset("name title item product label person employee".split())
_COSTS = frozenset("price cost amount".split())
_ASKS_ROWS = re.compile(r"\b(?:rows?|records?|entries|table|columns?)\b|[=<>≠≤≥]", re.IGNORECASE)
_MAY_COMPUTE = re.compile(
    r"^\W*(?:please\s+)?(?:which|what|who|list|name|is there|are there|top|show|give|the|find|calculate|compute)\b|\b(?:how many"
    r"|number of|count|total|sum|average|mean|median|rows?|records?)\b",
    re.IGNORECASE,
)
_COMPUTES = re.compile(
    r"\b(?:how many|number of|count|total|sum|average|mean|median|highest|lowest|largest|smallest|most|least|fewest|maximum"
    r"|minimum|max|min|distinct|unique|top|per)\b",
    re.IGNORECASE,
)


def read_question(question: str, schemas: Sequence[Schema], *, only_tables: bool) -> Plan | None:
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
    plans: list[tuple[Plan, Schema]] = []
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
    if refusals and (_ASKS_ROWS.search(question) or (only_tables and _COMPUTES.search(question))):
        names = (
            ""
            if len(named) == 1
            else f" ({len(named)} tables: {', '.join(each.name for each, _ in named[:8])})"
        )
        raise NotPlaced(f"{refusals[0]}{names}")
    return None


def asks_rows(question: str) -> bool:
    """Whether a question speaks of rows or columns, so that it can only be about a table."""
    return bool(_ASKS_ROWS.search(question)) and bool(_COMPUTES.search(question))


def computes(question: str) -> bool:
    """Whether a question may ask for something that is computed from a table."""
    return bool(_MAY_COMPUTE.search(question))


def _named(tokens: Sequence[Token], schemas: Sequence[Schema]) -> list[tuple[Schema, Sequence[Token]]]:
    """The tables that the question names, each with the tokens that do not name it; all if it names none."""
    found: list[tuple[Schema, Sequence[Token]]] = []
    for schema in schemas:
        whole = schema.name.casefold()
        file = whole.split(" (table ")[0]
        names = {whole, file, file.rsplit("/", 1)[-1]}
        at = next((at for at, token in enumerate(tokens) if token.low in names), None)
        if at is not None:
            start = at
            while start and tokens[start - 1].low in ("the", "file", "table", "in", "of", "from", "sheet"):
                start -= 1
            found.append((schema, [*tokens[:start], *tokens[at + 1 :]]))
    return found or [(schema, tokens) for schema in schemas]


def _one_of(plans: list[tuple[Plan, Schema]]) -> Plan:
    """The plan over the table that fits; over several if they have the same columns."""
    fewest = min(len(plan.notes) for plan, _ in plans)
    best = [(plan, schema) for plan, schema in plans if len(plan.notes) == fewest]
    first, schema = best[0]
    alike = all(
        [(each.name, each.kind) for each in other.columns]
        == [(each.name, each.kind) for each in schema.columns]
        and replace(plan, tables=first.tables) == first
        for plan, other in best
    )
    if not alike:
        raise NotPlaced(
            f"{len(best)} tables fit: {', '.join(each.name for _, each in best[:12])}; name one of them"
        )
    return replace(first, tables=tuple(table for plan, _ in best for table in plan.tables))


def _plan(tokens: Sequence[Token], schema: Schema) -> Plan | None:
    reader = Reader(tokens, schema)
    reader.take("please")
    reader.take("can you", "could you")
    reader.take("tell me", "show me", "give me", "find", "calculate", "compute")
    for read in (_columns, _count, _sum, _best, _value_of, _any, _list):
        start = reader.at
        plan = read(reader)
        if plan is not None:
            return replace(plan, notes=tuple(reader.notes))
        reader.at = start
        reader.notes.clear()
    return None


def _made(reader: Reader, action: Action, column: SchemaColumn | None = None, **more: object) -> Plan:
    schema = reader.schema
    plan = Plan(action=action, tables=((schema.number, schema.name),), column=column.name if column else None)
    return replace(plan, **more)  # type: ignore[arg-type]


def _columns(reader: Reader) -> Plan | None:
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
            return _made(reader, "columns")
    return None


def _rest(reader: Reader, plan: Plan) -> Plan:
    """``plan`` with the conditions and the grouping that follow; all tokens must be read."""
    where = reader.conditions()
    if where is not None:
        plan = replace(plan, where=where if plan.where is None else Both((plan.where, where)))
    if reader.take("per", "by", "for each", "each", "grouped by", "group by"):
        reader.take("each")
        reader.skip(_ARTICLES)
        group = reader.column()
        if group is None:
            raise reader.unplaced()
        plan = replace(plan, group=group.name)
        reader.skip()
    if reader.token is not None:
        raise reader.unplaced()
    return plan


def _count(reader: Reader) -> Plan | None:
    if not reader.take(
        "how many",
        "what is the number of",
        "what is the total number of",
        "what is the count of",
        "the number of",
        "number of",
        "total number of",
        "count of",
        "count the",
        "count",
    ):
        return None
    reader.skip(_ARTICLES)
    distinct = bool(reader.take("different", "distinct", "unique"))
    token = reader.token
    if token is None:
        return None
    if token.low in ABOUT_FILES and reader.column_length() == 0 and not reader.schema.is_log:
        return None
    start = reader.at
    if reader.schema.is_log and (plan := _level_count(reader)) is not None:
        return plan
    reader.at = start
    if token.low in ABOUT_FILES and reader.column_length() == 0:
        return None
    adjectives: list[Test] = []
    while not reader.column_length() and (found := reader.value()) is not None:
        test, _ = reader.of_value(found, False)
        if isinstance(test, Test):
            adjectives.append(test)
    noun = reader.token
    column = reader.column()
    if column is None:
        bare = noun is not None and noun.low in ("are", "is", "have", "has", "with")
        if noun is None or not (bare or _means_row(reader, noun)):
            if adjectives and noun is None:
                raise NotPlaced(
                    f"'{adjectives[0].values[0]}' is a value, not what can be counted; say 'rows with'"
                )
            raise reader.unplaced()
        if distinct:
            raise NotPlaced("say which column has distinct values")
        if not bare:
            reader.at += 1
        action: Action = "count"
    else:
        if reader.low() in ("value", "values"):
            reader.at += 1
        action = "count" if column.is_unique and not distinct else "distinct"
        if (
            column.kind in ("number", "date", "boolean")
            and not distinct
            and not column.is_unique
            and "id" not in words_of(column.name)
        ):
            raise NotPlaced(f"say whether the distinct values of '{column.name}' or the rows are counted")
    plan = _rest(reader, _made(reader, action, column if action == "distinct" else None))
    return _with(plan, adjectives)


def _level_count(reader: Reader) -> Plan | None:
    """``How many errors are there?`` over a log: the entries of that level."""
    token = reader.token
    level = _LEVELS.get(stem(token.low)) if token else None
    if level is None:
        return None
    reader.at += 1
    reader.take("lines", "line", "entries", "messages", "events", "records", "rows")
    plan = _rest(reader, _made(reader, "count"))
    return _with(plan, [Test("level", "=", (level.casefold(),))])


def _with(plan: Plan, tests: Sequence[Test]) -> Plan:
    parts = (*tests, *((plan.where,) if plan.where is not None else ()))
    if not tests:
        return plan
    return replace(plan, where=parts[0] if len(parts) == 1 else Both(parts))


def _means_row(reader: Reader, noun: Token) -> bool:
    word = stem(noun.low)
    if word in ROWS and word != "line":
        return True
    stems = re.split(r"[^\w]+|_", reader.schema.name.rsplit("/", 1)[-1].casefold())
    if len(word) > 2 and word in {stem(each) for each in stems} - {"csv", "table"}:
        return True
    has_names = any(
        each.is_unique and set(words_of(each.name)) & (_LABELS | {"email"}) for each in reader.schema.columns
    )
    return word in PEOPLE and word == "person" and has_names


def _sum(reader: Reader) -> Plan | None:
    reader.take("what is", "what are", "what was", "how much is", "how high is", "how large is")
    reader.skip(_ARTICLES)
    group: SchemaColumn | None = None
    word = reader.low()
    action = _SUMS.get(word)
    most = None
    if action is not None:
        reader.at += 1
    elif word in HIGHEST | LOWEST and word not in ("best", "worst", "top"):
        if reader.low(1) == "expensive" or word == "cheapest":
            return None
        reader.at += 1
        most = word in HIGHEST
        if reader.low() in _SUMS:
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
    _check_kind(column, action)
    plan = _made(reader, action, column, group=group.name if group else None)
    reader.take("in total", "altogether", "overall")
    return _rest(reader, plan)


def _check_kind(column: SchemaColumn, action: str) -> None:
    allowed = ("number", "date") if action in ("max", "min", "best") else ("number",)
    if column.kind not in allowed:
        note = f" ({column.note})" if column.note else ""
        raise NotPlaced(f"the column '{column.name}' holds {column.kind}, not numbers{note}")


def _best(reader: Reader) -> Plan | None:
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
    reader.skip(_ARTICLES)
    if asked == "top" or reader.low().isdecimal():
        limit = _limit(reader, required=asked == "top")
    label = None
    at_once = reader.low() in HIGHEST | LOWEST or reader.low() == "cheapest"
    if asked != "who" and not at_once:
        token = reader.token
        if token is None or (token.low in ABOUT_FILES and not reader.column_length()):
            return None
        label = reader.column()
        if label is None:
            if not (_means_row(reader, token) or stem(token.low) in PEOPLE):
                return None
            reader.at += 1
    where = _between(reader) if asked != "top" else None
    reader.take("has", "have", "had", "with", "is", "are", "was", "by", "shows", "sells", "sold")
    reader.skip(_ARTICLES)
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


def _between(reader: Reader) -> Test | Both | None:
    """The conditions between the noun and the superlative, as in ``which item in the North has the highest``."""
    ends = [
        at
        for at in range(reader.at, len(reader.tokens))
        if reader.tokens[at].low in HIGHEST | LOWEST and reader.tokens[at].kind == "word"
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
    inner = Reader(reader.tokens[:end], reader.schema)
    inner.at = reader.at
    where = inner.conditions()
    if inner.token is not None:
        raise inner.unplaced()
    reader.at = end
    return where


def _ranked(
    reader: Reader, label: SchemaColumn | None, most: bool, limit: int, where: Test | Both | None
) -> Plan:
    measure = ""
    if reader.take("rows", "records", "entries", "items") and label is not None:
        return _rest(
            reader,
            _made(
                reader, "best", None, group=label.name, most=most, measure="count", limit=limit, where=where
            ),
        )
    if reader.low() in _SUMS:
        measure = _SUMS[reader.low()]
        reader.at += 1
        reader.skip(frozenset({"of", "the"}))
    column = reader.column()
    if column is None:
        raise reader.unplaced()
    _check_kind(column, "best")
    if measure:
        if label is None:
            raise NotPlaced("say which column is grouped by")
        _check_kind(column, measure)
        return _rest(
            reader,
            _made(
                reader, "best", column, group=label.name, most=most, measure=measure, limit=limit, where=where
            ),
        )
    named = label.name if label else _label(reader.schema)
    return _rest(reader, _made(reader, "best", column, label=named, most=most, limit=limit, where=where))


def _by_cost(reader: Reader, label: SchemaColumn | None, cheapest: bool, limit: int) -> Plan:
    costs = [
        each for each in reader.schema.columns if set(words_of(each.name)) & _COSTS and each.kind == "number"
    ]
    if len(costs) != 1:
        raise NotPlaced(
            "no column"
            if not costs
            else f"several columns hold a price: {', '.join(each.name for each in costs)}"
        )
    named = label.name if label else _label(reader.schema)
    if label is None and (noun := reader.token) is not None:
        label = reader.column()
        if label is not None:
            named = label.name
        elif _means_row(reader, noun):
            reader.at += 1
    return _rest(reader, _made(reader, "best", costs[0], label=named, most=not cheapest, limit=limit))


def _label(schema: Schema) -> str | None:
    """The column that names a row: one called name or title, or the first of text."""
    named = [each for each in schema.columns if set(words_of(each.name)) & _LABELS and each.kind == "text"]
    texts = [each for each in schema.columns if each.kind == "text"]
    return next((each.name for each in (*named, *texts)), None)


def _limit(reader: Reader, *, required: bool) -> int:
    word = reader.low()
    spelled = {"two": 2, "three": 3, "four": 4, "five": 5, "ten": 10}
    number = int(word) if word.isdecimal() and len(word) < 5 else spelled.get(word, 0)
    if number < 1:
        if required:
            raise NotPlaced("say how many, as in 'top 3'")
        return 1
    reader.at += 1
    return number


def _value_of(reader: Reader) -> Plan | None:
    """``What is the price of nut?``"""
    if not reader.take("what is", "what was", "what are"):
        return None
    reader.skip(_ARTICLES)
    column = reader.column()
    if column is None or not reader.take("of", "for"):
        return None
    reader.skip(_ARTICLES)
    if not reader.value_length() and not reader.column_length():
        return None
    return _rest(reader, _made(reader, "list", column, limit=0))


def _any(reader: Reader) -> Plan | None:
    if not reader.take("is there", "are there"):
        return None
    reader.skip(frozenset({"a", "an", "any"}))
    token = reader.token
    if token is None or not _means_row(reader, token):
        return None
    reader.at += 1
    return _rest(reader, _made(reader, "any"))


def _list(reader: Reader) -> Plan | None:
    if not reader.take("which", "list", "what are", "what", "name", "who"):
        return None
    reader.skip(_ARTICLES)
    distinct = bool(reader.take("distinct", "different", "unique"))
    token = reader.token
    if token is None or (token.low in ABOUT_FILES and not reader.column_length()):
        return None
    edge = reader.take("first", "last")
    column = reader.column()
    if column is None:
        if token.kind != "word" or not _means_row(reader, reader.token or token):
            return None
        reader.at += 1
        if edge:
            return _rest(reader, _made(reader, "first" if edge == "first" else "last"))
    elif reader.low() in ("value", "values"):
        reader.at += 1
        distinct = True
    plan = _rest(reader, _made(reader, "list", column, limit=0))
    return plan if plan.where is not None or distinct else None


__all__ = ["NotPlaced", "asks_rows", "computes", "read_question"]
