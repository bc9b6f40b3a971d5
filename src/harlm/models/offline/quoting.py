"""Writes an answer from evidence: first a value or a whole statement, then the sentences that it comes from, quoted
and cited, in at most 60 words. It adds no words of its own but "Yes", "No" and "Not found".
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from harlm.models.offline.answering import Found, Missing, cell_of
from harlm.models.offline.reading import Evidence, Passage, Reading
from harlm.models.offline.statements import plain_text
from harlm.patterns import lazy_pattern
from harlm.retrieval.sentences import split_sentences

MOST_WORDS = 60  # of an answer without its citations
_SPAN_WORDS = 12  # of the span, at most
_SHORT = 14  # words of a statement that is shown whole although it holds one clear value
_LONG = 22  # words of a statement before which the part that answers is shown
_LONGEST = 45  # words of a statement that is not shown whole on the first line
_NEAREST_WORDS = 9  # of the part of the nearest statement that is named first
_LEAST_WORDS = 6  # a shorter fragment of a sentence is not worth quoting
_QUOTES = 3  # of an answer, at most
_PROSE_WORDS = 5  # of a sentence in a summary, at least
_CODE = lazy_pattern(r"[\[\]{}=]|\w\(|^(?:return|raise|import|from|yield|assert)\b")
_SUPPORTED = 0.2
"""The share of the question that a sentence must hold to be quoted beside the answer.
"""


def quoted_answer(reading: Reading, found: Found) -> str:
    """The answer that ``found`` holds: a value or a whole statement on the first line, then its citation, and what
    else is said of it.
    """
    evidence = found.evidence
    lead, is_whole = _lead(reading, found)
    lines = [lead, ""]
    if is_whole:
        lines.append(_cited(reading.passages, evidence, (evidence.start, evidence.end)))
    room = MOST_WORDS - _words(lead) - (_words(reading.passages[evidence.passage].name) if is_whole else 0)
    others = [evidence, *(each for each in reading.evidence() if each is not evidence)]
    lines += _quotes(reading, others, room, said=int(is_whole))
    return "\n".join(lines)


def quoted_nearest(reading: Reading, missing: Missing, documents: int) -> str:
    """That the answer was not found: which words are missing, the nearest that is said, and how many documents were
    read.

    Args:
        documents: how many documents were looked through; 0 if that is unknown.
    """
    read = {0: "", 1: "1 document was read."}.get(documents, f"{documents:,} documents were read.")
    named = ", ".join(f"“{word}”" for word in missing.words)
    line = f"Not found: {named}." if named else "Not found."
    nearest = missing.nearest
    if nearest is None:
        return f"{line} {read}".strip()
    others = [nearest, *(each for each in reading.evidence() if each is not nearest)]
    lead = "The nearest that is said of it:"
    if not missing.is_yes_no:
        start, end = reading.span(nearest, _NEAREST_WORDS)
        lead = f"Nearest: {_text(reading.passages, nearest, (start, end))}"
    quotes = _quotes(reading, others, MOST_WORDS - _words(line) - _words(lead))
    if not quotes:
        return f"{line} {read}".strip()
    return "\n".join([line, "", lead, *quotes, *([read] if read else [])])


def _lead(reading: Reading, found: Found) -> tuple[str, bool]:
    """The first line, and whether it is the whole statement."""
    evidence, passages = found.evidence, reading.passages
    text = passages[evidence.passage].text[evidence.start : evidence.end]
    header = reading.statement(evidence).header
    if found.verdict is None and header and (cell := cell_of(reading.question, header, text)):
        return cell, False
    whole = plain_text(text)
    if found.verdict is not None:
        shown = whole if _words(whole) <= _LONGEST else _excerpt(reading, evidence)
        return f"{found.verdict}: {shown}", shown == whole
    value = reading.value(evidence) if _words(whole) > _SHORT else None
    part = "" if value is None else _text(passages, evidence, value)
    if not part and _words(whole) > _LONG:
        part = _excerpt(reading, evidence)
    if _words(whole) > _LONGEST:
        return part, False
    return f"{part} — {whole}" if part else whole, True


def _excerpt(reading: Reading, evidence: Evidence) -> str:
    """The part of a long statement that most probably holds the answer, with marks where it is cut."""
    start, end = reading.span(evidence, _SPAN_WORDS)
    text = " ".join(reading.passages[evidence.passage].text[start:end].split())
    return f"{'…' if start > evidence.start else ''}{text}{'…' if end < evidence.end else ''}"


def _quotes(reading: Reading, evidence: Sequence[Evidence], room: int, said: int = 0) -> list[str]:
    """The first different pieces of evidence, quoted, in at most ``room`` words, without the first ``said`` of them."""
    passages = reading.passages
    lines: list[str] = []
    for each in _different(passages, [each for each in evidence if not reading.statement(each).is_heading])[
        said:
    ]:
        name = passages[each.passage].name
        room -= _words(name)
        if room < _LEAST_WORDS or (each is not evidence[0] and each.support < _SUPPORTED):
            break
        span = (each.start, each.end)
        if _words(_text(passages, each, span)) > room:
            span = reading.window(each, room)
        lines.append(_quoted(passages, each, span))
        room -= _words(_text(passages, each, span))
    return lines


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
    return f"“{before}{' '.join(exact.split())}{after}” {_cited(passages, evidence, span)}"


def _cited(passages: Sequence[Passage], evidence: Evidence, span: tuple[int, int]) -> str:
    """The citation of a part of a passage, with the exact quote."""
    passage = passages[evidence.passage]
    return f"[{passage.name} {json.dumps(passage.text[span[0] : span[1]], ensure_ascii=False)}]"


def _text(passages: Sequence[Passage], evidence: Evidence, span: tuple[int, int]) -> str:
    return " ".join(passages[evidence.passage].text[span[0] : span[1]].split())


def _words(text: str) -> int:
    return len(text.split())
