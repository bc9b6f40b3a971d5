"""The functions about tables that programs of the offline model consist of, in addition to ``repertoire``."""

from __future__ import annotations

import json
import math
import re
from typing import Any


def described_tables(tables: list[Any], question: str, most: int) -> str:
    """The columns of tables as JSON, with the values of their cells that occur in a question; at most about
    ``most`` characters.
    """
    words = re.sub(r"[^\w%.@/+'-]+", " ", question.casefold()).split()
    words = [word for each in words if (word := each.strip(".:'"))]
    grams = {" ".join(words[at : at + size]) for size in range(1, 9) for at in range(len(words))}
    found = [described_table(number, table, grams) for number, table in enumerate(tables[:40])]
    documents = len({table.document.name for table in tables})
    for shown in (5, 2, 0):
        for table in found:
            for column in table["columns"]:
                column["examples"] = column["examples"][:shown]
        said = json.dumps({"tables": found, "more": max(0, len(tables) - 40), "documents": documents})
        if len(said) <= most:
            return said
    while len(said) > most:
        found.pop()
        said = json.dumps({"tables": found, "more": len(tables) - len(found), "documents": documents})
    return said


def described_table(number: int, table: Any, grams: set[str]) -> dict[str, Any]:
    """One table of ``described_tables``."""
    columns = []
    for name in table.columns[:80]:
        counts: dict[str, int] = {}
        for row in table.rows:
            if row[name] is not None:
                key = str(row[name])
                counts[key] = counts.get(key, 0) + 1
        mentioned: dict[str, None] = {}
        if table.kinds[name] == "text":
            for value in counts:
                if len(value) <= 200:
                    parts = re.sub(r"[^\w%.@/+'-]+", " ", value.casefold()).split()
                    if " ".join(part for each in parts if (part := each.strip(".:'"))) in grams:
                        mentioned.setdefault(value)
        columns.append(
            {
                "name": name,
                "kind": table.kinds[name],
                "values": list(mentioned)[:20],
                "examples": [each[:40] for each in sorted(counts, key=lambda each: -counts[each])[:5]],
                "unique": len(counts) == len(table.rows),
                "mark": table.marks.get(name, "."),
                "note": next(
                    (note.partition(": ")[2] for note in table.notes if note.startswith(name + ": ")), ""
                ),
            }
        )
    return {
        "number": number,
        "name": table.name,
        "rows": len(table.rows),
        "log": table.is_log,
        "columns": columns,
    }


def meets(value: Any, operator: str, *wanted: Any) -> bool:
    """Whether a value of a cell meets a condition. Texts are compared without case, dates by day."""
    if operator == "empty":
        return value is None
    if value is None:
        return False
    if isinstance(value, str):
        value = value.strip().casefold()
        if operator in ("<", "<=", ">", ">=", "between"):
            value = value[:10]
    if operator == "=":
        return any(value == each or in_span(value, each) for each in wanted)
    if operator == "between":
        return bool(wanted[0] <= value <= wanted[1])
    if operator == "contains":
        return any(each in value for each in wanted)
    if operator == "starts":
        return any(value.startswith(each) for each in wanted)
    if operator == "ends":
        return any(value.endswith(each) for each in wanted)
    limit = wanted[0]
    return bool(
        value < limit
        if operator == "<"
        else value <= limit
        if operator == "<="
        else value > limit
        if operator == ">"
        else value >= limit
    )


def in_span(value: Any, span: Any) -> bool:
    """Whether a date is in a span of days written ``2024-01-01..2024-12-31``."""
    if not isinstance(value, str) or not isinstance(span, str) or len(span) != 22 or span[10:12] != "..":
        return False
    return span[:10] <= value[:10] <= span[12:]


def row_meets(row: Any, operator: str, *wanted: str) -> bool:
    """Whether a row contains a text as a whole word or phrase, or starts or ends with it."""
    text = row.text.casefold()
    if operator == "starts":
        return any(text.startswith(each) for each in wanted)
    if operator == "ends":
        return any(text.endswith(each) for each in wanted)
    cells = "\n".join(str(value) for value in row.values() if value is not None).casefold()
    texts = [cells] if text.startswith("{") else [cells, text]
    return any(re.search(rf"(?<!\w){re.escape(each)}(?!\w)", text) for each in wanted for text in texts)


def plain(value: Any, decimals: int = 4) -> str:
    """A value as an answer states it: numbers without needless decimals."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and math.isfinite(value):
        text = f"{round(value, decimals):.{decimals}f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
    return str(value)


def computed(name: str, values: list[Any]) -> Any:
    """The sum, mean, median, maximum or minimum of values, of which there is at least one."""
    if name == "sum":
        return sum(values) if all(isinstance(value, int) for value in values) else math.fsum(values)
    if name == "mean":
        return math.fsum(values) / len(values)
    if name == "median":
        ordered = sorted(values)
        half = len(ordered) // 2
        return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    return max(values) if name == "max" else min(values)


def grouped(rows: list[Any], column: str) -> dict[str, list[Any]]:
    """The rows by their value of a column, in the order in which the values occur."""
    groups: dict[str, list[Any]] = {}
    names: dict[str, str] = {}
    for row in rows:
        name = "(empty)" if row[column] is None else plain(row[column])
        groups.setdefault(names.setdefault(name.casefold(), name), []).append(row)
    return groups


def distinct(rows: list[Any], column: str) -> list[str]:
    """The different values of a column, without case, in the order in which they occur."""
    return list(grouped([row for row in rows if row[column] is not None], column))


def highest(pairs: list[tuple[Any, Any]], most: bool, limit: int) -> list[tuple[Any, Any]]:
    """The first ``limit`` of (value, thing) by value, with those that are equal to the last of them."""
    ranked = sorted(pairs, key=lambda pair: pair[0], reverse=most)
    return [pair for at, pair in enumerate(ranked) if at < limit or pair[0] == ranked[limit - 1][0]]


def told(first: str, what: str, rows: list[Any], notes: list[str], most: int = 3) -> str:
    """An answer: its value, what was computed, the first rows with their places, and notes."""
    lines = [first, "", what]
    lines += [
        f"- {row.text[:100]} [{row.place} {json.dumps(row.text[:200], ensure_ascii=False)}]"
        for row in rows[:most]
    ]
    if len(rows) > most > 0:
        lines.append(f"- and {len(rows) - most} more rows")
    lines += [f"Note: {note}." for note in notes]
    return "\n".join(lines)
