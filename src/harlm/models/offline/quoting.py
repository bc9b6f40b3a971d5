"""Writes an answer from evidence: first the span that answers, then the sentences that it comes from, quoted
and cited, in at most 60 words. It adds no words of its own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from harlm.models.offline.patterns import Pattern
from harlm.models.offline.reading import Evidence, Passage, Reading
from harlm.retrieval.sentences import split_sentences

MOST_WORDS = 60  # of an answer without its citations
_SPAN_WORDS = 12  # of the span, at most
_LEAST_WORDS = 6  # a shorter fragment of a sentence is not worth quoting
_QUOTES = 3  # of an answer, at most
_PROSE_WORDS = 5  # of a sentence in a summary, at least
_CODE = Pattern(r"[\[\]{}=]|\w\(|^(?:return|raise|import|from|yield|assert)\b")
_SUPPORTED = 0.2
"""The share of the question that a sentence must hold to be quoted. On our reading set this refuses 1 % of
the right answers, and 23 % of the questions that have no answer.
"""


def quoted_answer(reading: Reading) -> str | None:
    """The answer to the question of ``reading``; None if no passage supports one."""
    passages = reading.passages
    evidence = reading.evidence()
    if not evidence or evidence[0].support < _SUPPORTED:
        return None
    lead = _text(passages, evidence[0], reading.span(evidence[0], _SPAN_WORDS))
    lines = [lead, ""]
    room = MOST_WORDS - _words(lead)
    for each in _different(passages, evidence):
        name = passages[each.passage].name
        room -= _words(name)
        if room < _LEAST_WORDS or (each is not evidence[0] and each.support < _SUPPORTED):
            break
        span = (each.start, each.end)
        if _words(_text(passages, each, span)) > room:
            span = reading.window(each, room)
        lines.append(_quoted(passages, each, span))
        room -= _words(_text(passages, each, span))
    return "\n".join(lines)


def _different(passages: Sequence[Passage], evidence: Sequence[Evidence]) -> list[Evidence]:
    """The first three pieces of evidence whose sentences differ."""
    said: dict[str, Evidence] = {}
    for each in evidence:
        said.setdefault(_text(passages, each, (each.start, each.end)), each)
        if len(said) == _QUOTES:
            break
    return list(said.values())


def quoted_summary(passages: Sequence[Passage], most: int) -> str | None:
    """The first ``most`` sentences that are prose, quoted; None if there are none. Texts begin with what they
    are about.
    """
    lines: list[str] = []
    for number, passage in enumerate(passages):
        for start, end in split_sentences(passage.text):
            if len(lines) < most and _is_prose(passage.text[start:end]):
                lines.append(_quoted(passages, Evidence(number, start, end, 0.0, 1.0), (start, end)))
    return "\n".join(lines) or None


def _is_prose(sentence: str) -> bool:
    """Whether a sentence is prose, and not a heading, a list or code."""
    words = sentence.split()
    plain = sum(word.strip("\"'“”‘’(),.;:!?").replace("-", "").isalpha() for word in words)
    looks_like_prose = len(words) >= _PROSE_WORDS and plain >= 0.75 * len(words)
    return looks_like_prose and sentence[0] not in "#@-*|<" and not _CODE.search(sentence)


def _quoted(passages: Sequence[Passage], evidence: Evidence, span: tuple[int, int]) -> str:
    """A quote for the reader, and its citation with the exact quote, which a program checks."""
    passage = passages[evidence.passage]
    exact = passage.text[span[0] : span[1]]
    before = "…" if span[0] > evidence.start else ""
    after = "…" if span[1] < evidence.end else ""
    return (
        f"“{before}{' '.join(exact.split())}{after}” [{passage.name} {json.dumps(exact, ensure_ascii=False)}]"
    )


def _text(passages: Sequence[Passage], evidence: Evidence, span: tuple[int, int]) -> str:
    return " ".join(passages[evidence.passage].text[span[0] : span[1]].split())


def _words(text: str) -> int:
    return len(text.split())
