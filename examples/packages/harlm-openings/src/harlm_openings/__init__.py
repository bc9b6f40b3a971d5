"""A strategy for questions about how documents begin: code takes the first paragraph of each, and no model is asked."""

from __future__ import annotations

import re

from harlm.branching.strategies import Asked
from harlm.types import Forecast, Proposal

_ASKS = re.compile(
    r"\b(first|opening|introductory)\s+(paragraph|lines?|sentences?)s?\b|\bopenings?\b|\bbegins?\b",
    re.IGNORECASE,
)
_CELL = """\
texts = [context] if isinstance(context, str) else list(context)
openings = [each.strip().replace("\\r\\n", "\\n").split("\\n\\n")[0] for each in texts]
names = [getattr(each, "name", "") or "the text" for each in texts]
FINAL("\\n".join(f"{name}: {opening}" for name, opening in zip(names, openings)))
"""


def propose(asked: Asked) -> Proposal | None:
    """The proposal for a question about how documents begin; ``None`` for others."""
    if _ASKS.search(asked.question) is None:
        return None
    return Proposal(
        strategy="openings",
        cells=(_CELL,),
        forecast=Forecast(calls=0, input_tokens=0, output_tokens=0, micros=0, seconds=0.0, depth=0),
        growth="constant",
        leaf="none",
        fit=0.9,
        reasons=("the question asks how documents begin, which code can find",),
    )
