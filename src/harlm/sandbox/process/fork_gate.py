"""Who may start a process: the host's side of seccomp's user notification (``seccomp_unotify(2)``). A process of a run that
forks stands still until this file has decided. Knows process ids; refuses every start that was not ordered.

It decides in a thread of its own: a notice that is gone again before it is fetched (a cell can arrange that with a timer)
makes the fetching call wait for the next one, whatever flags the descriptor has, and the host must not wait with it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import struct
import threading
from collections import Counter

_RECEIVE, _SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV, _SEND
_NOTICE = 80  # bytes of struct seccomp_notif: id, pid, flags, data
_LAST_S = 0.2
_CONTINUE = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE; safe here: what was checked are registers, not memory


class Gate:
    """Lets through as many starts as were ordered of each process.

    Args:
        listener: the descriptor that came with the filter; it is closed with the gate.
        always: a process that may start others whenever it likes: the run's zygote, which runs no cell.
    """

    def __init__(self, listener: int, *, always: int | None = None) -> None:
        self._listener = listener
        self._always = always
        self._ordered: Counter[int] = Counter()
        self._deciding = threading.Lock()
        self._asleep, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._serve, name="harlm-gate", daemon=True)
        self._thread.start()

    def order(self, pid: int) -> None:
        """One start of ``pid`` is to be let through."""
        with self._deciding:
            self._ordered[pid] += 1

    def revoke(self, pid: int) -> bool:
        """What was ordered of ``pid`` must not happen any more; whether it had not yet."""
        with self._deciding:
            return self._ordered.pop(pid, 0) > 0

    def _serve(self) -> None:
        waiting = select.poll()
        waiting.register(self._listener, select.POLLIN)
        waiting.register(self._asleep, select.POLLIN)
        while True:
            ready = dict(waiting.poll())
            if self._asleep in ready or ready.get(self._listener, 0) & ~select.POLLIN:
                break  # closed here, or nobody is left to ask
            self._decide()
        os.close(self._listener)
        os.close(self._asleep)

    def _decide(self) -> None:
        notice = bytearray(_NOTICE)
        try:
            fcntl.ioctl(self._listener, _RECEIVE, notice)
        except OSError:
            return  # the process is gone, or a signal came between and it asks again
        key, pid = struct.unpack_from("=QI", notice)
        with self._deciding:
            was_ordered = self._ordered[pid] > 0
            if was_ordered or pid == self._always:
                self._ordered[pid] -= was_ordered
                answer = struct.pack("=QqiI", key, 0, 0, _CONTINUE)
            else:
                answer = struct.pack("=QqiI", key, 0, -errno.EPERM, 0)
            try:
                fcntl.ioctl(self._listener, _SEND, bytearray(answer))
            except OSError:  # as above
                self._ordered[pid] += was_ordered

    def close(self) -> None:
        """From now on nothing starts any more."""
        with self._deciding:
            self._ordered.clear()
        if self._wake >= 0:
            os.close(self._wake)
            self._wake = -1
            self._thread.join(_LAST_S)  # at once, but where it waits for a notice that is gone
