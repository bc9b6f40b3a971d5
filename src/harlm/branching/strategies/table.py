"""*table*: computes over the tables of the context. For counts, sums, means, ranks and groups of rows that meet conditions.

Calls no model. Reading the question and computing happen in the REPL, over whole tables; here the question is tried on the
beginnings of some documents, to say how well it fits.
"""

from __future__ import annotations

from harlm.branching.strategies.asked import Asked
from harlm.guest.tables import DataTable, NamedText, ask, tables_in
from harlm.guest.tables.questions import computes
from harlm.guest.tables.questions.answer_form import wish_of
from harlm.types import Document, Forecast, Proposal

_LOOKED_AT = 20  # documents
_LOOK = 20_000  # characters of each
_SURE, _POSSIBLE = 1.0, 0.4
_PER_S = 3_000_000  # characters of a table that are read in a second


def propose(asked: Asked) -> Proposal | None:
    """The proposal to compute the answer; ``None`` if the question asks for no computation over a table."""
    question = wish_of(asked.question).question
    if not computes(question):
        return None
    context = asked.task.context
    tried = _tried(question, context.documents)
    if tried is None:
        return None
    fit, reason = tried
    return Proposal(
        strategy="table",
        cells=(_cell(asked.question),),
        forecast=Forecast(
            calls=0, input_tokens=0, output_tokens=0, micros=0, seconds=context.characters / _PER_S, depth=0
        ),
        growth="constant",
        leaf="none",
        fit=fit,
        reasons=(
            reason,
            "No model is called. If a word fits no table, there is no answer, and the word is named.",
        ),
    )


def _cell(question: str) -> str:
    """The cell, which fails with the reason unless every word of the question fits a table."""
    return f"""\
found = ask_tables({question!r})
if found["status"] != "answered":
    raise ValueError(found["why"])
print(found["text"])
FINAL(found["answer"])
"""


def _tried(question: str, documents: tuple[Document, ...]) -> tuple[float, str] | None:
    """How well a question fits the tables at the beginnings of documents, and why; ``None`` if it cannot fit."""
    looked = documents[:_LOOKED_AT]
    tables = [table for document in looked for table in _tables_of(document)]
    found = ask(question, tables, len(documents))
    if found["status"] == "answered":
        return _SURE, "Every word of the question is placed on a column, a value or a computation of a table."
    if all(len(document.text) <= _LOOK for document in documents) and len(looked) == len(documents):
        return None
    if found["status"] == "refused":
        return _POSSIBLE, f"The question asks for a computation; of what was looked at: {found['why']}."
    return None


def _tables_of(document: Document) -> list[DataTable]:
    """The tables at the beginning of a document, up to a whole line."""
    text = document.text
    if len(text) > _LOOK:
        text = text[: text.rfind("\n", 0, _LOOK) + 1 or _LOOK]
    return tables_in(NamedText(document.name, text))
