"""Questions over the tables of documents, on the host: for REPLs without a process of their own, which cannot do it inside.

Inside of a process, cells have the same function (``harlm.guest.worker.context.Library.ask_tables``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harlm.guest.tables import DataTable, NamedText, TableAnswer, ask, tables_in, unanswered
from harlm.types import Document

_MOST_CHARACTERS = 16_000_000  # of all documents; their rows take about 15 times as many bytes


def ask_tables(
    question: str, documents: Sequence[Document], *, check: Callable[[], None] = lambda: None
) -> TableAnswer:
    """What the tables of documents say to a question for a computation, or why they do not.

    Args:
        question: in English.
        documents: the whole context.
        check: called before each document; may raise to stop the work.
    """
    size = sum(len(document.text) for document in documents)
    if size > _MOST_CHARACTERS:
        return unanswered(
            "refused",
            f"the texts have {size:,} characters; here tables are read in at most {_MOST_CHARACTERS:,}",
        )
    tables: list[DataTable] = []
    for document in documents:
        check()
        tables += tables_in(NamedText(document.name, document.text), _labels(document))
    return ask(question, tables, len(documents))


def _labels(document: Document) -> Callable[[int], str] | None:
    return None if document.marks is None else lambda offset: document.place(offset).label
