"""Sockets that must not live on in a process that this one forks: as long as one is open anywhere, what is at its other end
believes that its host lives.
"""

from __future__ import annotations

import os
import socket
from weakref import WeakSet

_OWN: WeakSet[socket.socket] = WeakSet()


def keep_to_this_process(own: socket.socket) -> None:
    """Close it in every child of this process."""
    _OWN.add(own)


def _close_all() -> None:
    for own in _OWN:
        own.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_all)
