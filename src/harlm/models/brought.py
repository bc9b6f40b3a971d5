"""Models that other installed packages bring: ``acme/NAME``, where the entry point ``acme`` of ``harlm.models`` makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeGuard

from harlm.config import ModelSettings
from harlm.errors import ConfigError
from harlm.extensions import made, wrong
from harlm.models.names import ModelName
from harlm.protocols import LanguageModel

_KIND: Final = "models"


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtModel:
    """A model of a package.

    Attributes:
        model: the model.
        identity: under which its replies are kept for later runs; ``None`` if they must not be.
    """

    model: LanguageModel
    identity: str | None


def brought_model(name: ModelName, settings: ModelSettings) -> BroughtModel:
    """The model that a package makes of a name.

    Args:
        name: the name; its provider is that of an entry point.
        settings: the ``[models]`` settings, without the key of HARLM, which belongs to another provider.

    Raises:
        ConfigError: it cannot be made, is no model, or needs a network and the run is offline.
    """
    model = made(_KIND, name.provider, name.name, without_key(settings))
    if not is_model(model):
        raise wrong(
            _KIND,
            name.provider,
            f"made a {type(model).__name__}, and must make a model with name, window and complete",
        )
    if model.name != name.full:
        raise wrong(
            _KIND,
            name.provider,
            f"made a model with the name {model.name!r}, and must give it the name {name.full!r}",
        )
    refuse_offline(name.full, model, settings)
    identity = getattr(model, "identity", None)
    return BroughtModel(model=model, identity=None if identity is None else f"{name.full} at {identity}")


def without_key(settings: ModelSettings) -> ModelSettings:
    """Settings for a part that is not HARLM's own."""
    from msgspec.structs import replace

    return replace(settings, api_key=None)


def refuse_offline(name: str, part: object, settings: ModelSettings) -> None:
    """Refuse a part that may need a network in a run that is offline.

    Args:
        name: of the part.
        part: what a package made; it says ``needs_network = False`` if it needs none.
        settings: whether the run is offline.

    Raises:
        ConfigError: it may need one.
    """
    if settings.offline and getattr(part, "needs_network", True):
        raise ConfigError(
            f"{name} needs a network, and the run is offline; use another one, or leave out --offline (HARLM_OFFLINE)"
        )


def is_model(choice: object) -> TypeGuard[LanguageModel]:
    """Whether an object has the attributes of a ``LanguageModel``."""
    return all(hasattr(choice, name) for name in ("complete", "name", "window"))
