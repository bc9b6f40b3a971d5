"""Connections that a server spoils. Sharing of connections is in ``test_http``."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from harlm.errors import ConfigError
from harlm.models.connections import certificates


def test_the_trust_store_of_the_system_is_used() -> None:
    context = certificates(None)
    assert context is certificates(None), "it is loaded once"
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_bundle_without_certificates_is_an_error(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    with pytest.raises(ConfigError, match="holds no certificates"):
        certificates(str(empty))
