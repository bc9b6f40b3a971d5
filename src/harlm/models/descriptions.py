"""What a server says about a model when it is asked: the list of its models, and llama.cpp's properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harlm.models.addresses import joined
from harlm.models.lenient import UNREADABLE, a_count, a_list, a_number, an_object, decoded, first
from harlm.types import ModelDescription

if TYPE_CHECKING:
    from harlm.models.access import Endpoint

_WINDOWS = (
    "n_ctx",
    "max_model_len",
    "context_length",
    "context_window",
    "max_context_length",
    "loaded_context_length",
)
_LEAST_WINDOW = 256  # tokens; a smaller one is no window
_SIZES = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


async def ask_description(endpoint: Endpoint, headers: Mapping[str, str]) -> ModelDescription:
    """What the server of an endpoint says about its model. Silence and nonsense count as nothing said."""
    listed = an_object(_json(await endpoint.transport.get(joined(endpoint.base_url, "/models"), headers)))
    entry = _entry(a_list(first(listed, "data", "models")), endpoint.model)
    window, parameters = _window(entry), _parameters(entry)
    if window is None:
        root = endpoint.base_url.partition("?")[0].removesuffix("/v1")
        props = an_object(_json(await endpoint.transport.get(f"{root}/props", headers)))
        window = _window(an_object(props.get("default_generation_settings"))) or _window(props)
    return ModelDescription(window=window, parameters=parameters)


def _json(data: bytes) -> Any:
    try:
        return decoded(data) if data else None
    except UNREADABLE:
        return None


def _entry(models: list[Any], name: str) -> Mapping[str, Any]:
    """The entry of a model; that of the only one, since servers of one model take any name."""
    known = [each for each in models if isinstance(each, dict)]
    for each in known:
        if name in (each.get("id"), each.get("name"), each.get("model")):
            return each
    return known[0] if len(known) == 1 else {}


def _window(entry: Mapping[str, Any]) -> int | None:
    """The window in an entry or in its ``meta``. A running server's own ``n_ctx`` precedes what the model could take."""
    for place in (an_object(entry.get("meta")), entry):
        for name in _WINDOWS:
            window = a_count(place.get(name))
            if window is not None and window >= _LEAST_WINDOW:
                return window
    return None


def _parameters(entry: Mapping[str, Any]) -> int | None:
    """How many parameters a model has: llama.cpp's number, or Ollama's and LM Studio's text such as ``1.5B``."""
    meta, details = an_object(entry.get("meta")), an_object(entry.get("details"))
    number = a_number(first(meta, "n_params"))
    if number is None:
        text = first({**details, **entry}, "parameter_size", "params", "params_string")
        size = a_number(text[:-1]) if isinstance(text, str) and text[-1:].upper() in _SIZES else None
        number = None if size is None or not isinstance(text, str) else size * _SIZES[text[-1].upper()]
    return int(number) if number is not None and number >= 1 else None
