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

    Attributes:
        is_idle: whether no reply is expected.
        has_streamed: whether the latest reply is a stream of events.
    """

    is_idle = False
    has_streamed = False

    def data_received(self, data: bytes) -> None:
        if self.is_idle and len(data):  # aiohttp passes empty data to process what it has buffered
            self.close()
        else:
            super().data_received(data)

    def set_response_params(self, **settings: Any) -> None:
        self.is_idle = False
        super().set_response_params(**settings)

    def feed_data(self, data: Any, *rest: Any) -> None:  # called with the head of each reply
        self.has_streamed = data[0].headers.get("content-type", "").startswith("text/event-stream")
        super().feed_data(data, *rest)


class Connector(aiohttp.TCPConnector):
    """Makes connections of this kind, and marks them as idle between requests. Without TLS, none is used again after a stream:
    llama.cpp says that it keeps the connection, and closes it when the next request may be under way. A new one costs
    next to nothing.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._factory = functools.partial(_Connection, loop=self._loop)  # type: ignore[assignment] # a subclass of the declared type

    def _release(self, key: Any, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        if isinstance(protocol, _Connection):
            protocol.is_idle = True
            should_close |= protocol.has_streamed and not key.is_ssl
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
