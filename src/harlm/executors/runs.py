"""The socket of executors, and what passes through it: a run that is wanted, and how it ended.

Both are plain values that can be sent to another machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from harlm import errors
from harlm.engine.failing import partial_in
from harlm.errors import HarlmError, LimitExceeded, ModelError
from harlm.events import Event
from harlm.types import Answer


class RunSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A run that is wanted.

    Attributes:
        question: of the run.
        mode: of the run; ``auto`` lets the router choose.
        schema: the JSON Schema of the answer, if there is one.
        run: the id of the stored run that is taken up again; empty for a new one.
        is_new: whether ``run`` is the id of a new run. Who chose it knows which run to take up if its machine is lost.
    """

    question: str
    mode: str = "auto"
    schema: Mapping[str, object] | None = None
    run: str = ""
    is_new: bool = False


class RunFailure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What ended a run before its answer.

    Attributes:
        kind: the name of the class of the error in ``harlm.errors``.
        message: of the error.
        limit: the limit that was reached, if it was one: ``usd``, ``tokens``, ``calls``, ``seconds``, ``batch`` …
        http: the status with which a provider refused, if one did.
    """

    kind: str
    message: str
    limit: str = ""
    http: int | None = None

    @classmethod
    def of(cls, error: HarlmError) -> RunFailure:
        """The failure that an error is."""
        known = next(each.__name__ for each in type(error).__mro__ if each.__module__ == errors.__name__)
        limit = error.limit if isinstance(error, LimitExceeded) else ""
        http = error.status if isinstance(error, ModelError) else None
        return cls(kind=known, message=str(error), limit=limit, http=http)

    @classmethod
    def of_fault(cls, error: Exception) -> RunFailure:
        """The failure that a fault of this program is."""
        return cls(
            kind=errors.HarlmError.__name__, message=f"internal error: {type(error).__name__}: {error}"
        )

    def error(self, message: str) -> HarlmError:
        """An error of the same class with another message."""
        kind: object = getattr(errors, self.kind, HarlmError)
        if not isinstance(kind, type):
            return HarlmError(message)
        if issubclass(kind, LimitExceeded):
            return kind(message, limit=self.limit, used=0, allowed=0)
        if issubclass(kind, ModelError):
            return kind(message, model="", status=self.http)
        return kind(message) if issubclass(kind, HarlmError) else HarlmError(message)


class RunOutcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a run ended.

    Attributes:
        run: its id; empty if it did not begin.
        answer: the answer, or the partial one of a run that was ended; ``None`` if there is none.
        failure: what ended it; ``None`` if it has its answer.
    """

    run: str = ""
    answer: Answer | None = None
    failure: RunFailure | None = None

    @classmethod
    def failed(cls, run: str, error: HarlmError) -> RunOutcome:
        """The end of a run that an error has ended."""
        return cls(run=run, answer=partial_in(error), failure=RunFailure.of(error))


class Executor(Protocol):
    """Carries out runs over the documents that it was made with."""

    @property
    def capacity(self) -> int:
        """How many runs it carries out at once."""
        ...

    async def run(self, spec: RunSpec, on_event: Callable[[Event], None]) -> RunOutcome:
        """Carry out a run. Many can be under way.

        Args:
            spec: the run.
            on_event: called with its events as they happen.

        Raises:
            ExecutorFailure: no run can be carried out any more.
        """
        ...
