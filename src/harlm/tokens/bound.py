"""How many tokens a prompt has before a provider has counted it: what to expect, and a bound to reserve. Knows one model's
habits, learned from the usage that it reports; refuses to know prices.

Without a tokenizer the bound is the estimate and what it may have missed, times a margin: 1.45 before a model has reported
anything (vocabularies of other makers are up to a third larger than the one that the estimate was fitted to, and long
prompts are sampled), then 1.15 times the greatest ratio seen, but not below 1.3: what was reported may have been all prose,
and the next prompt is not. It never exceeds one token for each byte of UTF-8, which no byte-level tokenizer can.
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
_ENOUGH = 50  # tokens of a prompt from which its ratio means something
_WINDOWS, _WINDOW = 12, 125  # samples of a long message: 0.2 ms, whatever its length
_BEYOND_ASCII = 1.35  # tokens for each byte that a character has beyond its first
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
_FOR_A_MESSAGE = 8
_FOR_A_PROMPT = 16


@dataclass(frozen=True, slots=True)
class Size:
    """A prompt as it was measured.

    Attributes:
        likely: tokens, by the estimate or exactly.
        doubtful: tokens on top that an estimate may have missed: in what is written without a space, and in scripts that
            it knows little of.
        most: tokens that no tokenizer exceeds.
        overhead: tokens of the form that messages are sent in.
    """

    likely: float
    doubtful: float
    most: int
    overhead: int


class Counting:
    """Counts prompts for one model.

    Args:
        exact: the model's own tokenizer, where one is installed.
    """

    def __init__(self, exact: TokenCounter | None = None) -> None:
        self._exact = exact
        self._reports = 0
        self._greatest = 0.0
        self._measured = 0.0
        self._reported = 0

    def measure(self, messages: Sequence[Message]) -> Size:
        """Measure a prompt, for the other methods."""
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
        """The tokens that a prompt probably has."""
        return round(size.likely * (self._reported / self._measured if self._is_taught else 1.0))

    def bound(self, size: Size) -> int:
        """The tokens that a prompt has at most; see the module for how sure that is."""
        margin = 1.0 if self._exact is not None and not self._is_taught else self.margin
        return min(size.most, round((size.likely + size.doubtful) * margin)) + size.overhead

    def learn(self, size: Size, reported: int) -> None:
        """Take what a provider counted for a prompt."""
        if size.likely < _ENOUGH or reported <= 0:
            return
        self._reports += 1
        self._measured += size.likely
        self._reported += reported
        self._greatest = max(self._greatest, reported / (size.likely + size.doubtful))

    @property
    def margin(self) -> float:
        """What an estimate is multiplied with to be a bound."""
        return max(_LEAST_MARGIN if self._is_taught else _FIRST_MARGIN, _MARGIN * self._greatest)

    @property
    def _is_taught(self) -> bool:
        return self._reports >= _LEARNED_AFTER


def _doubtful(sample: str) -> float:
    """Tokens that the estimate may have missed: for neighbours that vocabularies have few pieces for. As in
    ``harlm.tokens.estimate``, each kind of character is a number with a byte of 1 wherever one stands.
    """
    raw = sample.encode("ascii", "replace")
    consonants, rare, capitals, small, digits, marks, spaces, newlines, blanks = (
        int.from_bytes(raw.translate(table), "little") for table in _TABLES
    )
    ones = int.from_bytes(b"\1" * len(raw), "little")
    whole = int.from_bytes(raw, "little")
    unlike = (((whole ^ whole >> 8) + 127 * ones) >> 7) & ones  # its neighbour is another character
    letters = capitals | small
    parts = small & capitals >> 8 | letters & digits >> 8 | digits & letters >> 8
    white = (spaces & spaces >> 8 & unlike) & ~(newlines & blanks >> 8)
    return (
        0.75 * (consonants & consonants >> 8 & consonants >> 16).bit_count()  # no language
        + 0.5 * rare.bit_count()
        + 0.45 * (capitals & capitals >> 8).bit_count()
        + 0.8 * parts.bit_count()  # names that are joined, base64, hexadecimal
        + 0.7 * (digits & ~(digits << 8) & ~(digits >> 8)).bit_count()
        + 1.0 * (marks & marks >> 8 & unlike).bit_count()  # a soup of marks; a ruled line is one or two
        + 1.0 * white.bit_count()
    )


def _sample(text: str) -> str:
    """Windows spread evenly over a long text."""
    if len(text) <= 2 * _WINDOWS * _WINDOW:
        return text
    step = len(text) // _WINDOWS
    return "".join(text[at : at + _WINDOW] for at in range(step // 2, len(text) - _WINDOW, step))
