"""Decodes bytes to text in any encoding. Does not depend on file formats."""

from __future__ import annotations

import codecs
import re
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from harlm.context.encoding_guess import guess_encoding
from harlm.context.encoding_labels import codec_of
from harlm.patterns import lazy_pattern

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MARKS = (codecs.BOM_UTF8, *(mark for mark, _ in _BOMS))
_SAMPLE = 1 << 14  # bytes by which an encoding is judged
_SHORTEST_WIDE = 4  # bytes
_SHORT_WIDE = 64  # bytes; up to here every character has to be one of a text
_SCRIPT_SAMPLE = 1 << 12  # bytes; every character of them is examined
_BETWEEN_WORDS = " \n\u3000、。"
_RETURNS = lazy_pattern("\r++\n?")
_HIGH = lazy_pattern(rb"[\x80-\xff]")
_FEW_LINES, _FEW_LETTERS = 8, 4
_MANY_LINES = 200_000
_MOST_CHANGES = 100_000  # of encoding, from line to line; what follows is taken for UTF-8
_CONTROL = bytes([*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20)])
_BEYOND_ASCII = bytes(range(0x80, 0x100))
_ZEROS = lazy_pattern(rb"\0+")
_BYTES_A_ZERO = 32  # at least, in text that was damaged
_ISO_2022 = lazy_pattern(rb"\x1b(?:\$[@AB]|\$\([CDOPQ]|\([IJ]|\$\)C)")
_ISO_2022_CODECS = ("iso2022-jp-ext", "iso2022-jp-2", "iso2022-jp-3", "iso2022-kr")
_MOST_WRONG = 0.25  # the share of characters beyond ASCII that may not exist in a declared encoding
_EAST_ASIAN = frozenset(
    {"cp932", "euc-jp", "gb18030", "big5hkscs", "cp949", "iso2022-jp-ext", "iso2022-kr", "hz", "utf-7"}
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text and how it was found.

    Attributes:
        text: the text, with a newline for every line end.
        notes: what a user wants to know: that the encoding was guessed, that zero bytes were left out.
    """

    text: str
    notes: tuple[str, ...] = ()


def decode(data: bytes) -> str | None:
    """The text in ``data`` with a newline for every line end; ``None`` if it is not text. See ``decode_with_notes``."""
    found = decode_with_notes(data)
    return None if found is None else found.text


def decode_with_notes(data: bytes) -> Decoded | None:
    """The text in ``data``, judged by its bytes alone; ``None`` if it is not text.

    Tried in order: a byte order mark; UTF-16 and UTF-32 without a mark, if there are zeros; the escapes of ISO-2022;
    UTF-8; UTF-8 with some lines in an older encoding or a few wrong bytes; the encoding whose letters fit best, which
    is Windows-1252 unless another is clearly better.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return Decoded(_normal(data.decode(encoding, "replace")))
    if b"\0" not in data:
        return _without_zeros(data)
    if wide := _wide_encoding(data[:_SAMPLE]):
        return Decoded(_normal(data.decode(wide, "replace")))
    rest = _ZEROS.sub(b"", data)
    if sum(1 for _ in _ZEROS.finditer(data)) * _BYTES_A_ZERO > len(rest) or _is_mostly_control(
        rest[:_SAMPLE]
    ):
        return None
    found = _without_zeros(rest)
    note = "zero bytes among its text are left out"
    return None if found is None else replace(found, notes=(*found.notes, note))


def decode_labelled(data: bytes, label: str | None) -> Decoded | None:
    """The text in ``data``, which declares its encoding; ``None`` if it is not text.

    A byte order mark counts more than the label, and so does text that is valid UTF-8. A label that is unknown, or that
    does not fit, is not used.

    Args:
        data: the bytes.
        label: the name of the encoding as the file gives it; ``None`` if it gives none.
    """
    codec = codec_of(label) if label else None
    if codec is None or codec == "utf-8" or "ascii" in str(label).lower() or data.startswith(_MARKS):
        return decode_with_notes(data)
    if codec.startswith(("utf-16", "utf-32")):  # what is declared as wide is often UTF-8
        return decode_with_notes(data) or Decoded(_normal(data.decode(codec, "replace")))
    if _is_surely_utf_8(data, codec):
        return Decoded(_normal(data.decode("utf-8")))
    try:
        text = data.decode(codec, "replace")
    except (UnicodeError, ValueError):
        return decode_with_notes(data)
    wrong = text.count("\ufffd")
    if wrong and wrong > _MOST_WRONG * sum(letter > "\x7f" for letter in text):
        return decode_with_notes(data) or Decoded(_normal(text))
    return Decoded(_normal(text))


def _is_surely_utf_8(data: bytes, codec: str) -> bool:
    """Whether text that declares another encoding is UTF-8. Two letters of an East Asian one may look like it."""
    if data.isascii():
        return False
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    beyond = [letter for letter in text if letter > "\x7f"]
    return codec not in _EAST_ASIAN or sum(letter > "\u07ff" for letter in beyond) * 2 > len(beyond)


def _without_zeros(data: bytes) -> Decoded | None:
    """The text in bytes of which none is zero."""
    if data.isascii() and b"\x1b" in data and (text := _escaped(data)) is not None:
        return Decoded(_normal(text))
    if _is_mostly_control(data[:_SAMPLE]):
        return None
    try:
        return Decoded(_normal(data.decode("utf-8")))
    except UnicodeDecodeError:
        return _of_lines(data)


def _escaped(data: bytes) -> str | None:
    """The text of bytes with the escapes of ISO-2022; ``None`` if there are none.

    Terminals have escapes too: those that set a colour, and ``ESC ( B``, are not taken for a change of letters.
    """
    if not _ISO_2022.search(data):
        return None
    for codec in _ISO_2022_CODECS:
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    return data.decode(_ISO_2022_CODECS[0], "replace")


def _of_lines(data: bytes) -> Decoded | None:
    """The text of bytes of which not all are UTF-8.

    Programs that write to one file can disagree on the encoding, so lines are judged one by one: those that are UTF-8 with
    a few wrong bytes are UTF-8 with U+FFFD, and the others have the encoding that fits best.
    """
    lines = _Lines(data)
    if not lines.older:
        return Decoded(_normal(data.decode("utf-8", "replace")))
    guessed = guess_encoding(lines.sample() if lines.may_be_mixed else data)
    if guessed is None:
        return Decoded(_normal(data.decode("utf-8", "replace"))) if lines.utf_8 else None
    name, codec = guessed
    if not lines.may_be_mixed or (codec in _EAST_ASIAN and lines.letters < _FEW_LETTERS):
        return Decoded(_normal(data.decode(codec, "replace")), (_guess_note(name),))
    note = f"{_guess_note(name)}, in some of its lines; the others are UTF-8"
    return Decoded(_normal("".join(lines.texts(codec))), (note,))


class _Lines:
    """The lines of a file by their encoding.

    Attributes:
        utf_8: how many lines beyond ASCII are UTF-8.
        letters: how many characters beyond ASCII these have.
        older: how many lines are in an older encoding.
    """

    def __init__(self, data: bytes) -> None:
        self.utf_8 = self.letters = self.older = 0
        self._data = data
        self._starts, self._ends = array("Q"), array("Q")  # of runs of lines in the older encoding
        in_run = False
        for start, end in _lines_beyond_ascii(data):
            if self._is_enough:
                break
            letters = _utf_8_letters(data[start:end])
            if letters or (end == len(data) and self.utf_8 and _is_cut(data[start:end])):
                self.utf_8 += 1
                self.letters += letters
            else:
                self.older += 1
                if in_run:
                    self._ends[-1] = end
                else:
                    self._starts.append(start)
                    self._ends.append(end)
            in_run = not letters

    @property
    def may_be_mixed(self) -> bool:
        """Whether so many lines are UTF-8 that this is no chance."""
        few = self.older > _FEW_LINES and self.utf_8 * 4 < self.older
        return bool(self.utf_8) and not few

    @property
    def _is_enough(self) -> bool:
        """Whether no more lines need to be judged: that takes a second for half a million."""
        return len(self._starts) >= _MOST_CHANGES or (self.older >= _MANY_LINES and not self.utf_8)

    def sample(self) -> bytes:
        """The first lines in the older encoding."""
        spans = zip(self._starts[:_FEW_LINES], self._ends[:_FEW_LINES], strict=True)
        return b"".join(self._data[start : min(end, start + _SAMPLE)] for start, end in spans)

    def texts(self, codec: str) -> Iterator[str]:
        """The text, run by run."""
        at = 0
        for start, end in zip(self._starts, self._ends, strict=True):
            yield self._data[at:start].decode("utf-8", "replace")
            yield self._data[start:end].decode(codec, "replace")
            at = end
        yield self._data[at:].decode("utf-8", "replace")


def _lines_beyond_ascii(data: bytes) -> Iterator[tuple[int, int]]:
    at = 0
    while found := _HIGH.search(data, at):
        start = max(at, data.rfind(b"\n", at, found.start()) + 1)
        end = data.find(b"\n", found.start()) + 1 or len(data)
        yield start, end
        at = end


def _utf_8_letters(line: bytes) -> int:
    """How many characters beyond ASCII a line of UTF-8 has; 0 if it is in an older encoding.

    Text in an older encoding has at least three wrong bytes for each character that is valid UTF-8 by chance.
    """
    text = line.decode("utf-8", "replace")
    wrong = text.count("\ufffd") - line.count("\ufffd".encode())
    right = len(text) - wrong - len(line.translate(None, _BEYOND_ASCII))
    if 2 * wrong <= right:
        return right
    return int(wrong == 1 and _is_cut(line) and text[-2:-1].isspace())


def _is_cut(line: bytes) -> bool:
    """Whether a line ends in the middle of a character, and is UTF-8 up to there."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return False


def _guess_note(name: str) -> str:
    return f"does not say its encoding; it is read as {name}, a guess by its letters"


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark; ``None`` if the bytes are neither.

    Mostly ASCII text has its zeros on one side only. Text of another script is recognised if it is words of
    one script in exactly one of the two byte orders. Text without a single zero (no blank, no line end) is
    never tried, since its bytes could be anything.
    """
    if len(head) < _SHORTEST_WIDE:
        return None
    if len(head) % 4 == 0 and (very_wide := _very_wide_encoding(head)):
        return very_wide
    if len(head) <= _SHORT_WIDE and len(head) % 2:
        return None
    half = len(head) // 2
    even, odd = head[0::2].count(0) / half, head[1::2].count(0) / half
    for encoding, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros > 0.4 and others < 0.05:
            text = head.decode(encoding, "replace")
            if len(head) <= _SHORT_WIDE:
                return encoding if _is_shown(text) and min(text) < "\x80" else None
            return None if _is_mostly_control(text.encode("utf-8", "replace")) else encoding
    start = head[:_SCRIPT_SAMPLE]
    orders = ("utf-16-le", "utf-16-be")
    fitting = [order for order in orders if _is_one_script(start.decode(order, "replace"))]
    return fitting[0] if len(fitting) == 1 else None


def _very_wide_encoding(head: bytes) -> str | None:
    """The byte order of UTF-32: in four bytes, the highest is zero and the next at most 16."""
    for encoding, highest, next_ in (("utf-32-le", 3, 2), ("utf-32-be", 0, 1)):
        if not head[highest::4].strip(b"\0") and max(head[next_::4]) <= 0x10:
            try:
                text = head.decode(encoding)
            except UnicodeDecodeError:
                continue
            if _is_shown(text):
                return encoding
    return None


def _is_shown(text: str) -> bool:
    """Whether all characters of a short text are letters, signs, blanks or line ends."""
    shown = all(letter.isprintable() or letter in "\n\r\t\u3000\xa0\ufeff" for letter in text)
    return shown and not text.isspace()


def _is_one_script(text: str) -> bool:
    """Whether a text consists of separated words of one script other than Latin."""
    gaps = sum(map(text.count, _BETWEEN_WORDS))
    wrong = text.count("\ufffd")
    if gaps * 200 < len(text) or wrong * 50 > len(text):
        return False
    wrong += sum(not letter.isprintable() and letter not in "\n\r\t\u3000" for letter in text)
    beyond_latin = (letter for letter in text if letter > "\xff" and not "\u2000" <= letter < "\u2100")
    scripts = Counter(map(_script_of, beyond_latin))
    most = max(scripts.values(), default=0)
    return wrong * 50 <= len(text) and most > 0.3 * len(text) and most > 0.9 * scripts.total()


def _script_of(letter: str) -> int:
    """The script of a letter, as a number: its page of 256 characters.

    The pages of East Asia count as one.
    """
    page = ord(letter) >> 8
    return 0x30 if page in (0x30, 0x31, 0xFF) or 0x34 <= page <= 0x9F or 0xAC <= page <= 0xD7 else page


def _is_mostly_control(head: bytes) -> bool:
    return len(head) - len(head.translate(None, _CONTROL)) > 0.02 * len(head)


def _normal(text: str) -> str:
    """``text`` with a newline for every line end.

    A carriage return alone ends a line where there is no newline at all, as in files of old Macs. Among newlines it is
    the way back to the margin, as a progress bar goes, and becomes a blank: other programs count no line there.
    """
    if "\r" not in text:
        return text
    if "\n" not in text:
        return text.replace("\r", "\n")
    text = text.replace("\r\n", "\n")
    return _RETURNS.sub(_blank_or_newline, text) if "\r" in text else text


def _blank_or_newline(found: re.Match[str]) -> str:
    return "\n" if found[0].endswith("\n") else " " * len(found[0])
