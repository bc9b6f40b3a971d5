"""The models of a run, or of several, whose calls can be made in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from harlm.errors import ModelError
from harlm.events import Event
from harlm.models.batches.cheaply import CheapestFirst
from harlm.models.batches.collecting import BatchedModel
from harlm.protocols import LanguageModel
from harlm.types import Completion


class BatchedModels:
    """Implements ``harlm.engine.run.InBatches``. Calls of all runs that share it are collected together."""

    def __init__(self) -> None:
        # By id. The model is kept too, so that its id is not given to another object.
        self._known: dict[int, tuple[LanguageModel, BatchedModel]] = {}

    def add(self, model: LanguageModel, batched: BatchedModel) -> None:
        """Register a model with the way in which it is asked in batches."""
        self._known[id(model)] = (model, batched)

    def takes(self, model: LanguageModel) -> bool:
        """See ``InBatches``."""
        return id(model) in self._known and not self._batched(model).is_missing

    def around(
        self,
        model: LanguageModel,
        meter: Callable[[LanguageModel], LanguageModel],
        direct: LanguageModel,
        *,
        on_event: Callable[[Event], None],
    ) -> LanguageModel:
        """See ``InBatches``."""
        return CheapestFirst(meter(self._batched(model)), direct, on_event)

    async def replies(
        self, model: LanguageModel, batch: str, choices: Mapping[str, tuple[str, ...]]
    ) -> Mapping[str, Completion | ModelError]:
        """See ``InBatches``."""
        return await self._batched(model).replies(batch, choices)

    async def close(self) -> None:
        """Tell the providers that batches which are under way are not wanted any more."""
        await asyncio.gather(*(batched.close() for _, batched in self._known.values()))

    def _batched(self, model: LanguageModel) -> BatchedModel:
        return self._known[id(model)][1]
