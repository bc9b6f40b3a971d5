"""*map*: everything of a kind over the whole text, such as a summary, all themes, or a list of all that fit. What matters is taken from
each part, and brought together level by level; lists are joined in code.
"""

from __future__ import annotations

import re

from harlm.branching.strategies.asked import Asked
from harlm.branching.strategies.forecasting import Calls, forecast
from harlm.patterns import lazy_pattern
from harlm.types import Proposal

_SUMMARY = lazy_pattern(
    r"^(?:please |can you |could you )?(?:summari[sz]e|sum up|give (?:me )?(?:a|an) (?:\w+ )?(?:summary|overview)|outline)\b"
    r"|^(?:what|which) (?:are|is) the (?:main |central |key |recurring |most important )?(?:themes?|topics?|points?|ideas?|arguments?)\b"
    r"|^what (?:\w+ )?(?:themes?|topics?)\b|^what is (?:this|the) (?:text|book|document|report)s? about\b",
    re.IGNORECASE,
)
_LIST = lazy_pattern(
    r"^(?:please |can you |could you )?(?:list|name|find|collect|give(?: me)?|show(?: me)?) (?:all|every|each)\b",
    re.IGNORECASE,
)
_PART = 12_000  # tokens of one part, at most
_RULES = 150  # tokens of a prompt without its text
_NOTES = 300  # tokens of a reply about a part
_FILL = 0.5  # of the tokens that a model reads reliably in one call

_TAKE = (
    "A long text is read part by part to answer this request: {question}\nWrite down what this part holds for it, as short notes that "
    "keep names, numbers and important wording. If the part holds nothing for it, reply NOTHING."
)
_ENTRIES = (
    "A long text is read part by part to answer this request: {question}\nWrite down each entry for it that stands in this part, one a "
    "line, spelled as in the text, without numbers or bullets. If there is none, reply NOTHING."
)
_SUMMED = """\
parts = split(context, by="part", tokens={tokens})
FINAL(map_reduce(parts, {take!r}, {question!r}))
"""
_LISTED = """\
parts = split(context, by="part", tokens={tokens})


def joined(replies):
    lines = [line.strip(" -*•\\t") for reply in replies for line in reply.splitlines()]
    found = {{}}
    for line in filter(None, lines):
        found.setdefault(" ".join(line.casefold().split()), line)
    return list(found.values())


entries = map_reduce(parts, {take!r}, joined)
print(len(entries), entries[:20])
FINAL(tree_reduce(entries, {form!r}) if entries else "NOT FOUND")
"""
_FORM = (
    "{question}\nThe notes are the entries that were found in the parts of the text. Leave out those that mean the same as another one or "
    "do not fit, and give all others."
)


def propose(asked: Asked) -> Proposal | None:
    """The proposal for a question about everything of a kind; ``None`` if it asks for something else."""
    is_list = bool(_LIST.search(asked.question))
    if not is_list and not _SUMMARY.search(asked.question):
        return None
    tokens = max(200, min(_PART, int(_FILL * asked.sub.effective_window)))
    question = asked.task.question.strip()
    if is_list:
        cell = _LISTED.format(
            tokens=tokens, take=_ENTRIES.format(question=question), form=_FORM.format(question=question)
        )
    else:
        cell = _SUMMED.format(tokens=tokens, take=_TAKE.format(question=question), question=question)
    parts = max(1, -(-asked.profile.tokens // tokens), asked.profile.documents)
    per_part = -(-asked.profile.tokens // parts)
    first = Calls(
        model=asked.sub, calls=parts, input_tokens=_RULES + per_part, output_tokens=min(_NOTES, per_part)
    )
    joins = max(1, -(-parts * _NOTES // tokens))
    second = Calls(
        model=asked.sub,
        calls=joins,
        input_tokens=_RULES + min(tokens, parts * _NOTES),
        output_tokens=2 * _NOTES,
    )
    return Proposal(
        strategy="map",
        cells=(cell,),
        forecast=forecast(first, second, concurrency=asked.concurrency),
        growth="linear",
        leaf="reader",
        fit=0.6,
        reasons=(
            "the question asks for everything of a kind"
            if is_list
            else "the question asks for what the whole text says",
            f"each of about {parts:,} parts is read once, and what was taken from them is brought together",
        ),
    )
