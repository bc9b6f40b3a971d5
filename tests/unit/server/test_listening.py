"""Where a server listens, and who may reach it."""

from __future__ import annotations

from contextlib import closing

import pytest

from harlm.errors import ConfigError
from harlm.server.listening import address_of, is_loopback, socket_at


@pytest.mark.parametrize(
    ("host", "is_here"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True)]
    + [
        (each, False) for each in ("0.0.0.0", "::", "192.168.1.7", "example.com", "localhost.example.com", "")
    ],
)
def test_a_loopback_is_known(host: str, *, is_here: bool) -> None:
    assert is_loopback(host) is is_here


def test_an_address_can_be_opened() -> None:
    with closing(socket_at("127.0.0.1", 0, has_keys=False)) as listening:
        assert address_of(listening) == f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_other_machines_are_served_with_keys_only(host: str) -> None:
    with pytest.raises(ConfigError, match="HARLM_SERVER_API_KEY"):
        socket_at(host, 0, has_keys=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
def test_this_machine_is_served_without(host: str) -> None:
    with closing(socket_at(host, 0, has_keys=False)) as listening:
        assert listening.getsockname()[1] > 0


def test_with_keys_any_address_may_be_taken() -> None:
    with closing(socket_at("0.0.0.0", 0, has_keys=True)) as listening:
        assert listening.getsockname()[0] == "0.0.0.0"


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "x" * 300])
def test_an_address_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match="--host"):
        socket_at(host, 0, has_keys=True)


def test_a_port_that_is_taken_is_told() -> None:
    with closing(socket_at("127.0.0.1", 0, has_keys=False)) as listening:
        taken = listening.getsockname()[1]
        with pytest.raises(ConfigError, match="--port"):
            socket_at("127.0.0.1", taken, has_keys=False)
