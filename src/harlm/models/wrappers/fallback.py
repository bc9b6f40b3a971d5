"""Another model in place of one that does not answer. Knows which failures another model can mend."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harlm.errors import BadCompletion, ModelError, ModelUnavailable, RateLimited
from harlm.events import Event, FellBack
from harlm.protocols import LanguageModel
from harlm.types import Completion, Message, Sampling


class Fallback:
    """A model, and another for when its patience is over.

    Args:
        model: asked first.
        instead: asked when nothing came of that.
        on_event: called for each change.
    """

    def __init__(
        self,
        model: LanguageModel,
        instead: LanguageModel,
        on_event: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self.name = model.name
        self.window = model.window
        self._model = model
        self._instead = instead
        self._on_event = on_event

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """A reply of either; see ``harlm.protocols.LanguageModel``.

        Raises:
            ModelError: of the second, or of the first when it is one that no other model mends.
        """
        try:
            return await self._model.complete(messages, sampling)
        except (ModelUnavailable, RateLimited, BadCompletion) as error:
            self._on_event(FellBack(model=self.name, instead=self._instead.name, error=str(error)))
            try:
                return await self._instead.complete(messages, sampling)
            except ModelError as second:
                raise second from error
