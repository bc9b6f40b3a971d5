"""*filter*: one thing that is described by several conditions. Each text is judged against all of them once, and code adds up what a
text meets by itself and through the texts that it names.
"""

from __future__ import annotations

import re

from harlm.branching.strategies.asked import Asked
from harlm.branching.strategies.forecasting import Calls, forecast
from harlm.patterns import lazy_pattern
from harlm.types import Proposal

_GROUP = 8_000  # tokens of texts in one call
_RULES = 400  # tokens of a prompt without its texts
_LINE = 8  # tokens of a reply about one text
_TEXT = 1_000  # tokens of a usual text, where nothing else is known
_CHECKED = 12_000  # tokens that are read again by the stronger model
_LEAST = 3  # texts among which one is looked for
_ASKED = lazy_pattern(
    r"^(?:which|what|who)\b(?P<thing>[^:?]{0,80}?)\b(?:is|are|was|fits?|matches|meets?|satisf(?:y|ies))\b[^:?]{0,60}:\s*"
    r"(?P<conditions>[^?]+?)(?:\?|\.(?=\s+(?:Answer|Reply|Give))|$)(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_BETWEEN = lazy_pattern(r" ?; ?(?:and )?| (?=\(?\d{1,2}[.)]\s)")
_NUMBER = lazy_pattern(r"^\s*(?:\(?\d{1,2}[.)]|[-*•])\s*")
_ANSWER = lazy_pattern(
    r"^\s*(?:(?:Answer|Reply|Respond)\b[^.]{0,40}\bname\b[^.]*\.?|Name (?:it|them|her|him)\.?)?\s*$",
    re.IGNORECASE,
)

_CELL = """\
texts = [context] if isinstance(context, str) else list(context)
conditions = {conditions!r}
found = best_match(texts, conditions)
for each in found[:5]:
    print(each.name, sorted(each.met))
best = found[0] if found else None
if best is None:
    FINAL("NOT FOUND")
if best.name and best.name.casefold() in best.text.casefold():
    FINAL(best.name)
notes = [f"{{getattr(each, 'name', '')}}\\n{{each}}" for each in best.evidence]
FINAL(tree_reduce(notes, {question!r}))
"""


def propose(asked: Asked) -> Proposal | None:
    """The proposal for a description by at least two conditions; ``None`` if the question is of another form."""
    conditions = conditions_of(asked.question)
    texts = asked.profile.documents
    if len(conditions) < 2 or texts < _LEAST:
        return None
    tokens = asked.profile.tokens
    calls = max(1, -(-tokens // _GROUP))
    first = Calls(
        model=asked.sub,
        calls=calls,
        input_tokens=_RULES + -(-tokens // calls),
        output_tokens=-(-texts * _LINE // calls),
    )
    second = Calls(
        model=asked.root if asked.has_stronger else asked.sub,
        calls=2,
        input_tokens=_RULES + min(_CHECKED, tokens) // 2,
        output_tokens=_CHECKED // _TEXT * _LINE,
    )
    return Proposal(
        strategy="filter",
        cells=(_CELL.format(conditions=list(conditions), question=asked.question),),
        forecast=forecast(first, second, concurrency=asked.concurrency),
        growth="linear",
        leaf="judge",
        fit=1.0,
        reasons=(
            f"the question describes one thing by {len(conditions)} conditions, which a text may tell in other words",
            f"each of {texts:,} texts is judged against all conditions at most once; those that others name come first",
            "a text counts with the texts that it names",
        ),
    )


def conditions_of(question: str) -> tuple[str, ...]:
    """The conditions that a question lists after a colon; empty if it lists none, or wants something else than a name."""
    found = _ASKED.search(question)
    if found is None or not _ANSWER.match(found["rest"]):
        return ()
    parts = [_NUMBER.sub("", each).strip(" .,;") for each in _BETWEEN.split(found["conditions"])]
    return tuple(dict.fromkeys(each for each in parts if len(each.split()) > 1))
