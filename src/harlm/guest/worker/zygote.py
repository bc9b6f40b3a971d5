"""Interpreters that are ready before they are needed, and fork what is. Knows processes; refuses to run a cell itself.

Two kinds. The zygote of a host: a warm interpreter that has never seen a secret, one for as long as the host lives. From
it, for each run, a zygote of that run: confined, with the run's context decoded once. From that one a REPL each time the
host orders one; all of them share the context's memory until they write to it. When a zygote's control socket ends, so
does it, and all that came from it.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import Any, NamedTuple

from .. import confine
from ..confine.kernel import KernelRefused, prctl
from ..confine.namespaces import WORK
from . import escape_attempts, folders, repl
from .channel import Channel
from .context import Library
from .zygote_socket import HostSocket, close_all_but, fork

_CHILD_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER

WARM = (
    "_strptime", "ast", "asyncio", "base64", "bisect", "collections.abc", "concurrent.futures.thread", "contextlib",
    "copy", "csv", "dataclasses", "datetime", "decimal", "difflib", "enum", "fnmatch", "fractions", "functools", "hashlib",
    "heapq", "html", "inspect", "io", "itertools", "json", "linecache", "math", "operator", "pathlib", "pprint", "random",
    "re", "socket", "statistics", "string", "struct", "textwrap", "threading", "traceback", "typing", "unicodedata",
    "urllib.parse", "uuid", "zlib",
)  # fmt: skip
"""What model-written cells import most, besides what the worker itself needs."""


def main() -> None:
    """Be the zygote of a host: serve the control socket that the first argument names, until its other end is closed."""
    control = HostSocket(int(sys.argv[1]))
    packages = sys.argv[2:]
    for name in WARM:
        with suppress(ImportError):  # a Python built without it
            __import__(name)
    _mend_paths(packages)
    python = confine.what_python_needs(sys.path)
    if sys.platform == "linux":
        with suppress(KernelRefused):
            prctl("adopt orphans", _CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    repl.rehearse()
    gc.collect()
    gc.freeze()
    with suppress(EOFError, ConnectionError):
        while True:
            order, descriptors = control.receive()
            if os.fork() == 0:
                _serve_order(order, descriptors, python)
            for each in descriptors:
                os.close(each)
    os._exit(0)


def _mend_paths(packages: list[str]) -> None:
    """Real paths only: a root of its own has no symbolic links on the way."""
    sys.path[:] = [os.path.realpath(path) for path in [*sys.path, *packages] if os.path.isabs(path)]


def _serve_order(order: dict[str, Any], descriptors: list[int], python: confine.Python) -> None:
    """Be what was ordered, to the end of this process."""
    try:
        close_all_but(*descriptors)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if order["op"] == "probe":
            _probe(order, HostSocket(descriptors[0]), python)
        else:
            _RunZygote(order, descriptors, python).serve()
    except (EOFError, ConnectionError):
        pass  # the host is gone
    except BaseException:  # noqa: BLE001 - whatever it was, this process must not return into its parent's loop
        import traceback

        traceback.print_exc()
    finally:
        os._exit(0)


def _confined(tier: str, control: HostSocket, python: confine.Python) -> confine.Confined:
    """Confine this process, or tell the host why not and end."""
    try:
        return confine.confine_run(tier, python)
    except (KernelRefused, OSError) as error:
        control.send({"op": "refused", "step": getattr(error, "step", "a step"), "why": str(error)})
        os._exit(0)


def _probe(order: dict[str, Any], control: HostSocket, python: confine.Python) -> None:
    """Build a tier, in this process that is thrown away, and tell the host what cannot be done in it."""
    confined = _confined(order["tier"], control, python)
    if confined.gate is not None:
        os.close(confined.gate)  # nobody is there to decide, so nothing is let through
    try:
        confine.confine_repl(
            order["tier"], python, confined, folder=None, memory_bytes=1 << 34, file_bytes=1 << 20,
        )  # fmt: skip
    except (KernelRefused, OSError) as error:
        control.send({"op": "refused", "step": getattr(error, "step", "a step"), "why": str(error)})
        return
    denied, reached = escape_attempts.judge(order["canaries"])
    control.send({"op": "built", "denied": denied, "reached": reached, "note": confined.note})


class _Spare(NamedTuple):
    """A process that will be a REPL, and is confined as one.

    Attributes:
        folder: the name of its folder.
    """

    pid: int
    control: HostSocket
    folder: str


class _RunZygote:
    """The zygote of one run.

    Responsibilities: confine itself, decode the context once, fork REPLs as ordered, say how they ended, end them all.
    """

    def __init__(self, order: dict[str, Any], descriptors: list[int], python: confine.Python) -> None:
        self._order = order
        self._control = HostSocket(descriptors[0])
        self._texts = descriptors[1]
        self._python = python
        self._library = Library()
        self._children: set[int] = set()
        self._confined = confine.Confined(None)
        self._spare: _Spare | None = None
        self._wakes = -1
        self._listing = _listing_of_children()

    def serve(self) -> None:
        """Serve the host to its end."""
        tier = self._order["tier"]
        confined = _confined(tier, self._control, self._python)
        if sys.platform == "linux":
            prctl("adopt orphans", _CHILD_SUBREAPER, 1)
        told, _ = self._control.receive()
        self._library.read_texts(self._texts, told["texts"])
        gc.collect()
        gc.freeze()
        self._listen_for_ends()
        self._confined = confined
        gate = [] if confined.gate is None else [confined.gate]
        self._control.send({"op": "up"}, gate)
        for each in gate:
            os.close(each)
        try:
            while True:
                self._wait()
        finally:
            self._end_all()

    def _listen_for_ends(self) -> None:
        self._wakes, wake = os.pipe()
        for end in (self._wakes, wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def _wait(self) -> None:
        ready, _, _ = select.select([self._control.fileno(), self._wakes], [], [])
        if self._wakes in ready:
            with suppress(BlockingIOError):
                os.read(self._wakes, 4096)
            self._tell_ends()
        if self._control.fileno() in ready:
            order, descriptors = self._control.receive()
            if order["op"] == "open":
                self._open(order, descriptors)
            elif order["op"] == "adopt":
                self._children.add(order["pid"])
            elif order["op"] == "clear" and self._order["tier"] == "s3":
                folders.remove(f"{WORK}/{order['folder']}")

    def _tell_ends(self) -> None:
        while True:
            try:
                pid, status, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._children.discard(pid)
            if self._spare is not None and pid == self._spare.pid:
                self._spare.control.close()
                self._spare = None
            code = os.waitstatus_to_exitcode(status)
            self._control.send({"op": "gone", "pid": pid, "status": code, "peak_kb": used.ru_maxrss})
            self._end_strangers()

    def _end_strangers(self) -> None:
        """Processes that nobody ordered: a cell that was faster than its host had forked them, and they came here when it
        ended. Where the tree of processes is the run's own, the kernel ends them with it.
        """
        if self._listing is not None and self._confined.gate is not None:
            spare = set() if self._spare is None else {self._spare.pid}
            for pid in set(_children(self._listing)) - self._children - spare:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)

    def _open(self, order: dict[str, Any], descriptors: list[int]) -> None:
        """Give what was ordered to the spare, and fork another when that is told."""
        try:
            pid, folder = self._hand_over(descriptors, order["more_memory"])
        except OSError as error:
            self._control.send({"op": "failed", "id": order["id"], "why": error.strerror or str(error)})
        else:
            self._children.add(pid)
            handles = [os.pidfd_open(pid)] if hasattr(os, "pidfd_open") else []
            self._control.send({"op": "opened", "id": order["id"], "pid": pid, "folder": folder}, handles)
            for handle in handles:
                os.close(handle)
        for each in descriptors:
            os.close(each)
        with suppress(OSError):  # told when the next one is ordered
            self._spare = self._spare or self._forked()

    def _hand_over(self, descriptors: list[int], more_memory: int) -> tuple[int, str]:
        while True:
            if more_memory:  # for texts of its own, which the spare's limit has no room for
                spare = self._forked(more_memory)
            else:
                spare, self._spare = self._spare or self._forked(), None
            try:
                spare.control.send({"op": "open"}, descriptors)
            except ConnectionError:  # it ended while it waited
                with suppress(ProcessLookupError):
                    os.kill(spare.pid, signal.SIGKILL)
                continue
            finally:
                spare.control.close()
            return spare.pid, spare.folder

    def _forked(self, more_memory: int = 0) -> _Spare:
        """A REPL to be, which waits for its descriptors. Forking takes longer than all the rest, so it is done in advance.

        Raises:
            OSError: not allowed, or for want of processes or memory.
        """
        ours, theirs = socket.socketpair()
        folder = os.urandom(8).hex()
        with ours, theirs:
            pid = fork()
            if pid == 0:
                self._be_repl(theirs, folder, more_memory)
            return _Spare(pid, HostSocket(ours.detach()), folder)

    def _be_repl(self, theirs: socket.socket, folder: str, more_memory: int) -> None:
        try:
            signal.set_wakeup_fd(-1)
            is_open = self._order["tier"] == "s0"
            signal.signal(signal.SIGCHLD, signal.SIG_DFL if is_open else signal.SIG_IGN)
            control = HostSocket(theirs.detach())
            close_all_but(control.fileno())
            tier = self._order["tier"]
            place = repl.prepare(
                tier, self._python, self._confined, folder,
                memory_bytes=self._order["memory_bytes"] + more_memory, file_bytes=self._order["file_bytes"],
            )  # fmt: skip
            _, (wire, output, *texts) = control.receive()
            repl.settle(wire, output, texts[0] if texts else None)
            repl.serve(
                Channel(repl.WIRE), self._library, self._python, tier=tier, folder=place,
                own_texts=repl.TEXTS if texts else None,
            )  # fmt: skip
        except (EOFError, ConnectionError):
            pass  # never needed
        except BaseException:  # noqa: BLE001 - must not return into the loop of its parent
            import traceback

            traceback.print_exc()
        finally:
            os._exit(0)

    def _end_all(self) -> None:
        """End every REPL, also those that were forked by others; in a tree of its own the kernel would do it as well."""
        while True:
            is_own_tree = os.getpid() == 1
            if self._spare is not None:
                self._children.add(self._spare.pid)
            for pid in {-1} if is_own_tree else {*self._children, *_children(self._listing)}:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            try:
                pid, _ = os.waitpid(-1, 0)
            except ChildProcessError:
                return
            self._children.discard(pid)


def _listing_of_children() -> int | None:
    """A file that names the children of this process, opened before nothing of the kind can be opened any more."""
    if sys.platform != "linux":
        return None
    try:
        return os.open(f"/proc/self/task/{os.getpid()}/children", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None  # a kernel built without it


def _children(listing: int | None) -> list[int]:
    if listing is None:
        return []
    try:
        return [int(pid) for pid in os.pread(listing, 1 << 16, 0).split()]
    except OSError:
        return []
