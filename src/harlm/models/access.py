"""The address, key and connections of a named model. No key is sent to two addresses."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harlm.config import ModelSettings, is_address
from harlm.errors import ConfigError
from harlm.models.addresses import base_of, is_azure
from harlm.models.names import PROVIDERS, ModelName
from harlm.models.request_form import RequestForm, form_for

if TYPE_CHECKING:
    from harlm.models.http import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The address of a model, and what is needed to send requests to it.

    Attributes:
        name: the full name, such as ``openai/gpt-5``.
        model: the server's own name of the model.
        base_url: the address, without a slash at its end and without the path of a request.
        key: the key; ``None`` for a server that needs none.
        key_hint: the variable that the key comes from or would come from, for error messages.
        is_custom: whether the user named the address.
        may_learn_window: whether the window that the server states replaces the assumed one.
        form: what requests look like; shared by all that is sent to this model in a run.
        transport: sends the requests.
    """

    name: str
    model: str
    base_url: str
    key: str | None = None
    key_hint: str = "HARLM_API_KEY"
    is_custom: bool = False
    may_learn_window: bool = False
    form: RequestForm = field(default_factory=RequestForm)
    transport: Transport

    @property
    def is_azure(self) -> bool:
        """Whether the address is one of Azure OpenAI, which takes its key in a header of its own."""
        return is_azure(self.base_url)


class Access:
    """The endpoints of one run.

    Args:
        settings: addresses, HARLM's own key, and the limits of connections.
        variables: environment variables, in which the providers' keys are looked up.
        cleanup: the stack that closes the connections at the end of the run.
    """

    def __init__(
        self, settings: ModelSettings, variables: Mapping[str, str], cleanup: AsyncExitStack
    ) -> None:
        self._settings = settings
        self._variables = variables
        self._cleanup = cleanup
        self._transport: Transport | None = None
        self._home = settings.base_url and base_of(settings.base_url, "openai")
        self._forms: dict[tuple[str, str], RequestForm] = {}

    @property
    def secrets(self) -> list[str | None]:
        """All keys that are set, which must not appear in a trace."""
        names = [name for provider in PROVIDERS.values() for name in provider.key_variables]
        return [self._settings.api_key, *map(self._variables.get, names)]

    def at_the_end(self, close: Callable[[], object]) -> None:
        """Call ``close``, which may be async, at the end of the run."""

        async def closed() -> None:
            if inspect.isawaitable(ending := close()):
                await ending

        self._cleanup.push_async_callback(closed)

    async def endpoint(self, name: ModelName) -> Endpoint:
        """The endpoint of a model.

        Raises:
            ConfigError: its key is missing, or the address of its provider is not valid.
        """
        base_url, is_custom = self._address(name)
        self._home = self._home or base_url
        key, hint = self._key(name, base_url, is_custom=is_custom)
        return Endpoint(
            name=name.full,
            model=name.name.removeprefix("models/").partition(":")[0]
            if name.provider == "gemini"
            else name.name,
            base_url=base_url,
            key=key,
            key_hint=hint,
            is_custom=is_custom,
            may_learn_window=is_custom and self._settings.window is None,
            form=self._forms.setdefault((base_url, name.name), form_for(base_url)),
            transport=await self._connections(),
        )

    async def loopback(self, name: ModelName, model: str, base_url: str, key: str) -> Endpoint:
        """The endpoint of a server that HARLM has started: reached without a proxy.

        Args:
            name: as the user wrote it.
            model: the server's own name of the model.
            base_url: of the server.
            key: that it demands.
        """
        from harlm.models.http import Transport

        transport = await self._cleanup.enter_async_context(Transport(self._settings, is_direct=True))
        return Endpoint(
            name=name.full,
            model=model,
            base_url=base_url,
            key=key,
            key_hint="(made by HARLM)",
            is_custom=True,
            may_learn_window=True,
            form=self._forms.setdefault((base_url, model), form_for(base_url)),
            transport=transport,
        )

    def _address(self, name: ModelName) -> tuple[str, bool]:
        """The address of a model, and whether the user named it."""
        provider = PROVIDERS[name.provider]
        address, is_custom = self._pasted_address(name)
        base = base_of(address, provider.protocol)
        if is_custom and name.provider == "ollama" and not base.endswith("/v1"):
            base = f"{base_of(base, 'ollama')}/v1"
        return base, is_custom

    def _pasted_address(self, name: ModelName) -> tuple[str, bool]:
        provider = PROVIDERS[name.provider]
        if name.base_url:
            return name.base_url, True
        if name.provider == "openai" and self._settings.base_url:
            return self._settings.base_url, True
        if provider.url_variable and (address := self._variables.get(provider.url_variable, "").strip()):
            if "://" not in address:
                address = f"http://{address}"
            if not is_address(address):
                raise ConfigError(
                    f"{provider.url_variable} = {address!r} is not a valid address: use http://host:port"
                )
            return address, True
        return provider.base_url, False

    def _key(self, name: ModelName, base_url: str, *, is_custom: bool) -> tuple[str | None, str]:
        """The key for a model, and where it comes from. A provider's own key goes only to that provider.
        HARLM's own key goes to ``models.base_url`` or, if that is not set, to the address of the first model.
        """
        provider = PROVIDERS[name.provider]
        if self._settings.api_key and base_url == self._home:
            return _bare(self._settings.api_key), "HARLM_API_KEY (models.api_key)"
        own_address = not is_custom or (
            provider.url_variable is not None and name.base_url is None and not self._settings.base_url
        )
        for variable in provider.key_variables if own_address else ():
            if key := self._variables.get(variable, "").strip():
                return _bare(key), variable
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


def _bare(key: str) -> str:
    """A key as it is sent: without blanks around it, and without the ``Bearer`` that was pasted with it."""
    key = key.strip()
    return key[7:].strip() if key[:7].lower() == "bearer " else key
