"""A model that is asked in a batch first, and itself if no reply comes of that."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harlm.errors import BadCompletion, ModelUnavailable, RateLimited
from harlm.events import Event, Noted
from harlm.models.batches.collecting import NotInBatch
from harlm.protocols import LanguageModel
from harlm.types import Completion, Message, Sampling


class CheapestFirst:
    """Two ways to the same model.

    Args:
        batched: asked first. It pays the price of batches, and is refunded what costs nothing.
        direct: asked if no reply came. It pays the full price, and tries as often as any call.
        on_event: called for what the user should know.
    """

    def __init__(
        self, batched: LanguageModel, direct: LanguageModel, on_event: Callable[[Event], None]
    ) -> None:
        self.name = direct.name
        self.window = direct.window
        self._batched = batched
        self._direct = direct
        self._on_event = on_event

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """The reply of either; see ``harlm.protocols.LanguageModel``.

        Raises:
            ModelError: a refusal that another request would not avoid, or the failure of the second way.
        """
        try:
            completion = await self._batched.complete(messages, sampling)
            if completion.text or completion.stop != "end":
                return completion
        except NotInBatch as error:
            if error.note:
                self._on_event(Noted(message=error.note))
        except (ModelUnavailable, RateLimited, BadCompletion):
            pass
        return await self._direct.complete(messages, sampling)
