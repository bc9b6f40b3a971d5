"""The wording of the calls that root programs make: what a leaf has to understand. Knows no task and no scaffold.

Every prompt is an instruction, an empty line, then the content. A leaf needs five intents:

=============  =============================================================================================
``label``      one label for each numbered line (``12: the line as it stands``); answered as ``12: label``
``ask``        a question over one stretch of text, or NOT FOUND
``holds``      whether one document satisfies a condition; yes or no
``copy``       the lines or sentences of the text that bear on a question, copied; or NOTHING
``check``      whether a proposed answer is right; yes or no
=============  =============================================================================================

``ask`` is also the last call of a program that collected passages: the passages are then the text.
"""

from __future__ import annotations

from typing import Final

LABEL: Final = (
    "Label each of the following lines with one of these: {labels}. Reply with one line for each of them, in the form "
    "`number: label`, and nothing else."
)
"""``labels``: joined by ", ". The content: lines, each after its number and a colon."""

ASK: Final = (
    "Answer the question from the text only, as briefly as you can. If the text does not contain the answer, say NOT "
    "FOUND.\n\nQuestion: {question}\n\nText:"
)
"""``question``: of the user, or a smaller one on the way to its answer."""

HOLDS: Final = "Does this document satisfy: {condition}? Answer yes or no.\n\nDocument:"
"""``condition``: of the question, in its words."""

COPY: Final = (
    "Copy from the text, word for word, every line or sentence that helps to answer the question, one a line. If there "
    "is none, say NOTHING.\n\nQuestion: {question}\n\nText:"
)

CHECK: Final = (
    "Is the proposed answer right, as far as the text shows? Answer yes or no.\n\nQuestion: {question}\n\n"
    "Proposed answer: {answer}\n\nText:"
)

SAID: Final = (
    "Answer the question from the text only. Write one line for each statement, in the form `value, stated or hearsay or "
    "planned, report, date as YYYY-MM-DD`, and `REPORT is mistaken, report, date` where a report calls another one mistaken; "
    "write `nothing` if there is none.\n\nQuestion: What do these reports say of the {field} of {site}, and what is their "
    "date?\n\nText:"
)
"""``ask`` for every statement about a thing, so that code can compare them. Programs fill in the field and the site."""

NOT_FOUND: Final = "NOT FOUND"
NOTHING: Final = "NOTHING"


def is_answer(reply: str) -> bool:
    """Whether a reply says something, and not that the text does not tell. Programs of the bank ask the same in their code."""
    return bool(reply.strip()) and "NOT FOUND" not in reply.upper() and "UNKNOWN" not in reply.upper()
