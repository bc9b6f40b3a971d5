"""Writes the cells that answer a question about tables: one that prints the columns, and one that computes."""

from __future__ import annotations

import json

from harlm.models.offline.linking import linked
from harlm.tables import Both, NotPlaced, Schema, TablePlan, Test, asks_rows, read_question

TABLES = "tables: "
"""What a cell prints before the columns of the tables."""

NO_TABLE = "no table was recognised, so nothing was counted"
"""What an answer says in addition if a question is about rows and the context has no table."""

_SHOWN = 4_000  # characters of the description of all tables, which a turn must hold beside the program
_LISTED = 40  # values on the first line of a list


class NoTable(Exception):
    """A question is about rows, and no table is recognised in the context."""


def columns_program(question: str) -> str:
    """A program that keeps the tables of the context in ``tables`` and prints their columns."""
    return linked(
        f"""\
tables = context.tables()
print("{TABLES}" + described_tables(tables, {question!r}, {_SHOWN}))
"""
    )


def program_over(question: str, printed: str, documents: int) -> str | None:
    """The program that computes the answer over the tables that ``columns_program`` printed.

    Args:
        question: the question.
        printed: the line of JSON, without the words before it.
        documents: how many documents the context has.

    Returns:
        The program, which keeps its answer in ``result``; ``None`` if the question asks for nothing that tables
        settle, or if the line is not whole.

    Raises:
        NotPlaced: it does, and a word of it cannot be placed.
        NoTable: it asks about rows, and there is no table.
    """
    try:
        data = json.loads(printed)
    except ValueError:  # the turn was cut, and the description with it
        return None
    if not data["tables"] and asks_rows(question):
        raise NoTable
    schemas = [Schema.from_json(each) for each in data["tables"]]
    plan = read_question(question, schemas, only_tables=data["documents"] >= documents)
    if plan is None:
        return None
    if data["more"]:
        raise NotPlaced(f"the context has {data['more']} more tables; ask over fewer files")
    return compute_program(plan, schemas)


def compute_program(plan: TablePlan, schemas: list[Schema]) -> str:
    """The program for a plan, over the tables in ``tables``."""
    names = ", ".join(name for _, name in plan.tables)
    notes = [*plan.notes]
    if plan.where is not None:
        notes_if_none = _values_of(
            plan.where, next(each for each in schemas if each.number == plan.tables[0][0])
        )
    else:
        notes_if_none = ""
    test = "True" if plan.where is None else _test(plan.where)
    what = f"rows of {names}" + (f" with {plan.where}" if plan.where is not None else "")
    return linked(
        f"""\
chosen = [tables[number] for number in {[number for number, _ in plan.tables]!r}]
rows = [row for table in chosen for row in table.rows]
kept = [row for row in rows if {test}]
notes = {notes!r} + [note for table in chosen for note in table.notes]
what = (f"all {{len(rows)}} " if len(kept) == len(rows) else f"{{len(kept)}} of {{len(rows)}} ") + {what!r}
if not kept and {notes_if_none!r}:
    notes.append({notes_if_none!r})
{_body(plan)}
print(result)
"""
    )


def _body(plan: TablePlan) -> str:
    """The lines that assign the answer to ``result``."""
    if plan.group is not None:
        return _of_groups(plan)
    if plan.action in ("sum", "mean", "median", "max", "min", "best"):
        return _of_numbers(plan)
    column = plan.column
    match plan.action:
        case "distinct":
            return f"""\
values = distinct(kept, {column!r})
what = f"{{len(values)}} different values of " + {column!r} + " in " + what
result = told(str(len(values)), what + (": " + ", ".join(values[:{_LISTED}]) if values else ""), kept, notes)"""
        case "any":
            return 'result = told("Yes." if kept else "No.", what, kept, notes)'
        case "columns":
            return """\
names = chosen[0].columns
result = told(str(len(names)), "the columns of " + chosen[0].name + ": " + ", ".join(names), [], notes)"""
        case "first" | "last":
            at = 0 if plan.action == "first" else -1
            return f'result = told(kept[{at}].text if kept else "none", what, kept[{at}:][:1], notes)'
        case "list" if column is not None:
            return f"""\
values = distinct(kept, {column!r})
first = ", ".join(values[:{_LISTED}]) or "none"
if len(values) > {_LISTED}:
    notes.append(f"{{len(values) - {_LISTED}}} more values are not shown")
result = told(first, {column!r} + " of " + what, kept, notes)"""
        case "list":
            return f"result = told(str(len(kept)), what, kept, notes, {_LISTED})"
    return "result = told(str(len(kept)), what, kept, notes)"


def _of_numbers(plan: TablePlan) -> str:
    """Lines that compute over the values of a column, and name how many rows have none."""
    begin = f"""\
given = [row for row in kept if row[{plan.column!r}] is not None]
decimals = max(4, *(table.decimals.get({plan.column!r}, 0) for table in chosen))
if len(given) < len(kept):
    notes.append(f"{{len(kept) - len(given)}} rows have no " + {plan.column!r})
"""
    none = 'result = told("none: no row has a value", what, kept, notes)'
    if plan.action == "best":
        shown = f"plain(row[{plan.label!r}], decimals)" if plan.label else "row.text"
        word = "highest" if plan.most else "lowest"
        return f"""\
{begin}best = highest([(row[{plan.column!r}], row) for row in given], {plan.most!r}, {plan.limit})
names = [{shown} for value, row in best]
what = "the {word} " + {plan.column!r} + " (" + ", ".join(plain(value, decimals) for value, row in best) + ") of " + what
if len(best) > {plan.limit}:
    notes.append("some rows are equal")
result = told(", ".join(names) or "none: no row has a value", what, [row for value, row in best], notes, {max(3, plan.limit)})"""
    of = {
        "sum": "the sum",
        "mean": "the mean",
        "median": "the median",
        "max": "the highest",
        "min": "the lowest",
    }[plan.action]
    rows = "given"
    if plan.action in ("max", "min"):
        rows = f"[row for row in given if row[{plan.column!r}] == value]"
    return f"""\
{begin}if given:
    value = computed({plan.action!r}, [row[{plan.column!r}] for row in given])
    what = "{of} of " + {plan.column!r} + " over " + what
    result = told(plain(value, decimals), what, {rows}, notes)
else:
    {none}"""


def _of_groups(plan: TablePlan) -> str:
    """Lines that compute for each value of a column."""
    counts = plan.action in ("count", "any", "list") or plan.measure == "count"
    name = plan.measure or plan.action
    if plan.action == "distinct":
        value, said = f"len(distinct(group, {plan.column!r}))", f"different values of {plan.column}"
    elif counts:
        value, said = "len(group)", "rows"
    else:
        value = f"computed({name!r}, [row[{plan.column!r}] for row in group])"
        said = f"{name} of {plan.column}"
    given = "kept"
    if not counts and plan.action != "distinct":
        given = f"[row for row in kept if row[{plan.column!r}] is not None]"
    begin = f"groups = [({value}, name) for name, group in grouped({given}, {plan.group!r}).items()]\n"
    if plan.action == "best":
        word = "most" if plan.most else "fewest"
        word = word if counts else "highest" if plan.most else "lowest"
        return f"""\
{begin}best = highest(groups, {plan.most!r}, {plan.limit})
said = "; ".join(name + ": " + plain(value) for value, name in best)
names = {{name for value, name in best}}
of = [row for name, group in grouped(kept, {plan.group!r}).items() if name in names for row in group]
result = told(", ".join(name for value, name in best) or "none", "the {word} {said} by " + {plan.group!r} + " (" + said + ") of " + what, of, notes)"""
    return f"""\
{begin}lines = [name + ": " + plain(value) for value, name in groups]
if len(lines) > 200:
    notes.append(f"{{len(lines) - 200}} more groups are not shown")
result = told("\\n".join(lines[:200]) or "none", {said!r} + " by " + {plan.group!r} + " of " + what, kept, notes)"""


def _test(node: Test | Both) -> str:
    """A condition as an expression over ``row``."""
    if isinstance(node, Both):
        return f" {'or' if node.any_of else 'and'} ".join(f"({_test(each)})" for each in node.parts)
    given = [value.casefold() if isinstance(value, str) else value for value in node.values]
    values = "".join(f", {value!r}" for value in given)
    if node.column is None:
        plain = f"row_meets(row, {node.operator!r}{values})"
    else:
        plain = f"meets(row[{node.column!r}], {node.operator!r}{values})"
    if not node.negated:
        return plain
    is_ordered = any(not isinstance(value, str) or value[10:12] == ".." for value in node.values)
    if node.column is not None and (is_ordered or node.operator in ("<", "<=", ">", ">=", "between")):
        return f"row[{node.column!r}] is not None and not {plain}"
    return f"not {plain}"


def _values_of(node: Test | Both, schema: Schema) -> str:
    """The values that the columns of an equality have, for an answer that finds no row."""
    if isinstance(node, Both):
        return "; ".join(filter(None, (_values_of(each, schema) for each in node.parts)))
    column = next((each for each in schema.columns if each.name == node.column), None)
    if column is None or node.operator != "=" or column.kind != "text" or not column.examples:
        return ""
    return f"values of {column.name}: {', '.join(column.examples)}"
