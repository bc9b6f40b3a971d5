"""Outlines: a text of JSON, a table, code or a log is shortened to a description of its structure.

Such a text has no sentences, and leaving out parts of it would change its meaning. Counts, names, the first
and the last rows stay true.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal

from harlm.patterns import lazy_pattern
from harlm.threads import StopFlag

Kind = Literal["prose", "json", "table", "code", "log"]
"""The form of a text."""

_LOOKED_AT = 200  # lines that decide the kind
_SHOWN = 3  # rows from each end
_LONG = 160  # characters of one row
_SIGNATURE = lazy_pattern(
    r"^[ \t]*(?:async def|def|class|function|func|fn|public|private|static|interface|type)\b.*", re.MULTILINE
)
_STAMP = lazy_pattern(r"^\W*(?:\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|\w{3} +\d+ \d\d:\d\d)")
_LEVEL = lazy_pattern(r"\b(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL)\b")
_CODE = lazy_pattern(
    r"^\s*(?:import |from \S+ import|#include|package |use |(?:async )?def |class |return\b|\}|@\w)"
)
_LARGEST_JSON = 1_000_000  # characters that are parsed, which takes up to 50 ms
_STRETCH = 100_000  # characters of a text that are searched at once
_SIGNATURES = 10_000  # of a program that are listed


def kind_of(text: str) -> Kind:
    """The form of a text, by its first lines."""
    start = text.lstrip()[:1]
    if start in ("{", "[") and len(text) <= _LARGEST_JSON and _parsed(text) is not None:
        return "json"
    lines = [line for line in text[: 200 * _LOOKED_AT].splitlines()[:_LOOKED_AT] if line.strip()]
    if len(lines) < 4:
        return "prose"
    if sum(bool(_STAMP.match(line) or _LEVEL.search(line)) for line in lines) > 0.6 * len(lines):
        return "log"
    for mark in ("\t", "|", ",", ";"):
        counts = Counter(line.count(mark) for line in lines)
        most, how_often = counts.most_common(1)[0]
        is_narrow = mark in "\t|" or max(map(len, lines)) < 20 * (most + 1)
        if most >= 2 and how_often > 0.9 * len(lines) and is_narrow:
            return "table"
    if sum(bool(_CODE.match(line)) for line in lines) > 0.15 * len(lines):
        return "code"
    return "prose"


def outlined(text: str, kind: Kind, stop: StopFlag | None = None) -> str:
    """The structure of a text, in a few lines; prose is returned as it is.

    Args:
        text: the whole text.
        kind: as from ``kind_of``.
        stop: ends the work early.

    Raises:
        Stopped: the work is to end.
    """
    stop = stop or StopFlag()
    match kind:
        case "json":
            return "\n".join(_of_json(_parsed(text)))
        case "table":
            return _of_rows(text, "table")
        case "log":
            return _of_log(text, stop)
        case "code":
            return _of_code(text, stop)
        case "prose":
            return text


def _parsed(text: str) -> object:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def _of_json(value: object, name: str = "", depth: int = 0) -> Iterator[str]:
    indent = "  " * depth
    label = f"{name}: " if name else ""
    if isinstance(value, Mapping):
        yield f"{indent}{label}object of {len(value):,}"
        if depth < 3:
            for key, each in list(value.items())[:12]:
                yield from _of_json(each, str(key)[:40], depth + 1)
            if len(value) > 12:
                yield f"{indent}  … and {len(value) - 12:,} more"
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield f"{indent}{label}list of {len(value):,}"
        if value and depth < 3:
            ends = [*value[:_SHOWN], *value[max(_SHOWN, len(value) - _SHOWN) :]]
            if all(not isinstance(each, Mapping | list) for each in ends):
                yield f"{indent}  {_row(json.dumps(list(value[:_SHOWN]), ensure_ascii=False))} … {_row(json.dumps(value[-1], ensure_ascii=False))}"
            else:
                yield from _of_json(value[0], "each like", depth + 1)
                yield f"{indent}  last: {_row(json.dumps(value[-1], ensure_ascii=False))}"
    else:
        yield f"{indent}{label}{_row(json.dumps(value, ensure_ascii=False))}"


def _of_rows(text: str, what: str) -> str:
    if len(text) <= _STRETCH:
        lines = text.splitlines()
        count = len(lines)
    else:  # the lines between its ends are counted, and not made
        head, tail = text[:_STRETCH].splitlines()[:-1], text[-_STRETCH:].splitlines()[1:]
        count = text.count("\n") + (not text.endswith("\n"))
        lines = [*head[: _SHOWN + 1], *tail[-_SHOWN:]]
    first, last = lines[: _SHOWN + 1], lines[max(_SHOWN + 1, len(lines) - _SHOWN) :]
    left_out = count - len(first) - len(last)
    between = [f"… {left_out:,} more rows …"] if left_out > 0 else []
    return "\n".join([f"{what} of {count:,} rows", *map(_row, first), *between, *map(_row, last)])


def _found(pattern: re.Pattern[str], text: str, stop: StopFlag) -> Iterator[str]:
    """What a pattern matches within lines, a stretch of the text at a time: one search through a large text would
    keep all other threads waiting.
    """
    at = 0
    while at < len(text):
        stop.check()
        end = text.rfind("\n", at, at + _STRETCH) + 1 or at + _STRETCH
        for match in pattern.finditer(text, at, end):
            yield match.group()
        at = end


def _of_log(text: str, stop: StopFlag) -> str:
    levels = Counter(_found(_LEVEL, text, stop))
    counts = ", ".join(f"{count:,} {level}" for level, count in levels.most_common())
    return _of_rows(text, f"log ({counts})" if counts else "log")


def _of_code(text: str, stop: StopFlag) -> str:
    found = islice(_found(_SIGNATURE, text, stop), _SIGNATURES)
    signatures = [each[: 2 * _LONG].rstrip(" :{") for each in found]
    lines = text.count("\n") + 1
    return "\n".join([f"code of {lines:,} lines", *map(_row, signatures)])


def _row(line: str) -> str:
    return line if len(line) <= _LONG else f"{line[:_LONG]}…"
