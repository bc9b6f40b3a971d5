"""No regular expression of HARLM takes more than linear time over text of others.

Each is timed on texts that are hard for it. A pattern that sees short texts only is listed with their length and with
the place that keeps them short, and is timed on texts of that length.
"""

from __future__ import annotations

import re
from functools import lru_cache

import pytest

from tests.support.patterns import Found, HardText, cost, hard_texts, modules, patterns_of

_SMALL, _MIDDLE, _LARGE = 1_000, 8_000, 32_000
_SUSPECT_S = 0.0001  # for a small text; a linear pattern takes a fifth of it
_SUSPECT_MIDDLE_S = 0.003  # so a fifth of a second for 64 KB if the cost grows with the square of the length
_GROWTH = 8  # of the cost from a middle to a large text, four times its length
_ENOUGH_S = 0.4
_MOST_BOUNDED_S = 0.1

_QUESTION = (1_000, "models/offline/extractive.py cuts questions to this length, without runs of blanks")
_ASKED = (
    2_000,
    "strategies read no longer question; what a longer one costs in a cell, its limit of time ends",
)
_SENTENCE = (1_600, "sentences of passages of at most retrieval.passages.LONGEST")
_SHORT = {
    "harlm.branching.strategies": _ASKED,
    "harlm.guest.combinators.chains": _ASKED,
    "harlm.guest.combinators.wording": _ASKED,
    "harlm.context.citations._BEFORE": (1_000, "citations looks at so many characters before a bracket"),
    "harlm.context.readers.html": (4_096, "the head of a page"),
    "harlm.engine.prompts._MOMENTARY": (1_000, "the last line of a message, which prompts.turn_line wrote"),
    "harlm.models.offline.candidates": _SENTENCE,
    "harlm.models.offline.expected": _QUESTION,
    "harlm.models.offline.extractive._ABOUT_CODE": (3_000, "the description of a context, by prompts"),
    "harlm.models.offline.extractive._HOP": _QUESTION,
    "harlm.models.offline.intents": _QUESTION,
    "harlm.models.offline.line_logic._WHERE": _QUESTION,
    "harlm.models.offline.statements._RULE": _SENTENCE,
    "harlm.models.offline.values": _SENTENCE,
    "harlm.models.offline.verdicts": _SENTENCE,
    "harlm.models.offline.wording": _QUESTION,
    "harlm.models.addresses": (4_096, "an address in the settings"),
    "harlm.models.event_stream._ERROR": (4_000, "the first line of an event"),
    "harlm.models.failures": (4_000, "the words of the system"),
    "harlm.models.meanings": (4_000, "models/said.py cuts the words of a refusal"),
    "harlm.models.names": (4_096, "an address in the settings"),
    "harlm.models.rates._PARTS": (64, "models/rates.py reads no longer duration"),
    "harlm.models.request_form": (4_000, "models/said.py cuts the words of a refusal"),
    "harlm.models.waits": (4_000, "models/said.py cuts the words of a refusal"),
    "harlm.retrieval.sentences._ABBREVIATION": (16, "the characters before a full stop"),
    "harlm.sandbox.process.worker_process": (100, "a line that the kernel wrote"),
}


def _bound(found: Found) -> int | None:
    return next((length for place, (length, _) in _SHORT.items() if found.where.startswith(place)), None)


def too_slow(found: Found) -> str:
    """A text for which the pattern takes more than linear time, measured twice; empty if none was found."""
    for text in hard_texts(found.pattern):
        if cost(found, text.of(_SMALL), 0.5) < _SUSPECT_S:
            continue
        if (after := _more_than_linear(found, text)) and _more_than_linear(found, text):
            return f"{found.where}: {after:.2f} s for {text.of(_LARGE)[:40]!r}"
    return ""


def _more_than_linear(found: Found, text: HardText) -> float:
    """Seconds for a large text, if they are out of proportion to those for a smaller one; else 0."""
    before = _least_cost(found, text.of(_MIDDLE), _SUSPECT_MIDDLE_S)
    if before < _SUSPECT_MIDDLE_S:
        return 0.0
    after = _least_cost(found, text.of(_LARGE), min(_GROWTH * before, _ENOUGH_S))
    return after if after > _GROWTH * before or after >= _ENOUGH_S else 0.0


def _least_cost(found: Found, text: str, allowed_s: float) -> float:
    """The least of a few measurements, up to one that is allowed or as long as any is measured."""
    least = _ENOUGH_S
    for _ in range(5):
        least = min(least, cost(found, text, _ENOUGH_S))
        if least < allowed_s or least >= _ENOUGH_S:
            break
    return least


def _too_slow_within(found: Found, length: int) -> str:
    for hard in hard_texts(found.pattern):
        if cost(found, _bounded(hard, length // 4), 0.5) < _MOST_BOUNDED_S / 4**4:
            continue  # and would be fast enough if its cost grew with the fourth power of the length
        text = _bounded(hard, length)
        if cost(found, text, 0.5) > _MOST_BOUNDED_S and cost(found, text, 0.5) > _MOST_BOUNDED_S:
            return f"{found.where}: slow for {text[:40]!r}, although it is short"
    return ""


def _bounded(hard: HardText, length: int) -> str:
    text = hard.of(length)
    return re.sub(r"(\s)\s+", r"\1", text) if length in (_QUESTION[0], _QUESTION[0] // 4) else text


@lru_cache(maxsize=1)
def _patterns() -> list[Found]:
    found = [each for module in modules() for each in patterns_of(module)]
    return list({(each.pattern, each.is_anchored): each for each in found}.values())


def test_every_pattern_is_linear_or_sees_short_texts_only() -> None:
    found = _patterns()
    assert len(found) > 100, "the patterns are not found"
    slow = [
        too_slow(each) if (length := _bound(each)) is None else _too_slow_within(each, length)
        for each in found
    ]
    assert not [each for each in slow if each]


def test_every_exception_is_about_a_pattern() -> None:
    places = [found.where for found in _patterns()]
    assert not [place for place in _SHORT if not any(where.startswith(place) for where in places)]


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b",
        r"\s+$",
        r"^(?P<ticks>`{3,}).*?^(?P=ticks)$|x*y",
        r"<[^>]*>",
        r"(?:\d+,)*\d+;",
    ],
)
def test_a_pattern_that_is_not_linear_is_found(pattern: str) -> None:
    assert too_slow(Found("planted", re.compile(pattern, re.MULTILINE), is_anchored=False))


@pytest.mark.parametrize("pattern", [r"\w+", r"^[ \t]*+#", r"^[^\n]++\n", r"a|b", r"(?<!\s)\s++$"])
def test_a_linear_pattern_passes(pattern: str) -> None:
    assert not too_slow(Found("planted", re.compile(pattern), is_anchored=False))
