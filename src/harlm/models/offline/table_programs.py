"""The cell that answers a question over the tables of a context, and the reading of what it prints."""

from __future__ import annotations

from harlm.guest.tables.asking import TableStatus

TABLES = "tables: "
"""What the cell prints before the status of its answer."""

_STATUSES: dict[str, TableStatus] = {each: each for each in ("answered", "refused", "no table", "not asked")}


def table_program(question: str) -> str:
    """The program that answers a question over the tables, and keeps the answer in ``result``."""
    return f"""\
found = ask_tables({question!r})
result = found["answer"]
print("{TABLES}" + found["status"])
print(found["why"] or result)
"""


def read_status(printed: str) -> tuple[TableStatus, str]:
    """The status that ``table_program`` printed, and what follows it: the answer, or why there is none.

    ``not asked`` if the output is not whole, as when the cell failed.
    """
    status, _, rest = printed.partition(TABLES)[2].partition("\n")
    return _STATUSES.get(status.strip(), "not asked"), rest.strip()
