"""Reads a question by its words: what it asks, the things that it names, and the form of answer that it wants. Asks no model."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..arguments import QUESTION, within

NOT_FOUND = "NOT FOUND"
"""The answer where a text does not hold one, unless the question asks for another word."""

_MOST_KEYS = 8
_SENTENCE = re.compile(r"(?<=[.?!])\s+|\n+")
_FORM = re.compile(
    r"(?:please |then |now )*(?:answer|reply|respond|return|output|write|use|give (?:only|just|your|the answer)|say|do not|don't"
    r"|if (?:the|no|not|it|there|you|none|nothing))\b",
    re.IGNORECASE,
)
_ONLY = re.compile(
    r"\b(?:only|nothing else|nothing more|just|no explanations?|without explanations?|(?:a single|one) word)\b",
    re.IGNORECASE,
)
_CHOICE = re.compile(r"^[ \t]*\(?(?P<mark>[A-Ha-h1-9])[).:][ \t]+(?P<text>\S.*)$", re.MULTILINE)
_MARK = re.compile(r"\A(?:choice |option |answer )?[(\[*]*([A-Ha-h1-9])(?![^\W_])")
_LETTER = re.compile(
    r"\b(?:letter|number of (?:the|your) (?:right |correct )?(?:choice|answer|option))\b", re.IGNORECASE
)
_YES_OR_NO = re.compile(
    r"\A(?:is|are|was|were|do|does|did|has|have|can|could|will|would|should)\b|\byes or no\b", re.IGNORECASE
)
_MISSING = (
    re.compile(
        r"\b[Ii]f\b[^.?!\n]{0,120}\b(?:say|answer|reply|respond|write|return)\b(?: with| only| exactly| just| the word)*\s*:?\s*"
        r"(?:[\"'](?P<word>[^\"'\n]{1,40})[\"']|(?P<loud>[A-Z][A-Z_]{2,}(?: [A-Z]{2,}){0,3}\b|N/A|unknown\b))"
    ),
    re.compile(r"[\"'](?P<word>[^\"'\n]{1,40})[\"'],? (?:if|when|where)\b", re.IGNORECASE),
)
_QUOTED = re.compile(r"\"([^\"\n]{2,120})\"|`([^`\n]{1,120})`|(?<!\w)'([^'\n]{2,120})'(?!\w)")
_TOKEN = re.compile(r"[^\W_][\w./@:+#-]*\w|[_]\w+")
_NAME = re.compile(
    r"\b[^\W\d_a-z][\w'-]*(?:(?: (?:of|the|de|van|von|der|den|da|di|la|le|and|&))*[ ]+[^\W\d_a-z][\w'-]*)*"
)
_ASKING = frozenset(
    """who what when where which whose whom why how in on at of for from by to is are was were does did do has have can could
    the a an and or name give state tell find according i""".split()
)
_NOTHING = frozenset(
    ("", "unknown", "not found", "none", "null", "nothing", "n/a", "na", "not stated", "not mentioned", "not specified", "no answer",
     "not given", "not available", "not applicable", "unclear", "empty", "not said", "no", "...")
)  # fmt: skip
_SAYS_NOTHING = re.compile(
    r"(?:i am sorry|i'm sorry|sorry|i can(?:not|'t)|as an ai|unable to|not (?:found|stated|mentioned|said|given|specified|in the)\b"
    r"|(?:the|these) (?:text|texts|documents?|passages?|context) (?:do|does|did)(?:es)? ?(?:not|n't)\b|there is no (?:information|mention))",
    re.IGNORECASE,
)
_MARKS = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "\u00a0": " "})


class Wording(NamedTuple):
    """What a question says.

    Attributes:
        whole: the question as it was asked.
        core: what is asked, in one line, without choices and without sentences about the form of the answer.
        keys: things that it names: quoted words, identifiers, numbers and names, the most exact first.
        choices: the answers that it lists to choose from.
        marks: the letter or number before each of them.
        missing: what it wants to be said if the text does not hold the answer.
        is_bare: whether it wants the answer alone, without a citation.
    """

    whole: str
    core: str
    keys: tuple[str, ...]
    choices: tuple[str, ...]
    marks: tuple[str, ...]
    missing: str
    is_bare: bool

    def says_nothing(self, answer: str) -> bool:
        """Whether an answer says that there is none."""
        plain = plainly(answer)
        if plain == plainly(self.missing) or _SAYS_NOTHING.match(answer.strip()):
            return True
        return plain in _NOTHING and not (plain == "no" and self.is_yes_or_no)

    @property
    def is_yes_or_no(self) -> bool:
        """Whether it asks for yes or no."""
        return _YES_OR_NO.search(self.core) is not None

    def choice(self, answer: str) -> int | None:
        """Which choice an answer means, from 0: by its letter or number, or by its words; ``None`` if it means none."""
        plain = plainly(answer)
        by_words = [at for at, each in enumerate(self.choices) if plainly(each) == plain]
        if by_words:
            return by_words[0]
        mark = _MARK.match(answer.strip())
        marks = [each.casefold() for each in self.marks]
        return marks.index(mark[1].casefold()) if mark and mark[1].casefold() in marks else None

    def as_chosen(self, at: int, answer: str) -> str:
        """A choice as the question wants it named: by its letter if it asks for one, else as it was given."""
        is_marked = plainly(answer) != plainly(self.choices[at])
        return self.marks[at] if is_marked or _LETTER.search(self.whole) else self.choices[at]


def read_question(question: str) -> Wording:
    """What a question says.

    Raises:
        TypeError, ValueError: it is not a text, or has no words.
    """
    if not isinstance(question, str):
        raise TypeError(f"a question is a str, not {type(question).__name__}")
    within(str.__len__(question), "the question", QUESTION)
    whole = str.__str__(question).translate(_MARKS).strip()
    if not whole:
        raise ValueError("the question is empty; write what the text should answer")
    listed = list(_CHOICE.finditer(whole))
    choices = tuple(found["text"].strip() for found in listed) if len(listed) > 1 else ()
    told = _CHOICE.sub("", whole) if choices else whole
    sentences = [each.strip() for each in _SENTENCE.split(told) if each.strip()]
    forms = [each for each in sentences if _FORM.match(each)]
    asking = [each for each in sentences if not _FORM.match(each)] or sentences
    return Wording(
        whole=whole,
        core=" ".join(asking),
        keys=_keys(asking),
        choices=choices,
        marks=tuple(found["mark"] for found in listed) if choices else (),
        missing=_missing(whole),
        is_bare=any(_ONLY.search(each) for each in forms) or bool(choices),
    )


def plainly(text: str) -> str:
    """A text as answers are compared: without case, articles, marks around it, and repeated blanks."""
    words = text.translate(_MARKS).casefold().strip(" \t\n.,;:!?*`\"'()[]{}").split()
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words)


def _missing(question: str) -> str:
    for pattern in _MISSING:
        if found := pattern.search(question):
            named = found.groupdict()
            return str(named.get("word") or named.get("loud"))
    return NOT_FOUND


def _keys(sentences: list[str]) -> tuple[str, ...]:
    """Quoted words, identifiers and names; no name runs from one sentence into the next."""
    quoted = ["".join(part or "" for part in found).strip() for found in _QUOTED.findall(" ".join(sentences))]
    plain = "\n".join(_QUOTED.sub(" , ", each) for each in sentences)
    exact = [each for each in _TOKEN.findall(plain) if _is_identifier(each)]
    names = [each for found in _NAME.finditer(plain) if (each := _name(found[0], found.start() == 0))]
    keys: list[str] = []
    for each in (*quoted, *exact, *names):
        if each and not any(each.casefold() in other.casefold() for other in keys):
            keys.append(each)
    return tuple(keys[:_MOST_KEYS])


def _is_identifier(token: str) -> bool:
    """Whether a word is one that texts write in one way only: with digits, signs inside, or capitals inside."""
    if token.isdecimal():
        return len(token) >= 3
    return (
        any(map(str.isdigit, token))
        or "_" in token
        or re.search(r"[^\W\d_][a-z]*[./@:#][^\W\d_]|[a-z][A-Z]", token) is not None
        or (len(token) > 1 and token.isupper())
    )


def _name(words: str, is_first: bool) -> str:
    """A name without the word that a question begins with; empty if nothing is left."""
    parts = words.split()
    while parts and parts[0].casefold() in _ASKING:
        parts = parts[1:]
        is_first = False
    name = " ".join(parts).removesuffix("'s").removesuffix("'")
    return "" if is_first and len(parts) == 1 else name
