"""The models of an ``RLM``: the root, the one for sub-calls, and what holds for both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harlm.compat.rlms.backends import BackendModel, backend_model
from harlm.compat.rlms.options import RLMOptions
from harlm.errors import ConfigError


def chosen_models(options: RLMOptions) -> tuple[BackendModel, BackendModel | None]:
    """The root model, and the one for sub-calls if there is another. The settings of the root hold for both.

    Raises:
        ConfigError: an argument that HARLM does not have, or one that would differ between the two.
    """
    root = backend_model(
        options.backend, _sampled(options.backend_kwargs, options.sampling_args), "backend_kwargs"
    )
    backends, others = options.other_backends or (), options.other_backend_kwargs or ()
    if len(backends) != len(others) or len(backends) > 1:
        raise ConfigError(
            "other_backends and other_backend_kwargs: give one of each, for the model of sub-calls"
        )
    own = others[0] if others else options.backend_kwargs
    backend = backends[0] if backends else options.backend
    sub = backend_model(backend, _sampled(own, options.sub_sampling_args), "other_backend_kwargs")
    for name, value in sub.settings.items():
        if root.settings.get(name) != value:
            raise ConfigError(
                f"{name} = {value!r} for sub-calls: HARLM has one for all models; set it for the root alone"
            )
    if sub.api_key and (sub.api_key, sub.address) != (root.api_key, root.address):
        raise ConfigError(
            "other_backend_kwargs has a key of its own: put it into the variable of its provider instead"
        )
    return root, sub if backends else None


def _sampled(arguments: Mapping[str, Any] | None, sampling: Mapping[str, Any] | None) -> dict[str, Any]:
    """The arguments of a backend with more of its ``sampling_args``."""
    given = dict(arguments or {})
    return given | {"sampling_args": {**(given.get("sampling_args") or {}), **(sampling or {})}}
