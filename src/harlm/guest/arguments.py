"""What host functions take: the limit of each argument, the checks that a cell meets, and the form in which a
child's context is sent. Worker, Monty, host, docs and tests read this table.

A wrong argument is a ``TypeError`` or a ``ValueError`` in the cell before anything is sent. The host checks
again, with the same limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple


class Limit(NamedTuple):
    """The greatest size of an argument.

    Attributes:
        what: the argument, in words.
        most: the greatest size or number.
        unit: what is counted; empty for a number.
        instead: what to do with more.
    """

    what: str
    most: int
    unit: str
    instead: str


QUERY = Limit("a query or a question", 10_000, "characters", "Ask with the words that matter most")
PART = Limit("the name of a part", 200, "characters", "Use the place that a hit shows")
HANDLE = Limit("a handle", 200, "characters", "Use a handle that memory.search() shows")
MODEL = Limit("the name of a model", 200, "characters", "Use the name of a model of this run, or None")
NOTE = Limit("a note", 20_000, "characters", "Keep the text in a variable, and note what matters")
HITS = Limit("`k` of a search in `context`", 1_000, "", "Ask for fewer, or narrow the query")
RESULTS = Limit("`k` of a search in `memory`", 50, "", "Ask for fewer, or narrow the query")
TOKENS = Limit("`max_tokens`", 1_000_000_000, "", "Use None for all")
OFFSETS = Limit("the offsets of one call", 1_000, "offsets", "Ask for some of them at a time")
NUMBER = Limit("the number of a document, or an offset", 1 << 50, "", "Use a number that a hit shows")
PROMPT = Limit("a prompt", 16_000_000, "characters", "Cut it into parts, or give the text as context")
PROMPTS = Limit("a batch", 100_000, "prompts", "Send several batches")
BATCH = Limit("the prompts of a batch, in all", 256_000_000, "characters", "Send several batches")
TEXTS = Limit(
    "the context of a child", 40_000, "new texts",
    "Join them into fewer texts, or pass documents of your own `context`, of which 1,000,000 are taken",
)  # fmt: skip

DOCUMENTS = Limit(
    "the context of a child", 1_000_000, "documents of your own `context`", "Pass each document once"
)
QUESTION = Limit("a question to a combinator", 100_000, "characters", "Ask it in fewer words")
ITEMS = Limit("the items of a combinator", 1_000_000, "items", "Give it some of them at a time")
CHOICES = Limit("the choices of a question", 1_000, "texts", "Ask among fewer")
SCHEMA = Limit("a JSON Schema", 20_000, "characters", "Ask for fewer fields")
WORD = Limit("a word that chooses", 40, "characters", "Use one that the function names")
SIGNAL = Limit("the name of a signal", 40, "characters", "Use a name that the combinators use")

LIMITS = (
    QUERY, PART, HANDLE, MODEL, NOTE, HITS, RESULTS, TOKENS, OFFSETS, NUMBER, PROMPT, PROMPTS, BATCH, TEXTS, DOCUMENTS, QUESTION, ITEMS, CHOICES, SCHEMA,
    WORD, SIGNAL,
)  # fmt: skip
"""All limits of arguments."""

PARTS = 100_000
"""The most values that one frame holds: texts, numbers, lists and maps, and the keys of maps."""


def as_text(value: object, name: str, limit: Limit) -> str:
    """``value`` as a plain ``str``.

    Raises:
        TypeError: it is not a ``str``; the message begins with ``name``.
        ValueError: it is longer than ``limit``.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    within(str.__len__(value), name, limit)
    return value if type(value) is str else str.__str__(value)


def as_text_or_none(value: object, name: str, limit: Limit) -> str | None:
    """``value`` as a plain ``str``, or ``None``; see ``as_text``."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str or None, not {type(value).__name__}")
    return as_text(value, name, limit)


def as_number(value: Any, name: str, limit: Limit, least: int = 0) -> int:
    """``value`` as an ``int``.

    Raises:
        TypeError: it is not an integer; the message begins with ``name``.
        ValueError: it is less than ``least`` or more than ``limit``.
    """
    if isinstance(value, bool) or not hasattr(type(value), "__index__"):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    whole = int.__index__(value if isinstance(value, int) else type(value).__index__(value))
    if not least <= whole <= limit.most:
        shown = f"{whole:,}" if abs(whole) < 1 << 64 else f"an int of {whole.bit_length():,} bits"
        raise ValueError(f"{name} must be from {least} to {limit.most:,}, not {shown}. {limit.instead}")
    return whole


def as_number_or_none(value: Any, name: str, limit: Limit, least: int = 0) -> int | None:
    """``value`` as an ``int``, or ``None``; see ``as_number``."""
    return None if value is None else as_number(value, name, limit, least)


def within(size: int, name: str, limit: Limit) -> None:
    """Check a size.

    Raises:
        ValueError: it is greater than ``limit``; the message begins with ``name``.
    """
    if size > limit.most:
        raise ValueError(
            f"{name} has {size:,} {limit.unit}; at most {limit.most:,} are taken. {limit.instead}"
        )


def some(values: Iterable[Any], name: str, limit: Limit) -> list[Any]:
    """The values as a list; no more than one beyond the limit is taken from an iterator.

    Raises:
        TypeError: they cannot be iterated over.
        ValueError: there are more than ``limit``; the message begins with ``name``.
    """
    taken = list(islice(values, limit.most + 1))
    if len(taken) > limit.most:
        raise ValueError(f"{name} has more than {limit.most:,} {limit.unit}. {limit.instead}")
    return taken


Given = int | tuple[str, str | None]
"""A text of a child's context: the number of a document of the parent's context, or a text and its name."""


def child_context(shape: str, given: Iterable[Given]) -> dict[str, Any]:
    """A child's context as it is sent: the parent's documents by their numbers, other texts whole.

    Args:
        shape: ``text`` or ``documents``.
        given: the texts, in order.

    Returns:
        ``shape``; ``texts``, in which a str is a new text, and a map with ``documents`` stands for some of the
        parent's (``numbers_in_words``); and ``names`` of the new texts, empty if none has a name.

    Raises:
        ValueError: there are too many new texts.
    """
    texts: list[Any] = []
    names: list[str | None] = []
    numbers: list[int] = []
    known = 0
    for each in given:
        if isinstance(each, int):
            numbers.append(each)
            known += 1
            continue
        if numbers:
            texts.append({"documents": numbers_in_words(numbers)})
            numbers = []
        texts.append(each[0])
        names.append(each[1])
        if len(names) > TEXTS.most:
            raise ValueError(f"{TEXTS.what} has more than {TEXTS.most:,} {TEXTS.unit}. {TEXTS.instead}")
    within(known, DOCUMENTS.what, DOCUMENTS)
    if numbers:
        texts.append({"documents": numbers_in_words(numbers)})
    return {"shape": shape, "texts": texts, "names": names if any(each is not None for each in names) else []}


def numbers_in_words(numbers: Sequence[int]) -> str:
    """Numbers as text: ``0-4,7`` for 0, 1, 2, 3, 4 and 7."""
    return ",".join(f"{first}-{last}" if last > first else str(first) for first, last in _runs(numbers))


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    first = last = numbers[0]
    for each in numbers[1:]:
        if each != last + 1:
            yield first, last
            first = each
        last = each
    yield first, last


def numbers_of(words: str, below: int) -> list[int]:
    """The numbers that a text from ``numbers_in_words`` stands for.

    Args:
        words: the text.
        below: every number must be smaller.

    Raises:
        ValueError: it is not such a text, or stands for other numbers, or for more than ``DOCUMENTS``.
    """
    numbers: list[int] = []
    for each in _pieces(words):
        first, dash, last = each.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or len(each) > 40:
            raise ValueError(f"{each[:40]!r} is not a number of a document or a range of them")
        start, end = int(first), int(last or first)
        if not start <= end < below:
            raise ValueError(f"there is no document {max(start, end)} in this context")
        within(len(numbers) + end - start + 1, DOCUMENTS.what, DOCUMENTS)
        numbers.extend(range(start, end + 1))
    return numbers


def _pieces(words: str) -> Iterator[str]:
    """``words.split(",")``, one after another: a hostile text may have more pieces than memory holds."""
    start = 0
    while (end := words.find(",", start)) >= 0:
        yield words[start:end]
        start = end + 1
    yield words[start:]
