"""*search*: the best passages are read once, and the quote of the answer is checked. For questions about one place of a text."""

from __future__ import annotations

import re

from harlm.branching.strategies.asked import Asked
from harlm.branching.strategies.forecasting import Calls, forecast
from harlm.guest.combinators.wording import Wording, read_question
from harlm.patterns import lazy_pattern
from harlm.types import Proposal

_PROMPT = 150  # tokens of a prompt without its passages
_PASSAGES = 2_600  # tokens of the passages of one call
_REPLY = 80  # tokens
_LOOKED_AT = 200_000_000  # characters in which a thing that the question names is looked for
_NAMED, _ASKED, _ABSENT = (
    0.85,
    0.5,
    0.4,
)  # the fit: it names something of the text, nothing, or something that the text lacks

_LOOKUP = lazy_pattern(
    r"\b(?:what|who|whom|whose|when|where|which|how (?:much|long|old|far|tall|big|large|wide|deep|high|fast|often)"
    r"|how many [\w -]{1,40}? (?:does|do|did|is|are|was|were|has|have)|name|find|give|tell)\b",
    re.IGNORECASE,
)
_EVERYTHING = lazy_pattern(
    r"\bhow (?:many of|often)\b|\bhow many\b[^?]*\b(?:more|less|fewer|at least|at most|than|in total|altogether)\b"
    r"|\b(?:count|list|all|every|each|most|least|fewest|average|mean|total|sum|together|compare\w*|comparison|differs?|differences?"
    r"|summar\w+|overview|main|overall|themes?|pairs?|contradict\w*|trends?|percent\w*|proportion|rank\w*|longest|shortest|highest"
    r"|lowest|largest|smallest|cheapest|earliest|latest|how do(?:es)? [\w ]+ (?:change|evolve))\b",
    re.IGNORECASE,
)

_SEVERAL = lazy_pattern(
    r"\bseparated by\b|\bcomma[- ]separated\b|\bone (?:per|a|on each) line\b|\btable of\b|\b(?:names|values|titles|ids|list) of the\b",
    re.IGNORECASE,
)
_CLAUSES = 2  # semicolons; a question with more describes something by conditions

_CELL = """\
found = search_then_read({question!r})
FINAL(found.final)
"""


def propose(asked: Asked) -> Proposal | None:
    """The proposal for a question about one place; ``None`` if it asks for more."""
    if not asked.question:
        return None
    wording = read_question(asked.task.question)
    if not is_lookup(wording):
        return None
    fit, says = _fit(asked, wording)
    first = Calls(model=asked.sub, calls=1, input_tokens=_PROMPT + _PASSAGES, output_tokens=_REPLY)
    return Proposal(
        strategy="search",
        cells=(_CELL.format(question=asked.task.question),),
        forecast=forecast(first, concurrency=asked.concurrency),
        growth="constant",
        leaf="reader",
        fit=fit,
        reasons=(
            says,
            "one call reads the best passages; its quote is checked, and other passages are read if it fails",
        ),
    )


def is_lookup(wording: Wording) -> bool:
    """Whether a question asks for one thing that one place of a text may say."""
    if wording.core.count(";") >= _CLAUSES or _SEVERAL.search(wording.whole):
        return False
    return _LOOKUP.search(wording.core) is not None and _EVERYTHING.search(wording.core) is None


def _fit(asked: Asked, wording: Wording) -> tuple[float, str]:
    if not wording.keys:
        return _ASKED, "the question asks for one thing, in words that search can rank"
    if asked.profile.characters > _LOOKED_AT:
        return _NAMED, f"the question asks for one thing, and names {wording.keys[0]!r}"
    for key in wording.keys:
        if any(key in document.text for document in asked.task.context.documents):
            return _NAMED, f"the question asks for one thing, and names {key!r}, which the text holds"
    return (
        _ABSENT,
        f"the question asks for one thing, and names {wording.keys[0]!r}, which the text does not hold",
    )
