"""The values of a column: numbers in the style that the column is written in, dates, booleans, or text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

Value = str | int | float | bool | None

_ABSENT = frozenset({"", "-", "–", "—", "n/a", "na", "#n/a", "null", "none", "nan"})
_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False}
_LONGEST = 60  # characters of a number or a date
_MARK = r"[$€£¥₹]|(?:USD|EUR|GBP|CHF|JPY|Rs\.?)(?![A-Za-z])"
_NUMBER = re.compile(
    rf"(?P<open>\()?\s*+(?P<sign>[-+−])?\s*+(?P<before>{_MARK})?\s*+(?P<sign2>[-+−])?"
    r"(?P<body>\d[\d.,'’ \u00a0\u202f]*+|\.\d++)"
    r"(?P<power>[eE][-+]?\d{1,3})?\s*+(?P<after>[$€£¥₹%‰°]|[A-Za-zµ°][A-Za-zµ°/²³]{0,9})?\s*+(?P<close>\))?"
)
_BLANKS = re.compile("[ \u00a0\u202f'’]")
_GROUPED_BLANKS = re.compile("\\d{1,3}(?:[ \u00a0\u202f'’]\\d{3})++(?:[.,]\\d++)?")
_ISO = re.compile(
    r"(?P<y>\d{4})[-/](?P<m>\d{1,2})[-/](?P<d>\d{1,2})"
    r"(?:[T ](?P<H>\d{2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,]\d{1,9})?)?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_NUMERIC_DATE = re.compile(r"(?P<a>\d{1,2})(?P<sep>[./-])(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4})")
_NAMED_DATE = re.compile(
    r"(?:(?P<d>\d{1,2})\.? (?P<mon>[A-Za-z]{3,9})\.?|(?P<mon2>[A-Za-z]{3,9})\.? (?P<d2>\d{1,2})),? (?P<y>\d{4})"
)
_MONTHS = "january february march april may june july august september october november december".split()


class Column(NamedTuple):
    """The values of a column.

    Attributes:
        kind: ``number``, ``date`` (values are ISO 8601 texts, which compare as dates do), ``boolean`` or ``text``.
        values: one for each cell; ``None`` if the cell is empty.
        decimals: the most decimals of a number.
        unit: the currency or unit that numbers carry.
        decimal_mark: ``.`` or ``,`` in a column of numbers.
        note: what a reader has to know of how the column is read; empty if nothing.
    """

    kind: str
    values: list[Value]
    decimals: int = 0
    unit: str = ""
    decimal_mark: str = "."
    note: str = ""


def typed(cells: Sequence[str], *, comma_is_likely: bool = False) -> Column:
    """The column of ``cells``.

    Args:
        cells: the texts of the cells, trimmed.
        comma_is_likely: whether other columns of the table use the decimal comma.
    """
    different = list(dict.fromkeys(cells))
    column = _typed(different, comma_is_likely)
    values = dict(zip(different, column.values, strict=True))
    return column._replace(values=[values[cell] for cell in cells])


def _typed(cells: Sequence[str], comma_is_likely: bool) -> Column:
    given = [cell for cell in cells if cell.casefold() not in _ABSENT]
    if given:
        for read in (_booleans, _dates, lambda all_, some: _numbers(all_, some, comma_is_likely)):
            column = read(cells, given)
            if column is not None:
                return column
    return Column("text", [cell or None for cell in cells], note=_two_readings(given))


def decimal_comma(cells: Sequence[str]) -> bool:
    """Whether numbers in ``cells`` can only be read with a decimal comma."""
    bodies = [match["body"].strip() for cell in cells if (match := number_match(cell))]
    return bool(bodies) and _style(bodies) == ","


def number_match(cell: str) -> re.Match[str] | None:
    """The parts of a number with its currency or unit; ``None`` if the cell is anything else."""
    return _NUMBER.fullmatch(cell) if len(cell) <= _LONGEST else None


def number_of(body: str, decimal_mark: str) -> int | float | None:
    """The number that digits with separators stand for; ``None`` if their groups are not of three digits."""
    plain = _BLANKS.sub("", body)
    if plain != body and not _GROUPED_BLANKS.fullmatch(body.strip()):
        return None
    whole, mark, rest = plain.partition(decimal_mark)
    other = "," if decimal_mark == "." else "."
    first, *groups = whole.split(other)
    if other in rest or decimal_mark in rest or (groups and not (1 <= len(first) <= 3)):
        return None
    if any(len(group) != 3 for group in groups) and not _indian(groups):
        return None
    digits = "".join([first, *groups]) or "0"
    return float(f"{digits}.{rest or 0}") if mark else int(digits)


def date_of(text: str, order: str = "") -> str | None:
    """A date as ISO 8601; ``order`` is ``dmy`` or ``mdy`` for dates like 3/4/2024, which else are not read."""
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    if match := _ISO.fullmatch(text):
        day = _day(match["y"], match["m"], match["d"])
        if day and match["H"]:
            clock = f"{match['H']}:{match['M']}:{match['S'] or '00'}"
            return f"{day}T{clock}" if clock < "24" and match["M"] < "60" else None
        return day
    if match := _NAMED_DATE.fullmatch(text):
        month = _month(match["mon"] or match["mon2"])
        return _day(match["y"], month, match["d"] or match["d2"]) if month else None
    if match := _NUMERIC_DATE.fullmatch(text):
        order = order or _order_of(match)
        if order == "dmy":
            return _day(match["y"], match["b"], match["a"])
        if order == "mdy":
            return _day(match["y"], match["a"], match["b"])
    return None


def _booleans(cells: Sequence[str], given: Sequence[str]) -> Column | None:
    if any(cell.casefold() not in _BOOLEANS for cell in given):
        return None
    return Column("boolean", [_BOOLEANS.get(cell.casefold()) for cell in cells])


def _dates(cells: Sequence[str], given: Sequence[str]) -> Column | None:
    if date_of(given[0]) is None and not _NUMERIC_DATE.fullmatch(given[0][:_LONGEST]):
        return None
    orders = {_order_of(match) for cell in given if (match := _NUMERIC_DATE.fullmatch(cell[:_LONGEST]))}
    orders.discard("")
    zones = {match["zone"] for cell in given if (match := _ISO.fullmatch(cell[:_LONGEST])) and match["H"]}
    if len(orders) > 1 or len(zones) > 1:
        return None
    order = orders.pop() if orders else ""
    read = [None if cell.casefold() in _ABSENT else date_of(cell, order) for cell in cells]
    return Column("date", list(read)) if sum(each is not None for each in read) == len(given) else None


def _numbers(cells: Sequence[str], given: Sequence[str], comma_is_likely: bool) -> Column | None:
    matches: dict[str, re.Match[str]] = {}
    for cell in given:
        if (match := number_match(cell)) is None:
            return None
        matches[cell] = match
    found = list(matches.values())
    units = {(match["before"] or "") + (match["after"] or "") for match in found} - {""}
    bodies = [match["body"].strip() for match in found]
    if len(units) > 1 or any(len(body) > 1 and body[0] == "0" and body[1].isdigit() for body in bodies):
        return None  # mixed units do not add up, and 007 is a name
    style = _style(bodies)
    if style is None:
        return None
    mark = style or ("," if comma_is_likely else ".")
    read = {cell: _signed(match, mark) for cell, match in matches.items()}
    if None in read.values():
        return None
    decimals = max(len(body.partition(mark)[2].strip()) for body in bodies)
    unit = next(iter(units), "")
    note = ""
    if not style and any(re.fullmatch(r"\d{1,3}[.,]\d{3}", body) for body in bodies):
        example = next(body for body in bodies if re.fullmatch(r"\d{1,3}[.,]\d{3}", body))
        note = f"{example} is read as {number_of(example, mark)}"
    values: list[Value] = [read.get(cell) for cell in cells]
    return Column("number", values, decimals, unit, mark, note)


def _style(bodies: Sequence[str]) -> str | None:
    """The decimal mark that the numbers of a column prove; empty if any fits, ``None`` if they contradict."""
    proved: set[str] = set()
    for body in bodies:
        dots, commas = body.count("."), body.count(",")
        if dots and commas:
            proved.add("." if body.rfind(".") > body.rfind(",") else ",")
        elif dots + commas > 1:
            proved.add("," if dots else ".")
        elif dots + commas == 1:
            mark = "." if dots else ","
            before, _, after = body.partition(mark)
            if len(after) != 3 or not 1 <= len(before) <= 3 or before == "0":
                proved.add(mark)
    if len(proved) > 1:
        return None
    return proved.pop() if proved else ""


def _signed(match: re.Match[str], mark: str) -> int | float | None:
    number = number_of(match["body"].strip(), mark)
    if number is None or (match["open"] is None) != (match["close"] is None):
        return None
    if match["power"]:
        number = float(f"{number}{match['power']}")
    minus = sum(part in ("-", "−") for part in (match["sign"], match["sign2"])) + bool(match["open"])
    return -number if minus == 1 else number if minus == 0 else None


def _indian(groups: Sequence[str]) -> bool:
    return bool(groups) and len(groups[-1]) == 3 and all(len(group) == 2 for group in groups[:-1])


def _order_of(match: re.Match[str]) -> str:
    """``dmy`` or ``mdy`` if the date can be read in one way only; dots stand between day and month."""
    if match["sep"] == "." or int(match["a"]) > 12:
        return "dmy"
    return "mdy" if int(match["b"]) > 12 else ""


def _two_readings(given: Sequence[str]) -> str:
    dates = [cell for cell in given if _NUMERIC_DATE.fullmatch(cell[:_LONGEST])]
    return f"{dates[0]} can be read as two dates" if dates and len(dates) == len(given) else ""


def _day(year: Any, month: Any, day: Any) -> str | None:
    year, month, day = int(year), int(month), int(day)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return f"{year:04}-{month:02}-{day:02}" if 1 <= month <= 12 and 1 <= day <= lengths[month - 1] else None


def _month(name: str) -> int:
    low = name.casefold()
    return next((at for at, each in enumerate(_MONTHS, start=1) if each == low or each[:3] == low), 0)
