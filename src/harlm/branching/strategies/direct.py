"""*direct*: the part of the context that the question names, or all of it if that is short, is read in one call."""

from __future__ import annotations

from typing import NamedTuple

from harlm.branching.strategies.asked import Asked
from harlm.branching.strategies.forecasting import Calls, forecast
from harlm.branching.strategies.named_parts import named_part
from harlm.branching.strategies.search import is_lookup
from harlm.guest.combinators.wording import read_question
from harlm.types import Proposal

_PROMPT = 150
_REPLY = 80
_CHARACTERS = 4  # per token
_NAMED, _TOO_LARGE, _WHOLE = (
    0.9,
    0.8,
    0.5,
)  # the fit: a part is named and fits; it must be searched; all of it fits
_FILL = 0.75  # of the tokens that a model reads reliably

_CELL = """\
found = search_then_read({question!r}, within={within}, role={role!r})
FINAL(found.final)
"""


def propose(asked: Asked) -> Proposal | None:
    """The proposal for a question about a part that it names, or about a short text; ``None`` for others."""
    if not asked.question:
        return None
    room = int(_FILL * min(asked.root.effective_window, asked.sub.effective_window))
    part = named_part(asked)
    if part is None:
        if asked.profile.tokens > room:
            return None
        says = f"one call reads all of it: about {asked.profile.tokens:,} tokens"
        return _proposal(asked, _Part("context", "root", asked.profile.tokens, _WHOLE, says))
    tokens = part.characters // _CHARACTERS
    if tokens <= room:
        return _proposal(asked, _Part(part.code, "sub", tokens, _NAMED, part.says))
    if not is_lookup(read_question(asked.task.question)):
        return None
    return _proposal(asked, _Part(part.code, "sub", min(tokens, room // 8), _TOO_LARGE, part.says))


class _Part(NamedTuple):
    """What is read: the code for it, the role of the model that reads it first, its tokens, the fit, and a reason."""

    within: str
    role: str
    tokens: int
    fit: float
    says: str


def _proposal(asked: Asked, part: _Part) -> Proposal:
    first = Calls(
        model=asked.root if part.role == "root" else asked.sub,
        calls=1,
        input_tokens=_PROMPT + part.tokens,
        output_tokens=_REPLY,
    )
    return Proposal(
        strategy="direct",
        cells=(_CELL.format(question=asked.task.question, within=part.within, role=part.role),),
        forecast=forecast(first, concurrency=asked.concurrency),
        growth="constant",
        leaf="reader",
        fit=part.fit,
        reasons=(part.says, "it is read in one call, and the quote of the answer is checked"),
    )
