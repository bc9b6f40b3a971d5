"""A model that the reference package ``rlms`` names by a backend and its arguments, as HARLM names it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harlm.errors import ConfigError

_VERCEL = "https://ai-gateway.vercel.sh/v1"
_PROVIDERS = {each: each for each in ("openai", "openrouter", "anthropic", "gemini")}
_PROVIDERS |= {"vllm": "openai", "vercel": "openai"}
_SETTINGS = {"timeout": "models.timeout_s", "max_retries": "models.retries"}
_SAMPLING = {"temperature": "models.temperature", "seed": "engine.seed"}


@dataclass(frozen=True, slots=True)
class BackendModel:
    """A model: HARLM's name of it and the backend's own, the provider and its address, its key, and settings by dotted name."""

    name: str
    own_name: str
    address: tuple[str, str | None]
    api_key: str | None = field(default=None, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)


def backend_model(backend: str, arguments: Mapping[str, Any] | None, where: str) -> BackendModel:
    """The model of a backend; ``where`` its arguments stand is named in errors.

    Raises:
        ConfigError: HARLM does not know the backend, or an argument.
    """
    if backend not in _PROVIDERS:
        raise ConfigError(f"backend {backend!r} cannot be used with HARLM; use {', '.join(_PROVIDERS)}")
    given = {name: value for name, value in (arguments or {}).items() if value is not None}
    own = str(given.pop("model_name", "gemini-2.5-flash" if backend == "gemini" else ""))
    address = given.pop("base_url", _VERCEL if backend == "vercel" else None)
    key = given.pop("api_key", os.environ.get("AI_GATEWAY_API_KEY") if backend == "vercel" else None)
    sampling = {name: value for name, value in given.pop("sampling_args", {}).items() if value is not None}
    _refuse(given.keys() - _SETTINGS.keys(), where)
    _refuse(sampling.keys() - _SAMPLING.keys(), f"sampling_args in {where}")
    if not own or (backend == "vllm" and not address):
        raise ConfigError(
            f"{where} of backend {backend!r} has no {'base_url' if own else 'model_name'}; add it"
        )
    settings = {_SETTINGS[name]: value for name, value in given.items()}
    settings |= {_SAMPLING[name]: value for name, value in sampling.items()}
    name = f"{_PROVIDERS[backend]}/{own}" + (f"@{address}" if address else "")
    return BackendModel(name, own, (_PROVIDERS[backend], address), key, settings)


def _refuse(names: Iterable[str], where: str) -> None:
    """Refuse arguments that would have an effect, and that HARLM does not have."""
    if named := ", ".join(sorted(names)):
        raise ConfigError(f"{where}: HARLM has no {named}; leave it out")
