"""A model that has only the replies that a run's journal keeps. It sends no request."""

from __future__ import annotations

from collections.abc import Sequence

from harlm.errors import ModelUnavailable
from harlm.types import Completion, Message, ModelDescription, Sampling


class RecordedModel:
    """Stands in for a model of a run that is replayed. A ``harlm.protocols.LanguageModel``.

    Args:
        name: its full name.
        window: tokens that fit, as far as the run knew it at first.
        description: what its server said of it; ``None`` if it was not asked.
    """

    def __init__(self, name: str, window: int, description: ModelDescription | None = None) -> None:
        self.name = name
        self.window = window
        self.description: ModelDescription | None = None
        self._said = description

    @property
    def seems_local(self) -> bool:
        """Whether its server was asked what it is."""
        return self._said is not None

    async def describe(self) -> ModelDescription:
        """What its server said."""
        self.description = self._said or ModelDescription()
        if self.description.window is not None:
            self.window = self.description.window
        return self.description

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """No reply: the journal would have had it.

        Raises:
            ModelUnavailable: always.
        """
        raise ModelUnavailable("the journal of this run has no reply to this call", model=self.name)
