"""*follow*: one look-up after another, each verified. For questions such as ``the heir of the mayor of X``."""

from __future__ import annotations

import re

from harlm.branching.strategies.asked import Asked
from harlm.branching.strategies.forecasting import Calls, forecast
from harlm.branching.strategies.search import is_lookup
from harlm.guest.combinators.chains import Chain, chain_of
from harlm.guest.combinators.wording import read_question
from harlm.patterns import lazy_pattern
from harlm.types import Proposal

_READ = 1_200  # tokens of a prompt of one step
_REPLY = 80
_AGAIN = 0.25  # of the steps take a third reading
_LEAST = 2  # steps; a single one is *search*
_UNTOLD = 4  # steps of a question whose words do not tell them
_CLAUSE = lazy_pattern(r"(?<=\w) (?:who|whom|whose|which|that|where) (?=[a-z])", re.IGNORECASE)

_CELL = """\
reached = follow({question!r})
FINAL(reached.final)
"""


def propose(asked: Asked) -> Proposal | None:
    """The proposal for a question whose answer is several look-ups away; ``None`` if its words tell of no steps."""
    if not asked.question:
        return None
    chain = chain_of(asked.task.question)
    if chain is not None and len(chain.relations) >= _LEAST:
        return _proposal(asked, len(chain.relations), 0.95, _told(chain))
    if (
        chain is None
        and is_lookup(read_question(asked.task.question))
        and len(_CLAUSE.findall(asked.question)) >= _LEAST
    ):
        return _proposal(
            asked, _UNTOLD, 0.3, "the question describes a thing by other things that must be found first"
        )
    return None


def _told(chain: Chain) -> str:
    return f"the question goes from {chain.start!r} over {', '.join(chain.relations)}: {len(chain.relations)} look-ups, one after another"


def _proposal(asked: Asked, hops: int, fit: float, says: str) -> Proposal:
    read = Calls(model=asked.sub, calls=2, input_tokens=_READ, output_tokens=_REPLY)
    third = Calls(
        model=asked.root if asked.has_stronger else asked.sub,
        calls=max(1, round(_AGAIN * hops)),
        input_tokens=_READ,
        output_tokens=_REPLY,
    )
    return Proposal(
        strategy="follow",
        cells=(_CELL.format(question=asked.task.question),),
        forecast=forecast(*[read] * hops, third, concurrency=asked.concurrency),
        growth="constant",
        leaf="reader",
        fit=fit,
        reasons=(
            says,
            "each step reads every passage that holds the name it has arrived at, twice, and checks the quotes",
        ),
    )
