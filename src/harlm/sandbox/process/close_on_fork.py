"""Sockets, and files that work like them, that are closed in every process that this one forks. While a copy
of one is open in any process, the zygote or worker at its other end does not notice that the host has ended.
"""

from __future__ import annotations

import os
import socket
from io import FileIO
from weakref import WeakSet

_OWN: WeakSet[socket.socket | FileIO] = WeakSet()


def keep_to_this_process(own: socket.socket | FileIO) -> None:
    """Close ``own`` in every process that this one forks."""
    _OWN.add(own)


def _close_all() -> None:
    for own in _OWN:
        own.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_all)
