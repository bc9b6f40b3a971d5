"""Decides which processes of a run may fork: the host's side of seccomp's user notification
(``seccomp_unotify(2)``). The kernel suspends a process that forks until the gate has decided. Every fork that
was not ordered is refused.

The gate has a thread of its own. A notice can be withdrawn before it is fetched (a cell can arrange that with
a timer), and then the fetching call waits for the next notice, whatever flags the descriptor has. The event
loop must not block with it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import struct
import threading
from collections import Counter
from io import FileIO

from harlm.sandbox.process.close_on_fork import keep_to_this_process
from harlm.sandbox.shortage import starting_a_thread

_RECEIVE, _SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV, _SEND
_NOTICE = 80  # bytes of struct seccomp_notif: id, pid, flags, data
_CONTINUE = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE; safe here, since only registers were checked, not memory


class Gate:
    """Allows each process as many forks as were ordered for it.

    Args:
        listener: the descriptor of the seccomp filter, which the gate owns from now on, also if it cannot be
            made.
        always: the id of a process that may always fork: the run's zygote, which runs no cell. ``None`` for
            none.

    Raises:
        OSError: no descriptors are left, or no thread can be started.
    """

    def __init__(self, listener: int, *, always: int | None = None) -> None:
        self._listener = FileIO(listener, "r+")
        keep_to_this_process(self._listener)
        self._always = always
        self._ordered: Counter[int] = Counter()
        self._deciding = threading.Lock()
        self._wake = -1
        try:
            self._asleep, self._wake = os.pipe()
            self._thread = threading.Thread(target=self._serve, name="harlm-gate", daemon=True)
            with starting_a_thread():
                self._thread.start()
        except BaseException:
            self._listener.close()
            if self._wake >= 0:
                os.close(self._asleep)
                os.close(self._wake)
            raise

    def order(self, pid: int) -> None:
        """Allow ``pid`` one fork."""
        with self._deciding:
            self._ordered[pid] += 1

    def withdraw(self, pid: int) -> bool:
        """Withdraw one order for ``pid``. Returns whether one had not been used yet."""
        with self._deciding:
            has_unused = self._ordered[pid] > 0
            self._ordered[pid] -= has_unused
            return has_unused

    def revoke(self, pid: int) -> bool:
        """Withdraw the orders for ``pid``. Returns whether any had not been used yet."""
        with self._deciding:
            return self._ordered.pop(pid, 0) > 0

    def _serve(self) -> None:
        waiting = select.poll()
        listener = self._listener.fileno()
        waiting.register(listener, select.POLLIN)
        waiting.register(self._asleep, select.POLLIN)
        while True:
            ready = dict(waiting.poll())
            if self._asleep in ready or ready.get(listener, 0) & ~select.POLLIN:
                break  # the gate was closed, or every process under the filter has ended
            self._decide()
        self._listener.close()
        os.close(self._asleep)

    def _decide(self) -> None:
        notice = bytearray(_NOTICE)
        try:
            fcntl.ioctl(self._listener, _RECEIVE, notice)
        except OSError:
            return  # the process is gone, or a signal interrupted it and it will ask again
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
        """Refuse every fork from now on, and let the thread end. It ends at once, unless it waits for a
        withdrawn notice: then it ends with the processes under the filter, or with the fork that their zygote
        makes when it ends.
        """
        with self._deciding:
            self._ordered.clear()
        if self._wake >= 0:
            os.close(self._wake)
            self._wake = -1
