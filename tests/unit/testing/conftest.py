"""No server leaves a socket or a thread behind."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    before = _sockets(), _threads()
    yield
    assert (_sockets(), _threads()) == before


def _threads() -> set[threading.Thread]:
    """All threads but those that earlier tests have left alone (``harlm.threads.alone``): they end when they end."""
    return {each for each in threading.enumerate() if each.name != "harlm-work"}


def _sockets() -> set[str]:
    try:
        names = os.listdir("/proc/self/fd")  # noqa: PTH208 - names only, and some are gone when looked at
    except OSError:
        return set()  # not Linux
    found = set()
    for name in names:
        try:
            found.add(os.readlink(f"/proc/self/fd/{name}"))  # noqa: PTH115 - as above
        except OSError:
            continue
    return {each for each in found if each.startswith("socket:")}
