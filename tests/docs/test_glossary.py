"""The glossary has every word that names something, once: those of the architecture, those of ``import harlm``, and the sockets."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from pathlib import Path

import harlm
from harlm import HarlmError, protocols

GLOSSARY = (Path(__file__).parents[2] / "docs/glossary.md").read_text(encoding="utf-8")
WORDS = {
    *"task context run call turn cell plan branch route mode grant ledger tier entry handle sandbox event span hot warm cold".split(),
    "root model",
    "sub-model",
}
"""The words that the architecture fixed; no synonyms are used."""

_CALLED = {
    "language model": "root model",
    "memory store": "store",
    "call store": "store",
    "document reader": "reader",
    "repl": "REPL",
}
"""Names in code whose word is another one."""

_PARTS_OF_SOCKETS = {"Described", "TokenCounter", "ReplHost", "Foresight", "EarlyScout", "Behind"}
"""What sockets ask for, and only their implementations name."""


def words() -> list[str]:
    rows = re.findall(r"^\| ([^|]+?) \|", GLOSSARY, re.MULTILINE)
    return [word for row in rows for word in row.split(", ") if row not in ("word", "---")]


def noun(name: str) -> str:
    """The word of a class: ``PendingCell`` is a pending cell."""
    said = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return _CALLED.get(said, said)


def test_no_word_is_explained_twice() -> None:
    assert [word for word, times in Counter(words()).items() if times > 1] == []


def test_the_words_of_the_architecture_are_there() -> None:
    assert sorted(WORDS - {*words()}) == []


def test_every_noun_of_the_public_interface_is_there() -> None:
    public = {name: getattr(harlm, name) for name in harlm.__all__ if name != "HARLM"}
    classes = [
        name for name, value in public.items() if inspect.isclass(value) and not issubclass(value, HarlmError)
    ]
    sockets = [
        name
        for name, value in vars(protocols).items()
        if getattr(value, "_is_protocol", False) and value.__module__ == protocols.__name__
    ]
    wanted = {noun(name) for name in [*classes, *sockets] if name not in _PARTS_OF_SOCKETS}
    assert sorted(wanted - {*words()}) == []
