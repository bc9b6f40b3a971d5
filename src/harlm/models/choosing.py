"""Makes the model that a user chose by name, as an object, or as a callable.

Adapters are imported when they are chosen: the import of aiohttp alone takes a quarter of a second.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from harlm.config import Config, ModelSettings
from harlm.errors import ConfigError
from harlm.home import models_folder
from harlm.models.access import Access, Endpoint
from harlm.models.batches.collecting import BatchedModel
from harlm.models.batches.models import BatchedModels
from harlm.models.brought import brought_model, is_model
from harlm.models.names import CUSTOM_WINDOW, PROVIDERS, ModelName, parse_model_name
from harlm.models.wrappers import Layers
from harlm.protocols import LanguageModel, TokenCounter

if TYPE_CHECKING:
    from harlm.models.remote import RemoteModel

ModelChoice = str | LanguageModel | Callable[..., object]
"""How a user names a model: by name, as a model, or as any callable."""

WindowOf = Callable[[str], int | None]
"""The window of a provider's model by its full name, in tokens; ``None`` if it is unknown."""


class ModelMaker:
    """Makes the models of one run.

    Args:
        settings: the ``[models]`` settings.
        access: gives the endpoints of models that need a network.
        layers: the call layer, with which these models are registered.
        window_of: looks up windows in the price list.
        weights: the folder of model files; by default that of the platform's home.
        batches: takes the models whose calls can be made in batches; ``None`` if none is.

    Attributes:
        named: the full names of all models made so far, in order.
    """

    def __init__(
        self,
        settings: ModelSettings,
        access: Access,
        layers: Layers,
        window_of: WindowOf,
        weights: Path | None = None,
        batches: BatchedModels | None = None,
    ) -> None:
        self._settings = settings
        self._access = access
        self._layers = layers
        self._window_of = window_of
        self._weights = weights
        self._batches = batches
        self._identities: dict[int, str] = {}
        self._counters: dict[str, TokenCounter] = {}
        self.named: list[str] = []

    async def make(self, choice: ModelChoice) -> LanguageModel:
        """The model that a user chose.

        Raises:
            ConfigError: the choice is not a model, its name is not valid, its key is missing, or it needs a
                network and the run is offline.
        """
        model = await self._make(choice)
        self.named.append(model.name)
        return model

    async def _make(self, choice: ModelChoice) -> LanguageModel:
        if isinstance(choice, str):
            return await self._make_named(parse_model_name(choice))
        if is_model(choice):
            return choice
        if callable(choice):
            from harlm.models.function import FunctionModel

            model = FunctionModel(choice)  # type: ignore[arg-type] # its results are checked at each call
            self._access.at_the_end(model.close)
            return model
        raise ConfigError(
            f"{choice!r} is not a model: give a name, a callable, or an object with name, window and complete"
        )

    async def _make_named(self, name: ModelName) -> LanguageModel:
        if name.is_brought:
            return self._made_elsewhere(name)
        if name.provider == "offline":
            from harlm.models.offline import ExtractiveModel

            return ExtractiveModel()
        if name.provider == "local":
            return await self._make_local(name)
        if self._settings.offline:
            raise ConfigError(
                f"{name.full} needs a network, and the run is offline; use {PROVIDERS['offline'].example!r} "
                "or leave out --offline (HARLM_OFFLINE)"
            )
        endpoint = await self._access.endpoint(name)
        listed = None if endpoint.is_custom else self._window_of(name.full)
        window = self._settings.window or default_window(name, listed, is_custom=endpoint.is_custom)
        model = _adapter(endpoint, window, PROVIDERS[name.provider].protocol)
        self._layers.add(model, endpoint.base_url, key=endpoint.key)
        if self._batches is not None and PROVIDERS[name.provider].has_batches:
            self._batches.add(model, _batched(model))
        self._identities[id(model)] = f"{name.full} at {endpoint.base_url}"
        return model

    def _made_elsewhere(self, name: ModelName) -> LanguageModel:
        brought = brought_model(name, self._settings)
        if brought.identity is not None:
            self._identities[id(brought.model)] = brought.identity
        self._access.at_the_end(getattr(brought.model, "close", _nothing))
        return brought.model

    async def _make_local(self, name: ModelName) -> LanguageModel:
        from harlm.models.local.chat import open_local

        folder = models_folder(Config()) if self._weights is None else self._weights
        opened = await open_local(name, self._settings.window, folder, self._access)
        self._layers.add(opened.model, opened.base_url, slots=opened.plan.slots)
        self._identities[id(opened.model)] = opened.identity
        self._counters[name.full] = opened.counter
        return opened.model

    def counter_of(self, name: str) -> TokenCounter | None:
        """The token counter of a model made so far, by its full name; ``None`` if it brings none."""
        return self._counters.get(name)

    def identity_of(self, model: LanguageModel) -> str | None:
        """The name and address of a model, under which its replies can be reused in this run and in others.
        ``None`` for models given as objects, which have no lasting name, and for the offline model, whose
        calls cost nothing.
        """
        return self._identities.get(id(model))


def _batched(model: RemoteModel) -> BatchedModel:
    """A model that is asked in batches."""
    from harlm.models.anthropic import AnthropicMessages
    from harlm.models.batches.anthropic import AnthropicBatches
    from harlm.models.batches.openai import OpenAIBatches

    is_of_anthropic = isinstance(model, AnthropicMessages)
    return BatchedModel(model, AnthropicBatches(model) if is_of_anthropic else OpenAIBatches(model))


def _adapter(endpoint: Endpoint, window: int, protocol: str) -> RemoteModel:
    match protocol:
        case "anthropic":
            from harlm.models.anthropic import AnthropicMessages

            return AnthropicMessages(endpoint, window)
        case "gemini":
            from harlm.models.gemini import GeminiContent

            return GeminiContent(endpoint, window)
        case _:
            from harlm.models.openai import OpenAIChat

            return OpenAIChat(endpoint, window)


def default_window(name: ModelName, listed: int | None, *, is_custom: bool) -> int:
    """The tokens that fit into a model whose window was not set.

    Args:
        name: the model.
        listed: its window in the price list, in tokens; None if it is not listed.
        is_custom: whether the user named the address, so that the provider's defaults do not apply.
    """
    if listed is not None:
        return listed
    return CUSTOM_WINDOW if is_custom else PROVIDERS[name.provider].window


def _nothing() -> None:
    """What is done at the end for a model that has nothing to close."""
