"""Reads answers as people and models write them: the final part, pairs, lists, tables. Scores nothing, raises nothing."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator

Cells = dict[tuple[str, str], str]
"""The cells of a table: (row, column) to value, all of them plain."""

_MARK = re.compile(r"(?:final\s+)?answer(?:\s+is)?\s*:\s*|(?:final\s+)?answer\s+is\s+", re.IGNORECASE)
_BLANKS = re.compile(r"\s+")
_AROUND = " \t\r\n\"'`*_“”‘’«»"
_NO_PAIRS = r"no(?: (?:such|matching|valid|qualifying|user|id))* pairs?"
_VERBS = r"found|exists?|fits?|match(?:es)?|qualify|qualifies|satisfy|satisfies|meets?|shares?|remains?"
_NONE = re.compile(
    rf"(?:there (?:is|are) )?(?:none|nothing|{_NO_PAIRS})(?: (?:{_VERBS})\b.*)?|(?:an )?empty(?: (?:list|set))?|"
    r"0|zero(?: pairs)?|(?:the )?(?:list|set|result)(?: of pairs)? is empty|\[ ?\]|\( ?\)|\{ ?\}|∅"
)
_PAIR = re.compile(
    r"""[(\[]\s*["']?(?:user\s*)?(\d+)["']?\s*[,;]\s*["']?(?:user\s*)?(\d+)["']?\s*[)\]]""", re.IGNORECASE
)
_BARE_PAIR = re.compile(r"^[\s*•-]*(\d+)\s*[,;]\s*(\d+)\s*$", re.MULTILINE)
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
_NUMBER = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[-+]?\d+(?:\.\d+)?")
_FENCE = re.compile(r"^```\w*\s*$", re.MULTILINE)
_RULE = re.compile(r"\s*:?-{2,}:?\s*")
_LONG = 200  # digits; a number beyond that is compared as text


def final_part(answer: str) -> str:
    """The text after the last ``Answer:`` or ``the answer is``; all of it if neither stands in the text."""
    end = 0
    for mark in _MARK.finditer(answer):
        end = mark.end()
    return answer[end:].strip()


def last_line(answer: str) -> str:
    """The last line that is not blank; empty if there is none."""
    return next((line.strip() for line in reversed(answer.splitlines()) if line.strip()), "")


def plain(text: str) -> str:
    """A text without case, quotation marks, emphasis, double blanks and a full stop at its end. Numbers lose their commas."""
    flat = _BLANKS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip(_AROUND)
    flat = flat.rstrip(".").strip(_AROUND)
    return _plain_number(flat) if _NUMBER.fullmatch(flat) else flat


def says_none(answer: str) -> bool:
    """Whether an answer says that there is nothing: its final part or its last line is ``none``, ``[]``, ``no pairs``, ….

    A "no" in a sentence about something else is no answer.
    """
    last = last_line(answer)
    said = (answer, final_part(answer), last, final_part(last))
    return any(_NONE.fullmatch(plain(each)) is not None for each in said)


def pairs(answer: str) -> set[tuple[int, int]]:
    """The pairs of numbers in an answer, the lower number first, as ``(3, 8)`` or one ``3, 8`` a line."""
    found = _PAIR.findall(answer) or _BARE_PAIR.findall(answer)
    both = ((int(a), int(b)) for a, b in found if len(a) < _LONG and len(b) < _LONG)
    return {(min(a, b), max(a, b)) for a, b in both}


def items(answer: str) -> set[str]:
    """The items of a list, plain: JSON, bullets, or separated by line breaks, semicolons or commas."""
    text = _FENCE.sub("", final_part(answer)).strip()
    read = _json(text)
    if isinstance(read, list):
        return _kept(str(each) for each in read)
    if "\n" in text:
        parts = [_BULLET.sub("", line) for line in text.splitlines()]
        if sum("," in part for part in parts) <= len(parts) // 2:
            return _kept(part.strip(" ,;[]") for part in parts)
        text = ",".join(parts)
    text = text.strip("[]{}() ")
    return _kept(text.split(";" if ";" in text else ","))


def cells(answer: str) -> Cells:
    """The cells of a table in an answer: JSON, Markdown, or CSV with commas, semicolons or tabs.

    The first column names the row. A table of two columns is read as name and value: its second heading is not compared.
    """
    text = answer if answer.lstrip().startswith(("{", "[", "|")) else final_part(answer)
    fenced = _FENCE.split(text)
    text = (fenced[1] if len(fenced) > 2 else text).strip()
    read = _json(text)
    if isinstance(read, dict | list):
        return _cells_of_json(read)
    rows = list(_rows(text))
    if not rows:
        return {}
    head, *body = rows
    if not body and len(head) == 2:
        body = [head]
    return _cells_of_rows(head, body)


def _cells_of_rows(head: list[str], body: list[list[str]]) -> Cells:
    if len(head) == 2:
        pairs_of = [row for row in body if len(row) == 2]
        return {(plain(row[0]), ""): plain(row[1]) for row in pairs_of}
    return {
        (plain(row[0]), plain(name)): plain(value)
        for row in body
        if row
        for name, value in zip(head[1:], row[1:], strict=False)
    }


def _cells_of_json(read: dict[object, object] | list[object]) -> Cells:
    if isinstance(read, dict):
        found: Cells = {}
        for row, value in read.items():
            if isinstance(value, dict):
                columns = [*value.items()]
                named = [(plain(str(name)) if len(columns) > 1 else "", each) for name, each in columns]
                found |= {(plain(str(row)), name): plain(_text(each)) for name, each in named}
            else:
                found[plain(str(row)), ""] = plain(_text(value))
        return found
    records = [record for record in read if isinstance(record, dict) and record]
    if not records:
        return {}
    head = [str(name) for name in records[0]]
    return _cells_of_rows(head, [[_text(record.get(name)) for name in records[0]] for record in records])


def _rows(text: str) -> Iterator[list[str]]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    barred = [line for line in lines if line.startswith("|")]
    if barred:
        for line in barred:
            row = [cell.strip() for cell in line.strip("|").split("|")]
            if not all(_RULE.fullmatch(cell) for cell in row):
                yield row
        return
    mark = next((each for each in ("\t", ";", ",") if lines and each in lines[0]), None)
    if mark is None:
        return
    try:
        yield from csv.reader(io.StringIO("\n".join(lines)), delimiter=mark, skipinitialspace=True)
    except csv.Error:
        return


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _kept(parts: Iterable[str]) -> set[str]:
    return {each for each in map(plain, parts) if each}


def _plain_number(text: str) -> str:
    number = text.replace(",", "").lstrip("+")
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    return number
