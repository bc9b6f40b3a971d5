"""Numbers of lists in words and letters: 3, c, III, third."""

from __future__ import annotations

_ROMAN = [
    *((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L")),
    *((40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")),
]
_MOST_ROMAN, _MOST_LETTERS = 32_767, 780  # numbers beyond are shown as digits
_HAN = "〇一二三四五六七八九"
_ALPHABETS = {
    "russianLower": "абвгдежзиклмнопрстуфхцчшщыэюя",
    "russianUpper": "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЫЭЮЯ",
    "aiueo": "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン",
    "ganada": "가나다라마바사아자차카타파하",
    "hebrew2": "אבגדהוזחטיכלמנסעפצקרשת",
    "arabicAlpha": "أبتثجحخدذرزسشصضطظعغفقكلمنهوي",
}


def shown_number(number: int, form: str) -> str:
    """A number in one of Word's forms (``decimal``, ``lowerLetter``, ``upperRoman``, …); others as digits.

    Args:
        number: the number, from 0.
        form: the value of ``w:numFmt``; ``none`` shows nothing.
    """
    if form in ("none", "bullet"):
        return ""
    if form == "decimalZero":
        return f"{number:02}"
    if form == "ordinal":
        return f"{number}{_ordinal(number)}"
    if form in ("lowerRoman", "upperRoman") and 0 < number <= _MOST_ROMAN:
        return _roman(number) if form == "upperRoman" else _roman(number).lower()
    if form in ("lowerLetter", "upperLetter") and 0 < number <= _MOST_LETTERS:
        times, letter = divmod(number - 1, 26)
        return chr((97 if form == "lowerLetter" else 65) + letter) * (times + 1)
    if form in _ALPHABETS and 0 < number <= len(_ALPHABETS[form]):
        return _ALPHABETS[form][number - 1]
    if form == "decimalEnclosedCircle" and 0 < number <= 20:
        return chr(0x2460 + number - 1)
    if form == "decimalFullWidth":
        return "".join(chr(0xFF10 + int(digit)) for digit in str(number))
    if (
        form in ("chineseCounting", "japaneseCounting", "chineseCountingThousand", "ideographDigital")
        and number < 100
    ):
        return _han(number)
    return str(number)


def _roman(number: int) -> str:
    shown = []
    for value, letters in _ROMAN:
        times, number = divmod(number, value)
        shown.append(letters * times)
    return "".join(shown)


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _han(number: int) -> str:
    tens, ones = divmod(number, 10)
    if not tens:
        return _HAN[ones]
    return f"{_HAN[tens] if tens > 1 else ''}十{_HAN[ones] if ones else ''}"
