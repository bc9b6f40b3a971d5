"""Where a server listens: on this machine only, unless its clients need keys."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import suppress

from harlm.errors import ConfigError

KEYS = "HARLM_SERVER_API_KEY"
"""The environment variable with the keys of clients, separated by commas."""

_BACKLOG = 2048
_UNREAD_MS = 180_000  # for which what was sent may stay unread before the system closes the connection


def socket_at(host: str, port: int, *, has_keys: bool) -> socket.socket:
    """A socket that listens there.

    Args:
        host: a name or an address of this machine.
        port: 0 for any that is free.
        has_keys: whether clients need a key; without, only this machine is served.

    Raises:
        ConfigError: others could connect without a key, or it cannot listen there.
    """
    if not (has_keys or is_loopback(host)):
        raise ConfigError(
            f"{host!r} can be reached from other machines, and anyone there could spend your money and read your files; set {KEYS} to long "
            "random keys (separated by commas), one of which each client sends as a bearer token, or use --host 127.0.0.1"
        )
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
        )[0]
        # asyncio sends without delay only where the socket is TCP by name: each reply would wait 40 ms for the client's acknowledgement.
        listening = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise ConfigError(
            f"{host!r} is not an address of this machine ({error}); give one with --host"
        ) from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_MS)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise ConfigError(
            f"the server cannot listen on {host}:{port} ({error.strerror}); choose another --port or --host"
        ) from error
    return listening


def address_of(listening: socket.socket) -> str:
    """Where clients find a socket, such as ``http://127.0.0.1:8642``."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
