"""Another model in place of one that fails in a way that another model may not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harlm.errors import BadCompletion, ModelError, ModelUnavailable, RateLimited
from harlm.events import Event, FellBack
from harlm.protocols import LanguageModel
from harlm.types import Completion, Message, Sampling


class Fallback:
    """A model, and another that is asked after all attempts with the first have failed.

    Args:
        model: asked first.
        instead: asked when ``model`` is unavailable, rate limited, or does not return a completion.
        on_event: called each time that ``instead`` is asked.
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
        """The reply of either model; see ``harlm.protocols.LanguageModel``.

        Raises:
            ModelError: the failure of the second model, or one of the first that another model would not
                avoid, such as a refused key.
        """
        try:
            return await self._model.complete(messages, sampling)
        except (ModelUnavailable, RateLimited, BadCompletion) as error:
            self._on_event(
                FellBack(model=self.name, instead=self._instead.name, error=str(error), call=sampling.call)
            )
            try:
                return await self._instead.complete(messages, sampling)
            except ModelError as second:
                raise second from error
