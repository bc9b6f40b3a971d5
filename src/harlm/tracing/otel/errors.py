"""The class of an error for ``error.type``: few different values, and no text of a model, a document or a provider."""

from __future__ import annotations

from harlm.events import CallFailed
from harlm.patterns import lazy_pattern
from harlm.tracing.otel.names import OTHER_ERROR

_EXCEPTION = lazy_pattern(r"[A-Za-z_][A-Za-z0-9_.]{0,80}(?=:|\Z)")
_IN_TIME = ("did not reply within", "timed out", "the time limit")


def call_error(event: CallFailed) -> str:
    """The class of a failed call: the HTTP status if there is one."""
    if event.status is not None:
        return str(event.status)
    return "timeout" if any(words in event.error for words in _IN_TIME) else OTHER_ERROR


def cell_error(error: str) -> str:
    """The class of the exception that a cell ended with, which stands at the beginning of the last line of its traceback."""
    lines = error.strip().splitlines()
    found = _EXCEPTION.match(lines[-1]) if lines else None
    if found is None or not found[0].endswith(("Error", "Exception", "Exit", "Interrupt", "Warning")):
        return OTHER_ERROR
    return found[0]
