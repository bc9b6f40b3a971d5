"""Search for a piece of text as it is written, for questions without words and for parts of long words.

Reads all texts, so it takes part only if the index finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harlm.folding import fold
from harlm.threads import StopFlag

_LEAST = 6  # letters of a word that is looked for inside of others
_MOST = 8  # words that are looked for
_WINDOW = 1 << 20  # characters that are folded at once


def literal_pieces(question: str) -> list[tuple[str, ...]]:
    """What to look for, each tuple only if the one before it is not found: all of the question, then parts of it."""
    whole = " ".join(question.split())
    words = [word for word in whole.split() if not word.isalnum() or len(word) >= _LEAST]
    longest = tuple(sorted(dict.fromkeys(words), key=lambda word: -len(word))[:_MOST])
    signs = not any(letter.isalnum() for letter in whole)
    tried: list[tuple[str, ...]] = [(whole,)] if whole and (signs or len(whole) >= _LEAST) else []
    return [*tried, longest] if longest and longest != (whole,) else tried


def find_literally(
    pieces: Sequence[str], texts: Sequence[str], within: int | None, stop: StopFlag
) -> Iterator[tuple[int, int, str]]:
    """Where any of some pieces stands in some texts, in any case.

    Args:
        pieces: what to look for.
        texts: the texts.
        within: the number of the only text to read; ``None`` reads all.
        stop: ends the search early.

    Yields:
        the number of the text, the offset, and the piece; for each piece its places in order.

    Raises:
        Stopped: the search is to end.
    """
    numbers = range(len(texts)) if within is None else (within,)
    for piece in pieces:
        spellings = list(dict.fromkeys([piece.lower(), fold(piece)]))
        for number in numbers:
            text = texts[number]
            for base in range(0, len(text), _WINDOW):
                stop.check()
                window = _lowered(text[base : base + _WINDOW + len(piece)])
                for spelling in filter(None, spellings):
                    at = window.find(spelling)
                    while 0 <= at < _WINDOW:
                        yield number, base + at, piece
                        at = window.find(spelling, at + len(spelling))


def _lowered(text: str) -> str:
    """``text`` in lower case, character by character, so that offsets stay."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(letter.lower()[0] for letter in text)
