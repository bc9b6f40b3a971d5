"""Seals made-up texts by the published scheme, one byte at a time, for tests of the loader that opens them."""

from __future__ import annotations

import base64
import hashlib


def sealed(value: object, password: str) -> object:
    """A value with all its texts sealed."""
    if isinstance(value, str):
        key = hashlib.sha256(password.encode()).digest()
        data = value.encode()
        return base64.b64encode(bytes(byte ^ key[at % len(key)] for at, byte in enumerate(data))).decode()
    if isinstance(value, list):
        return [sealed(each, password) for each in value]
    if isinstance(value, dict):
        return {name: sealed(each, password) for name, each in value.items()}
    return value
