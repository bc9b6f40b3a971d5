"""Guesses the encoding of text that is not UTF-8, by the letters of the languages that are written in each encoding.

Each candidate decodes a sample. What comes out is likely if its letters beyond ASCII are frequent in one language, and
unlikely if words mix scripts, have capitals inside, or signs between letters. Windows-1252 is the answer unless another
encoding is clearly better.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from harlm.context import languages
from harlm.patterns import lazy_pattern

_SAMPLE = 3_000  # bytes by which an encoding is judged
_LONGEST_PIECE = 400  # bytes of one line
_MOST_WRONG = 0.02  # the share of characters that may not exist in the encoding

# Logarithms of likelihoods, for each character.
_SIGN, _RARE_SIGN, _OTHER, _CONTROL, _WRONG = -4.5, -9.0, -9.0, -14.0, -20.0
_ANY_OF_SCRIPT = -6.0
_CAPITAL, _CAPITAL_AFTER_ANOTHER = -1.0, -0.3
_COMMON_IDEOGRAPH, _IDEOGRAPH, _RARE_IDEOGRAPH = -6.0, -8.8, -12.0
_IN_ODD_PLACE, _STANDS_ALONE = -4.0, -2.5
_WORD, _MOST_WORDS = 0.7, 8
_LEAST = -9.5  # an average below which nothing fits

_SIGNS = frozenset("“”‘’„‚–—…•«»‹›°§€©®™½¼¾²³¿¡ªº´·×±µ£\xa0\xad№\u200c\u200d\u200e\u200f")
_NEVER_BEFORE_WORDS = frozenset("®©¤¦¬²³¹¼½¾¶")
_WIDE_SIGNS = frozenset("，。、（）「」『』：；！？《》・…“”‘’－～\u3000【】")
_WORDS = lazy_pattern(r"(?<![^\W_])[a-z]{1,6}(?![^\W_])")
_ODD_PLACE = lazy_pattern(
    "(?<=[lagc])[AGC]|(?<=[agc])U"  # a capital after a small letter
    "|(?<=[lUaA])[gGcCh]|(?<=[gGcCh])[lUaA]"  # two scripts in one word
    "|(?<=[lUaAgGcCh])s(?=[lUaAgGcCh])"  # a sign inside a word
    "|(?<=[lU])k(?=[lU])"  # one ideograph inside a word
    "|(?<![lUaAgGcCh])q(?=[gGcCh])"  # an apostrophe before a word
    "|r(?=[lUaAgGcCh])"  # a sign before a word that does not stand there
)
_SHOUTED = lazy_pattern("(?<=[AGC])[AGC]")
_ALONE = lazy_pattern("(?<![lUaAgGcCh])[aAgGcC](?![lUaAgGcCh])")
_WORDS_OF_ONE_LETTER = frozenset("àÀóÓéèÈáÁåÅâúőиявскуоаеіјйηοή")


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An encoding that text may have.

    Attributes:
        name: how people call it.
        codec: how Python calls it.
        script: the key of its languages in ``languages.LETTERS``, or the name of an East Asian one.
        prior: the logarithm of how much more often it is met than others.
    """

    name: str
    codec: str
    script: str
    prior: float = 0.0


_USUAL = _Candidate("windows-1252", "cp1252", "western", 5.0)
_CANDIDATES = (
    _USUAL,
    _Candidate("iso-8859-15", "iso8859-15", "western", -2.0),
    _Candidate("macintosh", "mac-roman", "western", -3.0),
    _Candidate("cp850", "cp850", "western", -2.0),
    _Candidate("cp437", "cp437", "western", -3.0),
    _Candidate("windows-1250", "cp1250", "central"),
    _Candidate("iso-8859-2", "iso8859-2", "central"),
    _Candidate("cp852", "cp852", "central", -3.0),
    _Candidate("windows-1254", "cp1254", "turkish"),
    _Candidate("windows-1257", "cp1257", "baltic", -1.0),
    _Candidate("windows-1258", "cp1258", "vietnamese", -3.0),
    _Candidate("windows-1251", "cp1251", "cyrillic", 3.0),
    _Candidate("koi8-r", "koi8-r", "cyrillic"),
    _Candidate("koi8-u", "koi8-u", "cyrillic", -1.0),
    _Candidate("iso-8859-5", "iso8859-5", "cyrillic", -2.0),
    _Candidate("ibm866", "cp866", "cyrillic", -1.0),
    _Candidate("x-mac-cyrillic", "mac-cyrillic", "cyrillic", -3.0),
    _Candidate("windows-1253", "cp1253", "greek"),
    _Candidate("iso-8859-7", "iso8859-7", "greek", -1.0),
    _Candidate("windows-1255", "cp1255", "hebrew"),
    _Candidate("iso-8859-8", "iso8859-8", "hebrew", -1.0),
    _Candidate("windows-1256", "cp1256", "arabic"),
    _Candidate("iso-8859-6", "iso8859-6", "arabic", -1.0),
    _Candidate("windows-874", "cp874", "thai"),
    _Candidate("shift_jis", "cp932", "japanese"),
    _Candidate("euc-jp", "euc-jp", "japanese"),
    _Candidate("gb18030", "gb18030", "chinese"),
    _Candidate("big5", "big5hkscs", "traditional"),
    _Candidate("euc-kr", "cp949", "korean"),
)
_IDEOGRAPHIC: Mapping[str, frozenset[str]] = {
    "japanese": frozenset(languages.COMMON_JAPANESE),
    "chinese": frozenset(languages.COMMON_CHINESE),
    "traditional": frozenset(languages.COMMON_TRADITIONAL),
    "korean": frozenset(languages.COMMON_KOREAN),
}
_LETTER_CLASSES: Mapping[str, str] = {"LATIN": "aA", "GREEK": "gG", "CYRILLIC": "cC"}
_WIDE_CLASSES = frozenset(
    {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "FULLWIDTH", "HALFWIDTH", "KATAKANA-HIRAGANA"}
)


def guess_encoding(data: bytes) -> tuple[str, str] | None:
    """The name and the codec of the encoding that fits best; ``None`` if none fits.

    Args:
        data: bytes that are not UTF-8.
    """
    sample = _sample(data)
    if _is_ebcdic(sample):
        return _by_statistics(sample)
    best, most = _USUAL, -math.inf
    for candidate in _CANDIDATES:
        found = _likelihood(sample, candidate)
        if found is not None and found + candidate.prior > most:
            best, most = candidate, found + candidate.prior
    letters = max(1, sum(byte > 0x7F for byte in sample))
    if most < _LEAST * letters + _USUAL.prior:
        return _by_statistics(sample)
    return best.name, best.codec


def _is_ebcdic(sample: bytes) -> bool:
    """Whether the sample is from a mainframe: its blank is what ASCII has as ``@``."""
    letters = sum(byte > 0x7F for byte in sample)
    return sample.count(b"@") * 16 > len(sample) and letters * 2 > len(sample) and b" " not in sample


def _by_statistics(sample: bytes) -> tuple[str, str] | None:
    """What charset-normalizer finds, which knows EBCDIC and other encodings that are hardly met."""
    from charset_normalizer import from_bytes  # 25 ms to import

    match = from_bytes(sample).best()
    return None if match is None else (match.encoding.replace("_", "-"), match.encoding)


def _sample(data: bytes) -> bytes:
    """Lines with bytes beyond ASCII, from the whole of ``data``, cut where a wide character cannot be cut."""
    return b"\n".join(dict.fromkeys(_pieces(data)))  # what is repeated is no more evidence


def _pieces(data: bytes) -> Iterator[bytes]:
    size = at = 0
    high = re.compile(rb"[\x80-\xff]")
    while size < _SAMPLE and (found := high.search(data, at)):
        start = max(data.rfind(b"\n", max(0, found.start() - _LONGEST_PIECE), found.start()) + 1, at)
        if found.start() - start > _LONGEST_PIECE // 2:
            start = found.start() - _LONGEST_PIECE // 2
        end = data.find(b"\n", found.start(), start + _LONGEST_PIECE)
        at = end + 1
        if end < 0:
            end = at = min(start + _LONGEST_PIECE, len(data))
            if end < len(data) and (blank := data.rfind(b" ", found.end(), end)) > 0:
                end = at = blank
            elif end < len(data):  # what follows may begin inside a character
                at = data.find(b"\n", end) % (len(data) + 1)
        yield data[start:end]
        size += end - start


def _likelihood(sample: bytes, candidate: _Candidate) -> float | None:
    """The logarithm of how likely the sample is in an encoding; ``None`` if it cannot have it."""
    try:
        text = sample.decode(candidate.codec)
    except UnicodeDecodeError:
        text = sample.decode(candidate.codec, "replace")
    wrong = text.count("\ufffd")
    if wrong > max(1, _MOST_WRONG * len(text)):
        return None
    classes = "".join(map(_CLASSES.__getitem__, text))
    capitals = sum(map(classes.count, "AGC"))
    shouted = len(_SHOUTED.findall(classes))
    total = (
        wrong * _WRONG
        + (capitals - shouted) * _CAPITAL
        + shouted * _CAPITAL_AFTER_ANOTHER
        + len(_ODD_PLACE.findall(classes)) * _IN_ODD_PLACE
    )
    alone = (text[found.start()] not in _WORDS_OF_ONE_LETTER for found in _ALONE.finditer(classes))
    total += sum(alone) * _STANDS_ALONE
    counts = Counter(letter for letter in text.lower() if letter > "\x7f" and letter != "\ufffd")
    if candidate.script in _IDEOGRAPHIC:
        return total + _ideographs(counts, candidate)
    words = Counter(_WORDS.findall(text.lower())) if candidate.script in _WITH_WORDS else Counter()
    return total + max(
        _in_language(counts, words, candidate.script, *model) for model in _models(candidate.script)
    )


def _in_language(
    counts: Mapping[str, int],
    words: Mapping[str, int],
    script: str,
    letters: Mapping[str, float],
    known: frozenset[str],
) -> float:
    """The logarithm of how likely the letters are in one language."""
    total, is_met = 0.0, False
    for letter, count in counts.items():
        if (likely := letters.get(letter)) is not None:
            total += likely * count
            is_met = True
        else:
            total += _beyond(letter, script) * count
    if is_met:
        total += _WORD * min(_MOST_WORDS, sum(words.get(word, 0) for word in known))
    return total


_WITH_WORDS = frozenset({"western", "central", "turkish", "baltic"})


@cache
def _models(script: str) -> tuple[tuple[Mapping[str, float], frozenset[str]], ...]:
    """For each language of a script, the likelihood of its letters, and its short words."""
    found = []
    for language, letters in languages.LETTERS[script].items():
        weights = [1 / (rank + 3) for rank in range(len(letters))]
        likely = {
            letter: math.log(0.8 * weight / sum(weights))
            for letter, weight in zip(letters, weights, strict=True)
        }
        found.append((likely, frozenset(languages.WORDS.get(language, "").split())))
    every = "".join(languages.LETTERS[script].values())
    found.append((dict.fromkeys(every, _ANY_OF_SCRIPT), frozenset()))
    return tuple(found)


@cache
def _beyond(letter: str, script: str) -> float:
    """The likelihood of a character that is no letter of the language."""
    if letter in _SIGNS:
        return _SIGN
    kind = unicodedata.category(letter)
    if kind in ("Cc", "Co", "Cn"):
        return _CONTROL
    if script in ("arabic", "hebrew", "thai") and kind in ("Mn", "Nd", "Po"):
        return _ANY_OF_SCRIPT
    return _RARE_SIGN if kind[0] in "SPZN" else _OTHER


def _ideographs(counts: Mapping[str, int], candidate: _Candidate) -> float:
    common = _IDEOGRAPHIC[candidate.script]
    return sum(_ideograph(letter, common, candidate) * count for letter, count in counts.items())


def _ideograph(letter: str, common: frozenset[str], candidate: _Candidate) -> float:
    if letter in common:
        return _COMMON_IDEOGRAPH
    if letter in _WIDE_SIGNS:
        return _SIGN
    coded = letter.encode(candidate.codec, "replace")
    if len(coded) < 2:
        return _RARE_IDEOGRAPH
    lead, trail = coded[0], coded[1]
    usual = {
        "gb18030": 0xA1 <= lead <= 0xD7 and trail >= 0xA1 and len(coded) == 2,
        "big5hkscs": 0xA1 <= lead <= 0xC6,
        "cp949": 0xB0 <= lead <= 0xC8 and trail >= 0xA1,
        "euc-jp": 0xA4 <= lead <= 0xCF,
        "cp932": 0x81 <= lead <= 0x97,
    }
    return _IDEOGRAPH if usual[candidate.codec] else _RARE_IDEOGRAPH


class _Classes(dict[str, str]):
    """The class of every character, as one letter of ``_ODD_PLACE``; made when it is asked for."""

    def __missing__(self, letter: str) -> str:
        found = self[letter] = _class_of(letter)
        return found


def _class_of(letter: str) -> str:
    if letter < "\x80":
        return "l" if letter.islower() else "U" if letter.isupper() else " "
    kind = unicodedata.category(letter)
    if letter == "’":
        return "q"
    if letter in "·\xadªºµ" or kind[0] == "M":
        return " "
    if kind[0] != "L":
        return "r" if letter in _NEVER_BEFORE_WORDS else "s"
    script = unicodedata.name(letter, "").partition(" ")[0]
    if script in _WIDE_CLASSES:
        return "k"
    return _LETTER_CLASSES.get(script, "hh")[letter.isupper()]


_CLASSES = _Classes()
