"""The numbers of ordered lists, in the styles that HTML has."""

from __future__ import annotations

from dataclasses import dataclass

from harlm.patterns import lazy_pattern

_BULLET = "- "
_INTEGER = lazy_pattern(r"\s*+([+-]?\d{1,9})(?!\d)")
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"),
    (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


@dataclass(slots=True)
class _List:
    style: str
    next: int
    step: int


class Lists:
    """The lists that are open, one in another."""

    def __init__(self) -> None:
        self._open: list[_List | None] = []

    def start(self, attributes: dict[str, str], *, is_ordered: bool) -> None:
        """A list begins.

        Args:
            attributes: its attributes, of which ``start``, ``reversed`` and ``type`` count.
            is_ordered: whether its items have numbers.
        """
        first = _integer(attributes.get("start", ""))
        if not is_ordered or (
            "reversed" in attributes and first is None
        ):  # the number of its items is not known yet
            self._open.append(None)
            return
        step = -1 if "reversed" in attributes else 1
        self._open.append(_List(attributes.get("type", "1").strip(), 1 if first is None else first, step))

    def end(self) -> None:
        """The innermost list ends."""
        if self._open:
            self._open.pop()

    def item(self, value: str) -> str:
        """What an item of the innermost list begins with.

        Args:
            value: the item's own number, or an empty text.
        """
        inner = self._open[-1] if self._open else None
        if inner is None:
            return _BULLET
        own = _integer(value)
        number = inner.next if own is None else own
        inner.next = number + inner.step
        return f"{styled(number, inner.style)}. "


def styled(number: int, style: str) -> str:
    """A number in a style of HTML: ``1``, ``a``, ``A``, ``i`` or ``I``."""
    if style in ("a", "A") and number > 0:
        text = _letters(number)
    elif style in ("i", "I") and 0 < number < 4000:
        text = _roman(number)
    else:
        return str(number)
    return text.upper() if style.isupper() else text


def _letters(number: int) -> str:
    text = ""
    while number:
        number, letter = divmod(number - 1, 26)
        text = chr(ord("a") + letter) + text
    return text


def _roman(number: int) -> str:
    text = ""
    for value, letters in _ROMAN:
        text += letters * (number // value)
        number %= value
    return text


def _integer(text: str) -> int | None:
    found = _INTEGER.match(text)
    return int(found[1]) if found else None
