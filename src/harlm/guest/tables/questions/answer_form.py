"""Which form of an answer a question asks for: only the value, or the value with what it rests on."""

from __future__ import annotations

import re
from typing import NamedTuple

_SENTENCE = r"(?i)(?:^\s*+|(?<=[.?!:;])\s++|\n[^\S\n]*+)((?:please\s+)?(?:answer|reply|respond|return|give|state|write|output|print|provide)\b[^.?!\n]*)(?:[.!]+(?=\s|$)|(?=\n)|$)"
_ONLY = r"(?i)\b(?:only|just|nothing|no|without|itself|alone)\b|^\s*(?:please\s+)?(?:answer|reply|respond)\s+(?:with|by|as)\b"
_WORDS = frozenset(
    """please answer reply respond return give state write output print provide with by as in on a an the one single your its final
    number numbers integer figure digits digit value values name names word words date dates amount total count result list line
    comma commas separated separate and or only just nothing no without any else more but other further text explanation
    explanations comment comments reasoning sentence itself alone plain exact""".split()
)
"""The words of such a sentence; another word would be a part of the question."""


class Wish(NamedTuple):
    """A question without its sentences about the answer's form.

    Attributes:
        question: what is asked.
        only_value: whether the answer is to be the value, and nothing else.
    """

    question: str
    only_value: bool


def wish_of(question: str) -> Wish:
    """Take the sentences apart that say how to answer, as ``Answer with the number, and nothing else.``

    A question that consists of such a sentence alone is left as it is: it may ask for the value itself.
    """
    rest = question
    for match in reversed([*re.finditer(_SENTENCE, question)]):
        if _is_about_form(match[1]):
            rest = f"{rest[: match.start()]} {rest[match.end() :]}"
    if rest == question or not re.search(r"\w", rest):
        return Wish(question, only_value=False)
    return Wish(rest.strip(), only_value=True)


def _is_about_form(sentence: str) -> bool:
    words = re.findall(r"[^\s,:;]+", sentence.casefold().replace("-", " "))
    return set(words) <= _WORDS and re.search(_ONLY, sentence) is not None
