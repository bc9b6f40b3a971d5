"""Schemathesis sends what the server's own description allows, and more: no reply is an error of the server."""

from __future__ import annotations

import subprocess

import pytest

from tests.support.clients import NO_CLIENTS, clients_python
from tests.support.served import served


@pytest.mark.skipif(clients_python() is None, reason=NO_CLIENTS)
def test_no_request_is_an_error_of_the_server() -> None:
    python = clients_python()
    assert python is not None
    command = [
        str(python.parent / "schemathesis"), "run", "URL", "--checks", "not_a_server_error", "--phases", "examples,coverage,fuzzing",
        "--max-examples", "5", "--workers", "2", "--generation-deterministic", "--suppress-health-check", "all", "--no-color",
        "--request-timeout", "30",
    ]  # fmt: skip
    with served() as server:
        command[2] = f"{server.url}/openapi.json"
        ran = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
        assert ran.returncode == 0, ran.stdout[-6_000:] + ran.stderr[-2_000:]
        assert server.is_healthy
        counted = server.call("GET", "/metrics").body.decode()
    assert 'route="chat",status="400"' in counted
    assert 'route="chat",status="404"' in counted
    assert 'route="responses",status="404"' in counted
    assert 'status="5' not in counted
