"""Opens rows of BrowseComp-Plus in memory, by the scheme that its authors published. Writes nothing.

Source: Chen et al., BrowseComp-Plus, arXiv 2508.06600. Each text is XORed with the SHA-256 of a password, again and again,
and then put into Base64, so that the data does not stand in plain text where crawlers find it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Set


def opened(value: object, password: str, plain: Set[str]) -> object:
    """A value with all its texts opened, but those under the keys ``plain``.

    Raises:
        ValueError: a text is not sealed with this password.
    """
    if isinstance(value, str):
        return _opened_text(value, password)
    if isinstance(value, list):
        return [opened(each, password, plain) for each in value]
    if isinstance(value, dict):
        return {key: each if key in plain else opened(each, password, plain) for key, each in value.items()}
    return value


def _opened_text(text: str, password: str) -> str:
    try:
        sealed = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("it is no Base64") from error
    size = len(sealed)
    key = hashlib.sha256(password.encode()).digest()
    stream = (key * (size // len(key) + 1))[:size]
    # As integers, since bytes have no XOR and a loop over them takes a hundred times as long.
    plain = int.from_bytes(sealed, "big") ^ int.from_bytes(stream, "big")
    try:
        return plain.to_bytes(size, "big").decode()
    except UnicodeDecodeError as error:
        raise ValueError("the password is another one") from error
