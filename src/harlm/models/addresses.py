"""The addresses of servers as people paste them: with the path of one request at the end, or with a query."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import urlsplit, urlunsplit

from harlm.patterns import lazy_pattern

_ENDINGS = {
    "openai": lazy_pattern(
        r"(?:/chat/completions)*+(?:/(?:chat/completions|completions|chat|embeddings|responses))?\Z",
        re.IGNORECASE,
    ),
    "ollama": lazy_pattern(r"/api(?:/(?:chat|generate|tags))?\Z"),
    "anthropic": lazy_pattern(r"(?:/v1)?(?:/messages(?:/count_tokens)?|/complete)?\Z"),
    "gemini": lazy_pattern(r"/models(?:/[^/]++)?\Z"),
}
_AZURE = ("openai.azure.com", "cognitiveservices.azure.com", "services.ai.azure.com")


@lru_cache(maxsize=64)
def base_of(address: str, protocol: str) -> str:
    """The address without the path of a request and without a slash at its end. A query stays.

    Args:
        address: as the user gave it.
        protocol: ``openai``, ``anthropic`` or ``gemini``.
    """
    parts = urlsplit(address)
    path = parts.path.rstrip("/")
    if (ending := _ENDINGS.get(protocol)) is not None:
        path = ending.sub("", path).rstrip("/")
    if protocol == "openai" and re.search(r"/api/(?:chat|generate)\Z", parts.path):
        path = f"{_ENDINGS['ollama'].sub('', parts.path)}/v1"  # of Ollama's own protocol
    if protocol == "openai" and not parts.query:
        path = path.removesuffix("/models")  # with a query it is Azure's own path
    query = "&".join(each for each in parts.query.split("&") if each and not each.startswith("alt="))
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


@lru_cache(maxsize=256)
def joined(base_url: str, path: str) -> str:
    """``path`` after the path of an address, before its query.

    Args:
        base_url: the address.
        path: begins with a slash; may bring a query of its own.
    """
    if "?" not in base_url:
        return f"{base_url}{path}"
    base, _, query = base_url.partition("?")
    path, _, more = path.partition("?")
    return f"{base.rstrip('/')}{path}?{'&'.join(each for each in (query, more) if each)}"


def is_azure(base_url: str) -> bool:
    """Whether an address is one of Azure OpenAI, which takes its key in a header of its own."""
    parts = urlsplit(base_url)
    return (parts.hostname or "").endswith(_AZURE) or "api-version=" in parts.query


def is_near(base_url: str) -> bool:
    """Whether an address is one of this machine or of a private network, where people run servers of their own."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return bool(host) and ("." not in host or host.endswith((".local", ".internal")))
