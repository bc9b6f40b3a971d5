"""Words that are broken at line ends. PDFium marks such a hyphen; whether it belongs to the word, the text has to tell.

A hyphen that belongs to the word is written as one. One that a line end has put there is written as ``-`` with a
newline after it, which search and citations read as the whole word.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from harlm.patterns import lazy_pattern

MARK = "\ufffe"
"""PDFium's sign for a hyphen at a line end."""

_LONGEST = 64  # characters of a word
_MOST = 100_000  # marks that are judged in one document
_AFTER = lazy_pattern(r"\w*+")
_WORD = lazy_pattern(r"\w++(?:-\w++)*+")
_COMPOUNDS = frozenset(
    """part-time full-time half-time real-time all-time long-time long-term short-term mid-term medium-term near-term
    long-standing long-lasting long-range short-range short-lived well-known well-being well-defined well-established
    so-called self-employed self-assessment self-service self-evident self-contained self-esteem self-defence
    high-level low-level high-quality low-cost high-speed high-risk low-risk high-performance large-scale small-scale
    full-scale wide-ranging far-reaching follow-up start-up set-up check-in check-out sign-off built-in opt-in opt-out
    decision-making policy-making problem-solving cost-effective user-friendly up-front in-house on-site off-site
    on-line off-line e-mail co-operation co-ordination co-author cross-border cross-section third-party first-class
    second-hand one-off two-thirds one-third state-owned non-profit non-linear non-negative pre-existing pre-paid
    post-war ex-post ex-ante vice-president mother-in-law brand-new data-driven open-source peer-reviewed
    evidence-based risk-based web-based computer-based age-related work-related job-related time-consuming
    face-to face-to-face day-to day-to-day case-by case-by-case year-old decision-maker decision-makers
    value-added tax-free duty-free cut-off break-even trade-off trade-offs run-time left-hand right-hand""".split()
)
"""Words that have a hyphen wherever they stand."""


def with_hyphens(pages: Sequence[str]) -> list[str]:
    """The pages with a hyphen for every mark of PDFium.

    A hyphen belongs to the word if the document has the word with it elsewhere, if the word is a common compound,
    if its second half begins with a capital, or if its first half has another hyphen. It does not if the document
    has the whole word. In a document with too many marks, none does.
    """
    marks = sum(page.count(MARK) for page in pages)
    if not 0 < marks <= _MOST:
        return [page.replace(MARK, "-\n") for page in pages]
    pieces = [page.replace(f"{MARK}\n", MARK).split(MARK) for page in pages]
    wanted: set[str] = set()
    for page in pieces:
        for before, after in pairwise(page):
            first, second = _halves(before, after)
            wanted.update((f"{first}-{second}".lower(), f"{first}{second}".lower()))
    known: set[str] = set()
    for page in pieces:
        for piece in page:
            known.update(wanted.intersection(map(str.lower, _WORD.findall(piece))))
    return [_joined(page, known) for page in pieces]


def _joined(pieces: Sequence[str], known: set[str]) -> str:
    out = [pieces[0]]
    for before, after in pairwise(pieces):
        first, second = _halves(before, after)
        out.append("-" if not second or _belongs(first, second, known) else "-\n")
        out.append(after)
    return "".join(out)


def _halves(before: str, after: str) -> tuple[str, str]:
    start, lowest = len(before), max(0, len(before) - _LONGEST)
    while start > lowest and (before[start - 1].isalnum() or before[start - 1] in "_-"):
        start -= 1
    rest = _AFTER.match(after[:_LONGEST])
    return before[start:], (rest[0] if rest else "")


def _belongs(first: str, second: str, known: set[str]) -> bool:
    if not first:
        return True
    whole, compound = f"{first}{second}".lower(), f"{first}-{second}".lower()
    if compound in known or compound in _COMPOUNDS:
        return True
    if whole in known:
        return False
    is_name = second[0].isupper() and not first.isupper()
    return is_name or "-" in first.strip("-") or second[0].isdigit() or first[-1].isdigit()
