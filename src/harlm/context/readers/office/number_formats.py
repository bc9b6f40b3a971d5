"""Numbers as a sheet shows them: by the format code of their cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from math import isfinite
from operator import eq, ge, gt, le, lt, ne

from harlm.context.readers.office.date_formats import DateFormat
from harlm.context.readers.office.format_codes import FormatToken, Section, sections_of

_PLACES = 15  # the significant digits that Excel keeps
_MOST = 1e21  # from here on, numbers are shown with an exponent
_LEAST_FRACTION = Decimal("1e-9")
_EXACT = Context(prec=1000, rounding=ROUND_HALF_UP)  # more than a format of 255 characters can ask for
_ZEROS = frozenset("0.,% ")
_SIMPLE = ("0", "#,##0")
_OPERATORS = {"<=": le, ">=": ge, "<>": ne, "<": lt, ">": gt, "=": eq}
_ACCOUNTING = '_(* #,##0{0}_);_(* (#,##0{0});_(* "-"??_);_(@_)'
_DOLLARS = '_("$"* #,##0{0}_);_("$"* (#,##0{0});_("$"* "-"??_);_(@_)'
_DAY = "yyyy-mm-dd"

BUILT_IN: Mapping[int, str] = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    37: "#,##0_);(#,##0)",
    38: "#,##0_);(#,##0)",
    39: "#,##0.00_);(#,##0.00)",
    40: "#,##0.00_);(#,##0.00)",
    48: "##0.0E+0",
    49: "@",
    **dict.fromkeys((5, 6), '"$"#,##0_);("$"#,##0)'),
    **dict.fromkeys((7, 8), '"$"#,##0.00_);("$"#,##0.00)'),
    41: _ACCOUNTING.format(""),
    43: _ACCOUNTING.format(".00"),
    42: _DOLLARS.format(""),
    44: _DOLLARS.format(".00"),
    **dict.fromkeys((14, 15, 16, 17, *range(27, 32), *range(34, 37), *range(50, 59)), _DAY),
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "m/d/yy h:mm",
    32: "h:mm",
    33: "h:mm:ss",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
}
"""The codes of formats that a workbook does not define. 27 to 36 and 50 to 58 are dates and times of East Asia."""


def general(stored: str) -> str:
    """A number without a format: at most 15 significant digits, ``0.3`` for ``0.30000000000000004``.

    Anything else stays as it is, and so does a whole number of any length.
    """
    if stored.removeprefix("-").isdecimal():
        return stored
    value = _number(stored)
    if value is None:
        return stored
    shown = f"{value:.{_PLACES}g}"
    if "e" not in shown:
        return shown
    if 1e-10 < abs(value) < 1:
        return f"{Decimal(shown):f}"
    return shown.upper()


class NumberFormat:
    """Shows the numbers of cells that have one format code.

    Args:
        code: the format code; ``General`` or an empty one show all digits.
        from_1904: whether the days of the workbook count from 1904.
    """

    def __init__(self, code: str, *, from_1904: bool = False) -> None:
        sections = sections_of(code)[:3]  # the fourth is for texts
        self._parts = [
            _Part(section, DateFormat(section.tokens, from_1904=from_1904)) for section in sections
        ]
        self._has_conditions = any(section.condition for section in sections)
        first = sections[0]
        self._is_general = len(sections) == 1 and (
            not first.tokens or (len(first.tokens) == 1 and first.has("general", "cell"))
        )

    @property
    def is_date(self) -> bool:
        """Whether its numbers are days or times."""
        return self._parts[0].is_date

    def show(self, stored: str) -> str:
        """The text that a sheet shows for a stored number, or ``stored`` if it cannot be shown so."""
        if self._is_general:
            return general(stored)
        value = _number(stored)
        if value is None:
            return stored
        part, is_signed = self._choose(value)
        if part.is_date:
            shown = part.dates.show(value)
            return stored if shown is None else shown
        if abs(value) >= _MOST:
            return general(stored)
        if not part.has_digits:
            return _without_digits(part.section, stored if is_signed else stored.removeprefix("-"), value)
        shown = part.digits(_EXACT.create_decimal(f"{abs(value):.{_PLACES}g}"))
        if value < 0 and is_signed and not _ZEROS.issuperset(shown):
            return "-" + shown
        return shown

    def _choose(self, value: float) -> tuple[_Part, bool]:
        """The section for a value, and whether a minus sign is still needed."""
        parts = self._parts
        if self._has_conditions:
            for part in parts:
                condition = part.section.condition
                if condition is None or _OPERATORS[condition[0]](value, condition[1]):
                    return part, part is parts[0] or condition is None
            return parts[-1], True
        if value < 0 and len(parts) > 1:
            return parts[1], False
        if value == 0 and len(parts) > 2:
            return parts[2], False
        return parts[0], True


class _Part:
    """A section of a format, prepared so that many numbers can be shown by it."""

    def __init__(self, section: Section, dates: DateFormat) -> None:
        self.section = section
        self.dates = dates
        self.is_date = section.has("date", "elapsed")
        self.has_digits = section.has("digit")
        self._plain = None if self.is_date or not self.has_digits else _Plain.of(section.tokens)

    def digits(self, value: Decimal) -> str:
        """The digits of a number that is not negative, with what stands around them."""
        if self._plain is not None:
            return self._plain.show(value)
        return _number_shown(value, self.section.tokens).strip()


@dataclass(frozen=True, slots=True)
class _Plain:
    """The most common form: digits with a fixed number of places, and text before and after."""

    before: str
    form: str
    after: str
    percents: int
    step: Decimal

    @classmethod
    def of(cls, tokens: Sequence[FormatToken]) -> _Plain | None:
        """The form of these tokens; ``None`` if they are not that simple."""
        kinds = [token.kind for token in tokens]
        first = kinds.index("digit")
        last = len(kinds) - 1 - kinds[::-1].index("digit")
        inner = "".join(token.text for token in tokens[first : last + 1])
        whole, _, places = inner.partition(".")
        around = {*kinds[:first], *kinds[last + 1 :]}
        if whole not in _SIMPLE or places.strip("0") or not around <= {"text", "percent"}:
            return None
        before, after = _joined(tokens[:first], {}), _joined(tokens[last + 1 :], {})
        form = f"{',' if ',' in whole else ''}.{len(places)}f"
        return cls(
            before.lstrip(), form, after.rstrip(), kinds.count("percent"), Decimal(1).scaleb(-len(places))
        )

    def show(self, value: Decimal) -> str:
        """The text of a number that is not negative."""
        if self.percents:
            value = _EXACT.scaleb(value, 2 * self.percents)
        return f"{self.before}{_EXACT.quantize(value, self.step):{self.form}}{self.after}"


def _number(stored: str) -> float | None:
    with suppress(ValueError):
        value = float(stored)
        if isfinite(value):
            return value
    return None


def _without_digits(section: Section, stored: str, value: float) -> str:
    """A section of words, of ``General`` among words, or an empty one, which may hide a zero and nothing else."""
    if section.has("general", "cell"):
        return _joined(section.tokens, {"general": general(stored), "cell": general(stored)}).strip()
    shown = _joined(section.tokens, {}).strip()
    return shown if shown or not value else general(stored)


def _joined(tokens: Sequence[FormatToken], values: Mapping[str, str]) -> str:
    return "".join(values.get(token.kind, token.text) for token in tokens)


def _number_shown(value: Decimal, tokens: Sequence[FormatToken]) -> str:
    kinds = [token.kind for token in tokens]
    if "exponent" in kinds:
        return _scientific(value, tokens, kinds.index("exponent"))
    if "slash" in kinds and kinds.index("slash") > kinds.index("digit"):
        return _fraction(value, tokens, kinds.index("slash"))
    last = len(kinds) - 1 - kinds[::-1].index("digit")
    first = kinds.index("digit")
    value = _EXACT.scaleb(value, 2 * kinds.count("percent"))
    thousands = 0
    while last + 1 + thousands < len(kinds) and kinds[last + 1 + thousands] == "comma":
        thousands += 1
    value = _EXACT.scaleb(value, -3 * thousands)
    point = kinds.index("point") if "point" in kinds else last + 1
    places = kinds[point:].count("digit") if point <= last else 0
    rounded = _EXACT.quantize(value, Decimal(1).scaleb(-places))
    whole, _, fraction = f"{rounded:f}".partition(".")
    groups = "comma" in kinds[first : min(point, last + 1)]
    before = _whole(whole.lstrip("0"), tokens[:point], grouped=groups)
    return before + _after_point(fraction, tokens[point:])


def _whole(digits: str, tokens: Sequence[FormatToken], *, grouped: bool) -> str:
    """The digits before the point, from right to left; the first placeholder takes all that are left."""
    places = [at for at, token in enumerate(tokens) if token.kind == "digit"]
    pieces: list[str] = []
    placed = 0

    def place(digit: str) -> None:
        nonlocal placed
        if grouped and placed and placed % 3 == 0:
            pieces.append(",")
        pieces.append(digit)
        placed += 1

    for at in range(len(tokens) - 1, -1, -1):
        token = tokens[at]
        if token.kind == "digit":
            rest = digits[: len(digits) - placed] if placed < len(digits) else ""
            for digit in reversed(rest) if at == places[0] else rest[-1:]:
                place(digit)
            if not rest and token.text == "0":
                place("0")
        elif token.kind in ("text", "percent", "slash"):
            pieces.append(token.text[::-1])
    if not places:
        pieces.append(digits[::-1])
    return "".join(pieces)[::-1]


def _after_point(digits: str, tokens: Sequence[FormatToken]) -> str:
    """The point and the digits after it, without zeros that the format does not ask for; then what follows."""
    texts = [token.text for token in tokens if token.kind == "digit"]
    kept = len(digits.rstrip("0"))
    for place, text in enumerate(texts, start=1):
        if text == "0":
            kept = max(kept, place)
    pieces: list[str] = []
    placed = 0
    for token in tokens:
        if token.kind == "point" and kept:
            pieces.append(".")
        elif token.kind == "digit":
            pieces.append(digits[placed] if placed < min(kept, len(digits)) else "")
            placed += 1
        elif token.kind in ("text", "percent", "slash"):
            pieces.append(token.text)
    return "".join(pieces)


def _scientific(value: Decimal, tokens: Sequence[FormatToken], at: int) -> str:
    kinds = [token.kind for token in tokens[:at]]
    places = kinds[kinds.index("point") :].count("digit") if "point" in kinds else 0
    mantissa, _, exponent = f"{value:.{places}E}".partition("E")
    size = int(exponent)
    least = sum(token.kind == "digit" for token in tokens[at:])
    sign = "-" if size < 0 else "+" if tokens[at].text.endswith("+") else ""
    words = "".join(token.text for token in tokens[at:] if token.kind in ("text", "percent"))
    before = (
        "".join(token.text for token in tokens[: kinds.index("digit")] if token.kind == "text")
        if "digit" in kinds
        else ""
    )
    return f"{before}{mantissa}E{sign}{str(abs(size)).zfill(least)}{words}"


def _fraction(value: Decimal, tokens: Sequence[FormatToken], at: int) -> str:
    """``1 3/4`` for a format such as ``# ?/?`` or ``# ?/8``."""
    after = "".join(token.text for token in tokens[at + 1 :]).strip()
    number = Fraction(value if value > _LEAST_FRACTION else 0)
    if after.isdecimal() and int(after):
        shown = Fraction(round(number * int(after)), 1)
        top, bottom = int(shown), int(after)
    else:
        near = number.limit_denominator(10 ** min(max(after.count("?") + after.count("#"), 1), 4) - 1)
        top, bottom = near.numerator, near.denominator
    has_whole = sum(token.kind == "digit" for token in tokens[:at]) > 1 and any(
        token.kind == "text" and token.text == " " for token in tokens[:at]
    )
    if not has_whole:
        return f"{top}/{bottom}"
    whole, top = divmod(top, bottom)
    return f"{whole} {top}/{bottom}" if whole and top else str(whole) if not top else f"{top}/{bottom}"
