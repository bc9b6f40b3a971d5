"""The tokens of a prompt before a provider has counted it: the expected number, and a bound to reserve.

Learns from the usage that one model reports. Does not depend on prices.

Without a tokenizer, the bound is the estimate plus the tokens that it may have missed, times a margin. Before
the model has reported anything the margin is 1.45, since vocabularies of other makers give up to a third more
tokens than the one that the estimate was fitted to, and long prompts are sampled. Afterwards it is 1.15 times
the greatest ratio seen, but at least 1.3, since all prompts so far may have been prose and the next one may
not be. The bound never exceeds one token for each byte of UTF-8, which no byte-level tokenizer exceeds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harlm.protocols import TokenCounter
from harlm.tokens.estimate import estimate_tokens
from harlm.types import Message

_FIRST_MARGIN = 1.45
_MARGIN = 1.15
_LEAST_MARGIN = 1.3
_LEARNED_AFTER = 4  # reports
_ENOUGH = 50  # tokens; the ratio of a shorter prompt says little
_WINDOWS, _WINDOW = 12, 125  # samples of a long message: 0.2 ms, whatever its length
_BEYOND_ASCII = 1.35  # tokens for each byte of a character after its first byte
_TABLES = [
    bytes(re.match(kind, chr(each)) is not None for each in range(128)) + bytes(128)
    for kind in (
        r"[B-DF-HJ-NP-TV-XZb-df-hj-np-tv-xz]",
        r"[JQXZjqxz]",
        r"[A-Z]",
        r"[a-z]",
        r"[0-9]",
        r"[^\w\s]",
        r"\s",
        r"\n",
        r" ",
    )
]
_FOR_A_MESSAGE = 8  # tokens that the format of a request adds for each message
_FOR_A_PROMPT = 16  # and for the whole request


@dataclass(frozen=True, slots=True)
class Size:
    """The measured size of a prompt, in tokens.

    Attributes:
        likely: the estimate, or the exact number.
        doubtful: tokens that the estimate may have missed, in text without spaces and in scripts for which it
            is coarse.
        most: a number that no tokenizer exceeds.
        overhead: tokens that the format of the request adds.
    """

    likely: float
    doubtful: float
    most: int
    overhead: int


class Counting:
    """Counts the tokens of prompts for one model.

    Args:
        exact: the model's own tokenizer, if it is installed.
    """

    def __init__(self, exact: TokenCounter | None = None) -> None:
        self._exact = exact
        self._reports = 0
        self._greatest = 0.0
        self._measured = 0.0
        self._reported = 0

    def measure(self, messages: Sequence[Message]) -> Size:
        """The size of a prompt, which the other methods take."""
        overhead = _FOR_A_PROMPT + _FOR_A_MESSAGE * len(messages)
        if self._exact is not None:
            exact = sum(self._exact.count(message.content) for message in messages)
            return Size(exact, 0.0, exact, overhead)
        likely = doubtful = 0.0
        most = 0
        for message in messages:
            text = message.content
            sample = _sample(text)
            scale = len(text) / max(1, len(sample))
            size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
            likely += estimate_tokens(sample) * scale
            doubtful += _doubtful(sample) * scale
            doubtful += (size - len(text)) * _BEYOND_ASCII
            most += size
        return Size(likely, doubtful, most, overhead)

    def expected(self, size: Size) -> int:
        """The expected number of tokens of a prompt, without the overhead."""
        return round(size.likely * (self._reported / self._measured if self._has_learned else 1.0))

    def bound(self, size: Size) -> int:
        """An upper bound on the tokens of a prompt, overhead included.

        It is exact up to the overhead with a tokenizer, and otherwise an estimate with a margin.
        """
        margin = 1.0 if self._exact is not None and not self._has_learned else self.margin
        return min(size.most, round((size.likely + size.doubtful) * margin)) + size.overhead

    def learn(self, size: Size, reported: int) -> None:
        """Learn from the number of tokens that a provider reported for a prompt."""
        if size.likely < _ENOUGH or reported <= 0:
            return
        self._reports += 1
        self._measured += size.likely
        self._reported += reported
        self._greatest = max(self._greatest, reported / (size.likely + size.doubtful))

    @property
    def margin(self) -> float:
        """The factor that turns an estimate into a bound."""
        return max(_LEAST_MARGIN if self._has_learned else _FIRST_MARGIN, _MARGIN * self._greatest)

    @property
    def _has_learned(self) -> bool:
        return self._reports >= _LEARNED_AFTER


def _doubtful(sample: str) -> float:
    """Tokens that the estimate may have missed, at pairs of characters that few vocabulary entries contain.

    As in ``harlm.tokens.estimate``, each kind of character becomes an integer whose bytes are 1 at the
    positions of that kind.
    """
    raw = sample.encode("ascii", "replace")
    consonants, rare, capitals, small, digits, marks, spaces, newlines, blanks = (
        int.from_bytes(raw.translate(table), "little") for table in _TABLES
    )
    ones = int.from_bytes(b"\1" * len(raw), "little")
    whole = int.from_bytes(raw, "little")
    unlike = (((whole ^ whole >> 8) + 127 * ones) >> 7) & ones  # the next character is a different one
    letters = capitals | small
    parts = small & capitals >> 8 | letters & digits >> 8 | digits & letters >> 8
    white = (spaces & spaces >> 8 & unlike) & ~(newlines & blanks >> 8)
    return (
        0.75 * (consonants & consonants >> 8 & consonants >> 16).bit_count()  # not words of a language
        + 0.5 * rare.bit_count()
        + 0.45 * (capitals & capitals >> 8).bit_count()
        + 0.8 * parts.bit_count()  # camelCase names, base64, hexadecimal
        + 0.7 * (digits & ~(digits << 8) & ~(digits >> 8)).bit_count()
        + 1.0 * (marks & marks >> 8 & unlike).bit_count()  # mixed marks; a ruled line is one or two tokens
        + 1.0 * white.bit_count()
    )


def _sample(text: str) -> str:
    """A short text as it is; of a long one, windows spread evenly over it."""
    if len(text) <= 2 * _WINDOWS * _WINDOW:
        return text
    step = len(text) // _WINDOWS
    return "".join(text[at : at + _WINDOW] for at in range(step // 2, len(text) - _WINDOW, step))
