"""Yes or no, where one statement decides it: it holds every content word of the question, or all but a value in
whose place it has another of the same kind, and nothing in it makes a condition.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Literal

from harlm.models.offline.coverage import ContentWord, WordsHeld, covers, held_in, missing
from harlm.patterns import lazy_pattern

Verdict = Literal["Yes", "No"]

_NOT = lazy_pattern(
    r"\b(?:not(?! only\b| later than\b)|no(?! later than\b| fewer than\b| doubt\b)|never|neither|nor|(?<!\bto )none|nothing|cannot|no longer|forbidden|prohibited|impossible|invalid|unsupported)\b|n['’]t\b",
    re.IGNORECASE,
)
_CONDITION = lazy_pattern(
    r"\b(?:without|except|unless|only|if|whether|would|could|might|should|proposed|suggested|considered|planned|until|perhaps|"
    r"possibly|probably|used to|at least|at most|more than|less than|fewer than|over|up to|before|after|besides|apart from|excluding|"
    r"almost|nearly|claims?|claimed|hopes?|wants?|asked|rumou?red|either|some|most|few|rarely|sometimes|partly|non)\b",
    re.IGNORECASE,
)
_HARMLESS_IN_NO = frozenset(
    "if should could would at least at most up to more than before after over until some most most".split()
)
_CLAUSE = lazy_pattern(r"[,;:(–—]\s*|\s(?:but|while|whereas|although|though|because|since|and then)\s")
_MONTH = "january february march april may june july august september october november december".split()
_DAY = "monday tuesday wednesday thursday friday saturday sunday".split()
_RANGE = lazy_pattern(r"\b(?:from|between|until|through|before|after|except)\b", re.IGNORECASE)
_EXCEPT = lazy_pattern(
    r"\b(?:except|but not|other than|apart from|excluding)\b(.*)", re.IGNORECASE | re.DOTALL
)


def verdict(question: str, words: Sequence[ContentWord], sentence: str, around: WordsHeld) -> Verdict | None:
    """What ``sentence`` says to a question that wants yes or no; None if it does not decide.

    Args:
        question: the question.
        words: its content words.
        sentence: the statement.
        around: the words of its headings and of the name of its document.
    """
    own = held_in(sentence)
    together = own | around
    lacking = missing(words, together)
    if not words or len(missing(words, own)) > len(words) / 2:
        return None
    if lacking:
        return "No" if _says_another(question, words, lacking, sentence, own) else None
    if excluded := _EXCEPT.search(sentence):
        tail = held_in(excluded[1])
        inside = [word for word in words if covers(tail, word)]
        if inside and not all(covers(held_in(sentence[: excluded.start()]), word) for word in inside):
            return None if _NOT.search(sentence[: excluded.start()]) else "No"
        if inside or not excluded.group().lower().startswith("but not"):
            return None
        sentence = sentence[: excluded.start()]
    clauses = _relevant(words, sentence)
    if clauses is None:
        return None
    negated = any(_NOT.search(clause) for clause in clauses)
    asked_not = bool(_NOT.search(question))
    if _is_conditional(question, sentence):
        return None
    return "No" if negated != asked_not else "Yes"


def _is_conditional(question: str, sentence: str) -> bool:
    asked = {match.group().lower() for match in _CONDITION.finditer(question)}
    return any(match.group().lower() not in asked for match in _CONDITION.finditer(sentence))


def _relevant(words: Sequence[ContentWord], sentence: str) -> list[str] | None:
    """The clauses that hold words of the question which the best clause lacks, and that clause; None if a clause that
    speaks of something else holds one of them.
    """
    cuts = [0, *(match.start() for match in _CLAUSE.finditer(sentence)), len(sentence)]
    clauses = [sentence[a:b] for a, b in itertools.pairwise(cuts) if sentence[a:b].strip()]
    held = [[word for word in words if covers(held_in(clause), word)] for clause in clauses]
    best = max(range(len(clauses)), key=lambda at: (len(held[at]), -at), default=0)
    chosen = [clauses[best]] if clauses else [sentence]
    seen = list(held[best]) if clauses else []
    for at, clause in enumerate(clauses):
        more = [word for word in held[at] if word not in seen]
        if at == best or not more:
            continue
        if any(word in seen for word in held[at]):
            return None  # "rye bread on Mondays, spelt bread on Fridays"
        chosen.append(clause)
        seen += more
    return chosen


def _says_another(
    question: str, words: Sequence[ContentWord], lacking: Sequence[ContentWord], sentence: str, own: WordsHeld
) -> bool:
    """Whether a statement gives another number, month, weekday or year in place of the one that is asked about."""
    if _NOT.search(sentence) or _NOT.search(question) or _is_conditional(question, sentence):
        return False
    if len(words) - len(lacking) < 2 or len(missing([w for w in words if w not in lacking], own)) > 0:
        return False
    if len(lacking) > 1 and not all(_is_date_part(word) for word in lacking):
        return False
    return all(_has_rival(word, question, sentence) for word in lacking)


def _is_date_part(word: ContentWord) -> bool:
    text = word.text.lower().rstrip("s")
    return text in _MONTH or text in _DAY or word.kind == "number"


def _has_rival(word: ContentWord, question: str, sentence: str) -> bool:
    lowered = word.text.lower()
    spoken = re.findall(r"[a-z]+", sentence.lower())
    for names in (_MONTH, _DAY):
        if lowered.rstrip("s") in names or lowered in names:
            rivals = [each for each in spoken if each in names or each.rstrip("s") in names]
            return bool(rivals) and not _RANGE.search(sentence)
    if word.kind != "number" or word.before or not word.stem.replace(".", "").isdigit():
        return False
    if re.fullmatch(r"(?:1\d|20)\d\d", word.stem):
        return bool(re.search(r"\b(?:1\d|20)\d\d\b", sentence)) and not _RANGE.search(sentence)
    unit = re.search(rf"\b{re.escape(word.text)}\W{{0,2}}\s*([^\W\d_]+)", question)
    if unit is None:
        return False
    last = unit[1].lower()[: max(3, len(unit[1]) - 1)]
    numbers = re.findall(
        rf"([\w.,]+)[\s-](?:working\s|calendar\s)?{re.escape(last)}[a-z]*\b", sentence.lower()
    )
    counted = [
        each
        for each in numbers
        if held_in(each).stems and any(part.isdigit() for part in held_in(each).stems)
    ]
    return len(counted) == 1
