"""Makes visible what a text hides: characters that control a terminal, reorder a line or take no place on it.

Honest uses stay as they are, so that every language and every emoji can be read: joiners inside words of the
scripts that need them and inside emoji, marks of direction beside right-to-left letters, soft hyphens inside words,
one variation selector behind a character that has variants, the flags of England, Scotland and Wales.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from unicodedata import bidirectional, category

from harlm.patterns import lazy_pattern

_FLAGS = "|".join(
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)
_HIDDEN = lazy_pattern(
    f"{_FLAGS}|["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, except tab and line feed
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2065\u3164\ufeff\uffa0"  # no width
    "\u2028-\u202e\u2066-\u206f"  # line and paragraph ends, directions
    "\ufe00-\ufe0f\ufff0-\ufffb"  # variation selectors, annotations
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # shorthand, music, tags, selectors
    "]"
)
_JOINED = lazy_pattern(
    "[\u0620-\u0dff\u1000-\u109f\u1780-\u17b3\u17b6-\u17dd\u1820-\u18aa\u1900-\u1aff\u1b00-\u1c4f\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00011fff\U0001e900-\U0001e95f]"
)
"""Letters and marks of scripts that write with joiners: Arabic, Syriac, the scripts of India, Burmese, Khmer, …"""

_EMOJI = lazy_pattern("[\u2190-\u21ff\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")
_ZWNJ, _ZWJ, _EMOJI_STYLE = "\u200c", "\u200d", "\ufe0f"
_DIRECTIONS = "\u061c\u200e\u200f"
_BESIDE = 16  # characters between a mark of direction and the right-to-left letter that it is for


def harmless(text: str) -> str:
    r"""Text that is safe to print on a terminal: what it hides becomes visible, such as ``\x1b`` or ``\u202e``."""
    return made_visible(text.replace("\r\n", "\n"), _escape)


def harmless_json(text: str) -> str:
    """JSON that is safe to print on a terminal and has the same value: what it hides is escaped."""
    return made_visible(text, _json_escape)


def made_visible(text: str, write: Callable[[str], str]) -> str:
    """``text`` with every hidden character, except line feeds and tabs, as ``write`` writes it."""

    def shown(match: re.Match[str]) -> str:
        return match[0] if _is_honest(match) else write(match[0])

    return _HIDDEN.sub(shown, text)


def _is_honest(match: re.Match[str]) -> bool:
    """Whether a hidden character serves its purpose here."""
    letter, text = match[0], match.string
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    if letter < "\xad":
        return False
    if letter in (_ZWNJ, _ZWJ):
        return _joins(letter, before, after)
    if letter in _DIRECTIONS:
        beside = text[max(0, match.start() - _BESIDE) : match.end() + _BESIDE]
        is_first = not before or before not in _DIRECTIONS
        return is_first and any(each.isalpha() and bidirectional(each) in ("R", "AL") for each in beside)
    if letter == "\xad":
        return before.isalpha() and after.isalpha()
    if "\u180b" <= letter <= "\u180f":  # what Mongolian has instead of joiners
        return "\u1820" <= before <= "\u18aa"
    if "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e011f":
        return bool(before) and _has_variants(before, letter)
    return len(letter) > 1  # a flag


def _joins(joiner: str, before: str, after: str) -> bool:
    if _JOINED.match(before):
        return joiner == _ZWJ or _JOINED.match(after) is not None
    follows_emoji = before == _EMOJI_STYLE or _EMOJI.match(before) is not None
    return joiner == _ZWJ and follows_emoji and _EMOJI.match(after) is not None


def _has_variants(base: str, selector: str) -> bool:
    """Whether a character may have the variant: symbols as text or emoji, ideographs and operators as others."""
    if selector in ("\ufe0e", _EMOJI_STYLE):
        return category(base)[0] in "SPN" or base == "\u2139"
    return category(base) in ("Lo", "Sm") if selector < "\ufe0e" else category(base) == "Lo"


def _escape(letter: str) -> str:
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(letter: str) -> str:
    return "".join(f"\\u{unit:04x}" for unit in memoryview(letter.encode("utf-16-le")).cast("H"))
