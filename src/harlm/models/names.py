"""Model names, such as ``provider/name[@base_url]``, ``local/PATH.gguf`` and ``http://host:port/v1#name``, and the providers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from harlm.config import is_address
from harlm.errors import ConfigError
from harlm.extensions import names
from harlm.patterns import lazy_pattern

Protocol = Literal["openai", "anthropic", "gemini", "local", "offline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """How the models of one provider are reached.

    Attributes:
        protocol: which adapter speaks to it.
        base_url: the default address.
        key_variables: environment variables in which its key is looked for, in this order; empty if it needs
            none.
        url_variable: an environment variable that overrides ``base_url``.
        window: tokens assumed to fit if the price list does not know the model; rather too low than too high.
        example: the full name of one of its models.
        has_batches: whether its requests can be sent in batches (``harlm.models.batches``).
    """

    protocol: Protocol
    base_url: str
    key_variables: tuple[str, ...] = ()
    url_variable: str | None = None
    window: int = 128_000
    example: str = ""
    has_batches: bool = False


PROVIDERS: Mapping[str, Provider] = {
    "openai": Provider(
        protocol="openai",
        base_url="https://api.openai.com/v1",
        key_variables=("OPENAI_API_KEY",),
        url_variable="OPENAI_BASE_URL",
        example="openai/gpt-5",
        has_batches=True,
    ),
    "anthropic": Provider(
        protocol="anthropic",
        base_url="https://api.anthropic.com",
        key_variables=("ANTHROPIC_API_KEY",),
        url_variable="ANTHROPIC_BASE_URL",
        window=200_000,
        example="anthropic/claude-haiku-4-5",
        has_batches=True,
    ),
    "gemini": Provider(
        protocol="gemini",
        base_url="https://generativelanguage.googleapis.com",
        key_variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        url_variable="GOOGLE_GEMINI_BASE_URL",
        window=1_000_000,
        example="gemini/gemini-2.5-flash",
    ),
    "openrouter": Provider(
        protocol="openai",
        base_url="https://openrouter.ai/api/v1",
        key_variables=("OPENROUTER_API_KEY",),
        example="openrouter/qwen/qwen3-coder",
    ),
    "ollama": Provider(
        protocol="openai",
        base_url="http://127.0.0.1:11434/v1",
        url_variable="OLLAMA_HOST",
        window=8_192,
        example="ollama/qwen3:8b",
    ),
    "local": Provider(protocol="local", base_url="", window=16_384, example="local/qwen2.5-coder-0.5b"),
    "offline": Provider(protocol="offline", base_url="", window=32_768, example="offline/extractive"),
}

_LOOKS_LIKE_HOST = lazy_pattern(r"(?:localhost|\d{1,3}(?:\.\d{1,3}){3})(?::\d|/|\Z)|[\w.-]+:\d{2,5}(?:/|\Z)")
CUSTOM_WINDOW = 32_768
"""Tokens assumed to fit into a model at an address that the user named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelName:
    """The parts of a model name.

    Attributes:
        full: the name that usage and messages show; without its URL, which could contain a password.
        provider: a key of ``PROVIDERS``, or the name of an extension.
        name: the provider's own name of the model.
        base_url: the address in the name, if it has one.
    """

    full: str
    provider: str
    name: str
    base_url: str | None = None

    @property
    def is_brought(self) -> bool:
        """Whether another installed package brings the model."""
        return self.provider not in PROVIDERS


def parse_model_name(text: str) -> ModelName:
    """Split a model name into its parts.

    Raises:
        ConfigError: the name is not valid; the message shows the valid forms.
    """
    text = text.strip()
    if text.startswith(("http://", "https://")):
        address, _, name = text.partition("#")
        _check_url(address, text)
        if not name:
            raise ConfigError(
                f"{text!r} names an address but no model; add the model after a #, as in {address}#name"
            )
        return ModelName(full=f"openai/{name}", provider="openai", name=name, base_url=address.rstrip("/"))
    if text.startswith("local/") and len(text) > len("local/"):
        return ModelName(
            full=text, provider="local", name=text.removeprefix("local/")
        )  # a path may have an @
    first, slash, rest = text.partition("/")
    if rest and first not in PROVIDERS and first in names("models"):
        if "://" in rest:
            raise ConfigError(
                f"model {text.partition('@')[0]!r} comes from an installed package, and takes no address in its name"
            )
        return ModelName(full=text, provider=first, name=rest)
    head, at, address = text.partition("@")
    if at and _LOOKS_LIKE_HOST.match(address):
        raise ConfigError(f"model {text!r} has an address without a scheme; write {head}@http://{address}")
    if at and "://" not in address:
        head, address = text, ""  # the @ is part of the name
    provider, slash, name = head.partition("/")
    if not slash or not name or provider not in PROVIDERS:
        raise ConfigError(
            f"model {text!r} cannot be used; write provider/name with one of {', '.join(_providers())}, "
            f"local/PATH.gguf, or http://host:port/v1#name. `harlm models` shows examples."
        )
    if provider == "offline" and name != "extractive":
        raise ConfigError(f"model {text!r} does not exist; the one offline model is 'offline/extractive'")
    if address:
        _check_url(address, text)
    return ModelName(full=head, provider=provider, name=name, base_url=address.rstrip("/") or None)


def _providers() -> list[str]:
    """The built-in providers, and those that installed packages bring."""
    return [*PROVIDERS, *(each for each in names("models") if each not in PROVIDERS)]


def _check_url(address: str, text: str) -> None:
    if not is_address(address):
        raise ConfigError(f"model {text!r} has an invalid address {address!r}: use http://host:port/v1")
