"""What a text hides becomes visible; what a language or an emoji needs stays."""

from __future__ import annotations

import json
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.visible import harmless, harmless_json, made_visible
from tests.support.rows import every_row

HIDDEN = [
    letter
    for letter in map(chr, range(0x110000))
    if unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") or letter in "\u034f\u115f\u1160\u3164\uffa0"
]
_DRAWN = {
    "\n",
    "\t",
    *"\u06dd\u070f\u08e2\U000110bd\U000110cd",
    *map(chr, [*range(0x600, 0x606), 0x890, 0x891]),
}
_LAID_OUT = set(map(chr, range(0x13430, 0x13440)))  # hieroglyphs stand above and beside each other
SELECTORS = [*map(chr, range(0xFE00, 0xFE10)), *map(chr, range(0xE0100, 0xE01F0))]


def test_control_characters_are_shown_as_escapes() -> None:
    assert harmless("a\x1b]0;x\x07b\x7f\x9bc") == r"a\x1b]0;x\x07b\x7f\x9bc"
    assert harmless("two\r\nlines\tand “ümläute”\n") == "two\nlines\tand “ümläute”\n"
    assert harmless("over\rwritten") == r"over\x0dwritten"


def test_every_hidden_character_is_shown_between_latin_letters_and_blanks() -> None:
    def check(letter: str) -> None:
        for text in (f" {letter} ", f"1{letter}{letter}1", letter):
            shown = harmless(text)
            assert letter * 2 not in shown
            assert shown.count(letter) <= (letter in "\ufe0e\ufe0f" and text[0] == "1")
        if letter != "\xad":
            assert harmless(f"a{letter}b").isprintable()

    every_row(check, sorted({*HIDDEN, *SELECTORS} - _DRAWN - _LAID_OUT), name=lambda each: f"{ord(each):X}")


@pytest.mark.parametrize(
    "text",
    [
        "👩‍👩‍👧‍👦 👩🏽‍🚀 🏳️‍🌈 ❤️‍🔥 🏃‍♂️‍➡️ 🧑‍🤝‍🧑 1️⃣ #️⃣ ☎︎ ‼️ ℹ️ ©️ 🇩🇪 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🏴󠁧󠁢󠁷󠁬󠁳󠁿",
        "می‌خواهم کتاب‌ها را بخوانم؛ ه‍.ش",
        "क्‍ष श्‍र ක්‍ෂ ന്‍ ক্‌ষ",
        "מזל טוב! \u200f(C++)\u200f שלום",
        "العربية \u200e(HARLM)\u200e لغة",
        "ᠮᠣᠩᠭᠣᠯ᠎ᠠ ᠪᠢᠴᠢᠭ᠋",
        "Donau\xaddampf\xadschiff",
        "葛󠄀城市 邊󠄀",
        "日本語 ไทย 한국어 Ελληνικά naïve e\u0301 ½ ∑ →",
        "tab\tand\nline",
    ],
)
def test_honest_text_does_not_change(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pay \u202e0001\u202c", r"pay \u202e0001\u202c"),
        ("ad\u200bmin", r"ad\u200bmin"),
        ("a\u200db\u200c", r"a\u200db\u200c"),
        ("a\U000e0041\U000e007f", r"a\U000e0041\U000e007f"),
        ("🏴\U000e0041\U000e0042\U000e007f", r"🏴\U000e0041\U000e0042\U000e007f"),
        ("😀\ufe0f\ufe0e\U000e0150", "😀\ufe0f\\ufe0e\\U000e0150"),
        ("מ (a\u200f\u200f)", "מ (a\u200f\\u200f)"),
        ("a\u200f\u200fb", r"a\u200f\u200fb"),
        ("می\u200c\u200cخ", r"می\u200c\u200cخ"),
        ("😀\u200d\u200d😀", r"😀\u200d\u200d😀"),
        ("a\u2028b\u2029", r"a\u2028b\u2029"),
        ("\ufff9a\ufffab\ufffb", r"\ufff9a\ufffab\ufffb"),
        ("\ufeffa", r"\ufeffa"),
        ("a\xad\xadb", r"a\xad\xadb"),
    ],
)
def test_what_hides_something_is_shown(text: str, shown: str) -> None:
    assert harmless(text) == shown


_TEXTS = st.text(
    st.sampled_from([*"a1 😀❤مकש葛\n", *"\u200c\u200d\u200f\u202e\ufe0f\xad\u061c\u180e", "\U000e0041"])
    | st.characters()
)


@given(_TEXTS)
def test_no_hidden_character_stands_twice_and_nothing_else_changes(text: str) -> None:
    shown = harmless(text)
    assert made_visible(text, lambda letter: letter) == text
    runs = [letter for letter, after in pairwise(shown) if letter == after]
    assert not set(runs) & (set(HIDDEN) - _DRAWN - _LAID_OUT)


@given(_TEXTS)
def test_json_keeps_its_value(text: str) -> None:
    data = json.dumps({"text": text}, ensure_ascii=False)
    safe = harmless_json(data)
    assert json.loads(safe) == {"text": text}
    assert "\u202e" not in safe
