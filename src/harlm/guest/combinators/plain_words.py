"""Compares words as they are read: whatever the case, the blanks and the form of quotation marks."""

from __future__ import annotations

_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "\u00a0": " "})


def stands_in(value: str, text: str) -> bool:
    """Whether words stand in a text, whatever the case and the blanks."""
    return plain(value) in plain(text)


def plain(text: str) -> str:
    """Words with one blank between them, in one case, with straight quotation marks."""
    return " ".join(text.translate(_QUOTES).casefold().split())
