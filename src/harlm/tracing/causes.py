"""Why calls of a run failed: the first cause of each model, rather than what followed from it.

When an address is refused, full or gone, the last error is often only a symptom: a time limit, a reply that broke off,
an address to which no request is sent for a while. The first failure usually names the cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Self

from harlm import events
from harlm.errors import DeadlineExceeded, HarlmError, ModelError
from harlm.tracing.status import CANCELLED

_SYMPTOMS = (
    "no request is sent",
    "did not reply within",
    "broke off",
    "the run has ended",
    "answered with no text",
)
"""Words of failures that are explained by others: by any failure without them."""

_BUDGET = ("raise --max-", "raise --timeout", "nothing more is spent")
"""Words of refusals by the run's own budget, which are no failures of a model."""

_UNSENT = "no request is sent"
_MANY, _SHARE = 3, 0.2  # failures, and their share of all attempts, that explain another error
_LONGEST = 300  # characters of a cause


@dataclass(slots=True)
class _Record:
    """What is known of one model: attempts that failed, were answered and were given up, and the first cause."""

    failed: int = 0
    answered: int = 0
    given_up: int = 0
    cause: str = ""
    is_symptom: bool = True

    @property
    def is_silent(self) -> bool:
        """Whether calls were given up, and none was answered or failed."""
        return self.given_up > 0 and not self.answered and not self.failed

    @property
    def share(self) -> float:
        return self.failed / max(1, self.failed + self.answered)


class Causes:
    """Remembers why calls failed, and says so in a note on the error that ends the run. A ``TraceSink`` and a context
    manager around the run.

    The command line shows the notes of an error behind its message.
    """

    def __init__(self) -> None:
        self._models: dict[int, str] = {}  # of the calls in flight
        self._records: dict[str, _Record] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, HarlmError) or getattr(error, "__notes__", None):
            return  # a bug, or an error that is explained already
        if (cause := self.explanation(error)) is not None:
            error.add_note(cause)

    def emit(self, event: events.Event) -> None:
        """Receive one event."""
        match event:
            case events.CallStarted():
                self._models[event.call] = event.model
            case events.CallFinished():
                self._record(self._models.pop(event.call, "")).answered += 1
            case events.CallFailed():
                model = self._models.pop(event.call, "")
                if event.error == CANCELLED:
                    self._record(model).given_up += 1
                elif not any(words in event.error for words in _BUDGET):
                    self._failed(model, event.error)
            case events.Retried() | events.FellBack():
                self._failed(event.model, event.error)

    def explanation(self, error: HarlmError) -> str | None:
        """What led to an error: ``after 7 attempts; first: …``; ``None`` if no failure explains it, or if it says it
        itself.
        """
        if not self._records:
            return None
        if isinstance(error, ModelError):
            record = self._record(error.model)
            attempts = f"after {record.failed} attempts" if record.failed > 1 else ""
        else:
            model, record = max(self._records.items(), key=lambda item: (item[1].failed, item[1].given_up))
            if isinstance(error, DeadlineExceeded) and record.is_silent:
                calls = f"any of {record.given_up} calls" if record.given_up > 1 else "the call"
                return f"{model} did not answer {calls}"
            if record.failed < _MANY or record.share < _SHARE:
                return None
            attempts = f"{record.failed} attempts at calls to {model} failed"
        cause = _one_line(record.cause)
        first = f"first: {cause}" if cause and cause not in _one_line(str(error)) else ""
        return "; ".join(filter(None, (attempts, first))) or None

    def _record(self, model: str) -> _Record:
        return self._records.setdefault(model, _Record())

    def _failed(self, model: str, error: str) -> None:
        record = self._record(model)
        record.failed += _UNSENT not in error
        is_symptom = any(words in error for words in _SYMPTOMS)
        if not record.cause or (record.is_symptom and not is_symptom):
            record.cause, record.is_symptom = error, is_symptom


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
