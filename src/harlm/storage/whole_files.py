"""Writes small files whole or not at all, with access for their owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from harlm.open_flags import BINARY


def write_whole(path: Path, data: bytes) -> None:
    """Write a file (mode 0600) in place of an earlier one, whole or not at all. Its folder is made if it is missing.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        opened = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, 0o600)
        with os.fdopen(opened, "wb") as file:
            file.write(data)
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
