"""Model names: ``provider/name[@base_url]``, ``http://host:port/v1#name``, ``offline/extractive``. Knows providers and
their defaults; refuses to know keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from harlm.config import is_address
from harlm.errors import ConfigError

Protocol = Literal["openai", "anthropic", "gemini", "offline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """How the models of one provider are reached.

    Attributes:
        protocol: the adapter.
        base_url: the default endpoint.
        key_variables: where its key is looked for, in order; empty when it needs none.
        url_variable: a variable that overrides ``base_url``.
        window: tokens assumed to fit when nothing better is known; low rather than high.
        example: a full name.
    """

    protocol: Protocol
    base_url: str
    key_variables: tuple[str, ...] = ()
    url_variable: str | None = None
    window: int = 128_000
    example: str = ""


PROVIDERS: Mapping[str, Provider] = {
    "openai": Provider(
        protocol="openai",
        base_url="https://api.openai.com/v1",
        key_variables=("OPENAI_API_KEY",),
        url_variable="OPENAI_BASE_URL",
        example="openai/gpt-5",
    ),
    "anthropic": Provider(
        protocol="anthropic",
        base_url="https://api.anthropic.com",
        key_variables=("ANTHROPIC_API_KEY",),
        window=200_000,
        example="anthropic/claude-haiku-4-5",
    ),
    "gemini": Provider(
        protocol="gemini",
        base_url="https://generativelanguage.googleapis.com",
        key_variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
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
    "offline": Provider(protocol="offline", base_url="", window=32_768, example="offline/extractive"),
}

CUSTOM_WINDOW = 32_768
"""Tokens assumed to fit into a model at an address that the user gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelName:
    """A model name taken apart.

    Attributes:
        full: as usage and messages show it; never with a URL, which could hold a password.
        provider: a key of ``PROVIDERS``.
        name: what the provider calls it.
        base_url: the endpoint that the name itself gave, if any.
    """

    full: str
    provider: str
    name: str
    base_url: str | None = None


def parse_model_name(text: str) -> ModelName:
    """Take a model name apart.

    Raises:
        ConfigError: not a name that can be used; the message lists those that can.
    """
    if text.startswith(("http://", "https://")):
        address, _, name = text.partition("#")
        _check_url(address, text)
        if not name:
            raise ConfigError(
                f"model {text!r} does not say which model; add it after a #, as in {address}#name"
            )
        return ModelName(full=f"openai/{name}", provider="openai", name=name, base_url=address.rstrip("/"))
    head, at, address = text.partition("@")
    if at and "://" not in address:
        head, address = text, ""  # an @ that belongs to the name
    provider, slash, name = head.partition("/")
    if not slash or not name or provider not in PROVIDERS:
        raise ConfigError(
            f"model {text!r} cannot be used; write provider/name with one of {', '.join(PROVIDERS)}, or "
            f"http://host:port/v1#name. `harlm models` shows examples."
        )
    if provider == "offline" and name != "extractive":
        raise ConfigError(f"model {text!r} does not exist; the one offline model is 'offline/extractive'")
    if address:
        _check_url(address, text)
    return ModelName(full=head, provider=provider, name=name, base_url=address.rstrip("/") or None)


def _check_url(address: str, text: str) -> None:
    if not is_address(address):
        raise ConfigError(f"model {text!r} holds an address that cannot be used: {address!r}")
