"""Connections to model providers, of a kind that never takes late data for the reply to the next request."""

from __future__ import annotations

import functools
import ssl
from functools import lru_cache
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

from harlm.errors import ConfigError


class _Connection(ResponseHandler):
    """A connection that is closed when data arrives on it while no reply is expected. aiohttp would keep the
    data, and take it for the reply to the next request.
    """

    is_idle = False

    def data_received(self, data: bytes) -> None:
        if self.is_idle and len(data):  # aiohttp passes empty data to process what it has buffered
            self.close()
        else:
            super().data_received(data)

    def set_response_params(self, **settings: Any) -> None:
        self.is_idle = False
        super().set_response_params(**settings)


class Connector(aiohttp.TCPConnector):
    """Makes connections of this kind, and marks them as idle between requests."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._factory = functools.partial(_Connection, loop=self._loop)  # type: ignore[assignment] # a subclass of the declared type

    def _release(self, key: Any, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        if isinstance(protocol, _Connection):
            protocol.is_idle = True
        super()._release(key, protocol, should_close=should_close)


@lru_cache(maxsize=4)
def certificates(bundle: str | None) -> ssl.SSLContext:
    """The trust store of the system, and in addition the certificates in ``bundle``."""
    import truststore

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if bundle is not None:
        if not Path(bundle).is_file():
            raise ConfigError(f"models.ca_bundle = {bundle!r} is not a file; give a PEM file of certificates")
        try:
            context.load_verify_locations(cafile=bundle)
        except ssl.SSLError as error:
            raise ConfigError(f"models.ca_bundle = {bundle!r} holds no certificates: {error}") from error
    return context
