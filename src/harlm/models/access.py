"""How a named model is reached: its address, the key for it, and the connections that models share. No key is sent to two addresses."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harlm.config import ModelSettings, is_address
from harlm.errors import ConfigError
from harlm.models.names import PROVIDERS, ModelName

if TYPE_CHECKING:
    from harlm.models.http import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a model answers, and how it is asked.

    Attributes:
        name: full, such as ``openai/gpt-5``.
        model: as the server calls it.
        base_url: without a slash at its end.
        key: ``None`` for a server that needs none.
        key_hint: where a key would come from, for messages.
        is_custom: whether the user named the address.
        transport: sends requests.
    """

    name: str
    model: str
    base_url: str
    key: str | None = None
    key_hint: str = "HARLM_API_KEY"
    is_custom: bool = False
    transport: Transport


class Access:
    """The endpoints of one run.

    Args:
        settings: addresses, the key that was set for HARLM, limits of connections.
        variables: the environment, in which providers' keys are looked up.
        cleanup: closes the connections.
    """

    def __init__(
        self, settings: ModelSettings, variables: Mapping[str, str], cleanup: AsyncExitStack
    ) -> None:
        self._settings = settings
        self._variables = variables
        self._cleanup = cleanup
        self._transport: Transport | None = None
        self._home = settings.base_url and settings.base_url.rstrip("/")

    @property
    def secrets(self) -> list[str | None]:
        """What no trace may hold."""
        names = [name for provider in PROVIDERS.values() for name in provider.key_variables]
        return [self._settings.api_key, *map(self._variables.get, names)]

    async def endpoint(self, name: ModelName) -> Endpoint:
        """The endpoint of a model.

        Raises:
            ConfigError: its key is missing, or the address of its provider cannot be used.
        """
        base_url, is_custom = self._address(name)
        self._home = self._home or base_url
        key, hint = self._key(name, base_url, is_custom=is_custom)
        return Endpoint(
            name=name.full,
            model=name.name,
            base_url=base_url,
            key=key,
            key_hint=hint,
            is_custom=is_custom,
            transport=await self._connections(),
        )

    def _address(self, name: ModelName) -> tuple[str, bool]:
        """Where a model is, and whether the user said so."""
        provider = PROVIDERS[name.provider]
        if name.base_url:
            return name.base_url, True
        if name.provider == "openai" and self._settings.base_url:
            return self._settings.base_url.rstrip("/"), True
        if provider.url_variable and (address := self._variables.get(provider.url_variable, "").strip()):
            if "://" not in address:
                address = f"http://{address}"
            if not is_address(address):
                raise ConfigError(
                    f"{provider.url_variable} = {address!r} is not a valid address: use http://host:port"
                )
            if name.provider == "ollama" and not address.rstrip("/").endswith("/v1"):
                address = f"{address.rstrip('/')}/v1"
            return address.rstrip("/"), True
        return provider.base_url, False

    def _key(self, name: ModelName, base_url: str, *, is_custom: bool) -> tuple[str | None, str]:
        """The key for a model, and where it comes from. A provider's own key goes to the provider, and the one that was set
        for HARLM to ``models.base_url``, else to the address of the first model.
        """
        provider = PROVIDERS[name.provider]
        if self._settings.api_key and base_url == self._home:
            return self._settings.api_key, "HARLM_API_KEY (models.api_key)"
        own_address = not is_custom or (
            provider.url_variable is not None and name.base_url is None and not self._settings.base_url
        )
        for variable in provider.key_variables if own_address else ():
            if key := self._variables.get(variable, "").strip():
                return key, variable
        if is_custom or not provider.key_variables:
            return None, "HARLM_API_KEY"
        raise ConfigError(
            f"{name.full} needs a key: set {provider.key_variables[0]} (or HARLM_API_KEY), "
            f"or use another model (`harlm models` lists them)"
        )

    async def _connections(self) -> Transport:
        if self._transport is None:
            from harlm.models.http import Transport

            self._transport = await self._cleanup.enter_async_context(Transport(self._settings))
        return self._transport
