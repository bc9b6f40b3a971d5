"""Tables whose columns are named in the text: JSON records, Markdown tables, and lines of ``key=value``."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .raw import Raw, RawRow, numbered_lines

_RULE = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?")
_PAIR = re.compile(r"(?<!\w)(?P<key>[A-Za-z_]\w*+)=(?:\"(?P<quoted>[^\"]*+)\"|(?P<value>[^\s,;\"]++))")
_MOST_COLUMNS = 500
_LONGEST_LINE = 2_000  # characters of a record that its row shows
_blank = re.compile(r"\s*+")


def json_tables(text: str) -> list[Raw]:
    """Arrays of objects, objects one a line, or an object that holds arrays of objects."""
    start = _skip(text, 0)
    try:
        if text[start : start + 1] == "[":
            return _table(text, list(_objects(text, start)))
        decoded, end = json.JSONDecoder().raw_decode(text, start)
        if _skip(text, end) < len(text):
            return _table(text, list(_lines(text)))
        return _in_object(text, start) if isinstance(decoded, dict) else []
    except (ValueError, RecursionError):
        return _table(text, list(_lines(text)))


def markdown_tables(text: str) -> list[Raw]:
    """Tables with bars between cells and a rule below the header."""
    found: list[Raw] = []
    header: RawRow | None = None
    table: Raw | None = None
    for number, start, line in numbered_lines(text):
        plain = line.strip()
        if table is not None and "|" in plain:
            table.rows.append(_piped(plain, start, number))
            continue
        table = None
        if header is not None and _is_rule(plain) and (plain.count("|") or len(header.cells) > 1):
            table = Raw([header], has_header=True, delimiter="|")
            found.append(table)
        header = _piped(plain, start, number) if "|" in plain else None
    return [each for each in found if len(each.rows) > 1]


def pairs(text: str) -> Raw | None:
    """Lines of ``key=value``; most lines must hold at least two pairs."""
    records: list[tuple[int, int, str, Mapping[str, Any]]] = []
    lines = 0
    for number, start, line in numbered_lines(text):
        if not line.strip():
            continue
        lines += 1
        values = {m["key"]: m["value"] if m["quoted"] is None else m["quoted"] for m in _PAIR.finditer(line)}
        if len(values) > 1:
            records.append((number, start, line.strip(), values))
    return (
        next(iter(_table_of(records)), None) if len(records) > 1 and len(records) * 10 >= lines * 9 else None
    )


def _is_rule(line: str) -> bool:
    return "-" in line and len(line) < 10_000 and _RULE.fullmatch(line) is not None


def _piped(line: str, start: int, number: int) -> RawRow:
    inner = line.removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    cells = [cell.replace("\0", "|").strip().strip("`*") for cell in inner.replace("\\|", "\0").split("|")]
    return RawRow(cells, start, number, line)


def _skip(text: str, at: int) -> int:
    match = _blank.match(text, at)
    return match.end() if match else at


def _objects(text: str, start: int) -> Iterator[tuple[int, Any]]:
    """The elements of the array that begins at ``start``, each with its offset."""
    decoder = json.JSONDecoder()
    at = _skip(text, start + 1)
    while text[at : at + 1] not in ("]", ""):
        value, end = decoder.raw_decode(text, at)
        yield at, value
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)


def _in_object(text: str, start: int) -> list[Raw]:
    decoder = json.JSONDecoder()
    found: list[Raw] = []
    at = _skip(text, start + 1)
    while text[at : at + 1] == '"':
        key, at = decoder.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        if text[at : at + 1] == "[":
            for raw in _table(text, list(_objects(text, at))):
                raw.title = str(key)[:80]
                found.append(raw)
        _, at = decoder.raw_decode(text, at)
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
    return found


def _lines(text: str) -> Iterator[tuple[int, Any]]:
    for _, start, line in numbered_lines(text):
        if line.strip().startswith("{"):
            try:
                yield start, json.loads(line.strip().rstrip(","))
            except (ValueError, RecursionError):
                continue


def _table(text: str, elements: list[tuple[int, Any]]) -> list[Raw]:
    if not elements or any(not isinstance(value, dict) for _, value in elements):
        return []
    starts = [start for _, start, _ in numbered_lines(text)]
    records = []
    for at, value in elements:
        line = bisect_right(starts, at)
        end = text.find("\n", at, at + _LONGEST_LINE)
        first = text[at : end if end >= 0 else at + _LONGEST_LINE]
        records.append((line, at, first.strip().rstrip(","), _flat(value)))
    return _table_of(records)


def _table_of(records: Sequence[tuple[int, int, str, Mapping[str, Any]]]) -> list[Raw]:
    names: dict[str, int] = {}
    for *_, values in records:
        for key in values:
            if len(names) < _MOST_COLUMNS:
                names.setdefault(key, len(names))
    rows = [
        RawRow([_written(values.get(name)) for name in names], at, line, text)
        for line, at, text, values in records
    ]
    return [Raw(rows, columns=list(names))] if names else []


def _flat(value: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record; those of a record inside it are named ``outer.inner``."""
    found: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, dict):
            found.update((f"{key}.{name}", each) for name, each in inner.items())
        else:
            found[key] = inner
    return found


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
