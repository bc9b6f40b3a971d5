"""Zygotes: warm interpreters from which REPLs are forked. They run no cells themselves.

There are two kinds. The zygote of the host is an interpreter that has never seen a secret, and exists as long
as the host does. For each run it forks a zygote of that run, which is confined and has decoded the run's
context. That one forks a REPL each time the host orders one; all REPLs share the memory of the context until
they write to it. When a zygote's control socket is closed, the zygote ends with every process that came from
it.
"""

from __future__ import annotations

import gc
import os
import resource
import select
import selectors
import signal
import socket
import sys
from contextlib import suppress
from typing import Any, NamedTuple

from .. import confine
from ..confine.kernel import KernelRefused, prctl
from ..confine.limits import be_killed_first
from ..confine.namespaces import WORK
from . import escape_attempts, folders, reading_zygote, repl
from .channel import Channel
from .children import listen_for_ends, report_ends
from .context import Library
from .zygote_socket import HostSocket, close_all_but, fork

_CHILD_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
_DESCRIPTORS = 1024  # open files of a zygote

WARM = (
    "_strptime", "ast", "asyncio", "base64", "bisect", "collections.abc", "concurrent.futures.thread", "contextlib",
    "copy", "csv", "dataclasses", "datetime", "decimal", "difflib", "enum", "fnmatch", "fractions", "functools", "hashlib",
    "heapq", "html", "inspect", "io", "itertools", "json", "linecache", "math", "operator", "pathlib", "pprint", "random",
    "re", "socket", "statistics", "string", "struct", "textwrap", "threading", "traceback", "typing", "unicodedata",
    "urllib.parse", "uuid", "zlib",
)  # fmt: skip
"""The modules that model-written cells import most, in addition to those that the worker imports."""


def main() -> None:
    """Be the zygote of a host: serve a control socket until the host closes its end.

    The command line holds the descriptor of that socket, then the folders of packages that cells may import.
    """
    control = HostSocket(int(sys.argv[1]))
    packages = sys.argv[2:]
    _allow_descriptors()
    for name in WARM:
        with suppress(ImportError):  # this Python was built without the module
            __import__(name)
    _use_real_paths(packages)
    python = confine.what_python_needs(sys.path)
    if sys.platform == "linux":
        be_killed_first()
        # Cells may not use epoll: what it watches is memory of the kernel that no limit counts.
        selectors.DefaultSelector = selectors.PollSelector  # type: ignore[assignment,misc] # a class
        with suppress(KernelRefused):
            prctl("adopt orphans", _CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # their exit statuses are not needed
    repl.rehearse()
    gc.collect()
    gc.freeze()
    with suppress(EOFError, ConnectionError):
        while True:
            order, descriptors = control.receive()
            if os.fork() == 0:
                _serve_order(order, descriptors, python)
            for descriptor in descriptors:
                os.close(descriptor)
    os._exit(0)


def _allow_descriptors() -> None:
    """Allow this process the descriptors that confinement needs, even if the host has set itself a lower limit."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if now != resource.RLIM_INFINITY and now < _DESCRIPTORS:
        enough = _DESCRIPTORS if most == resource.RLIM_INFINITY else min(_DESCRIPTORS, most)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (enough, most))


def _use_real_paths(packages: list[str]) -> None:
    """Replace ``sys.path`` by real paths: a tier's own root folder does not have the symbolic links on the
    way to them.
    """
    sys.path[:] = [os.path.realpath(path) for path in [*sys.path, *packages] if os.path.isabs(path)]


def _serve_order(order: dict[str, Any], descriptors: list[int], python: confine.Python) -> None:
    """Be the process that the host ordered: a probe, or the zygote of a run or of a load; ends this process."""
    try:
        close_all_but(*descriptors)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if order["op"] == "probe":
            _probe(order, HostSocket(descriptors[0]), python)
        elif order["op"] == "read":
            reading_zygote.serve(order, HostSocket(descriptors[0]))
        else:
            _RunZygote(order, descriptors, python).serve()
    except (EOFError, ConnectionError):
        pass  # the host closed its end
    except BaseException:  # noqa: BLE001 - this process must never return into its parent's loop
        import traceback

        traceback.print_exc()
    finally:
        os._exit(0)


def _confined(tier: str, control: HostSocket, python: confine.Python) -> confine.Confined:
    """Confine this process as a run. If that fails, tell the host why and end the process."""
    try:
        return confine.confine_run(tier, python)
    except (KernelRefused, OSError) as error:
        control.refuse(error)
        os._exit(0)


def _probe(order: dict[str, Any], control: HostSocket, python: confine.Python) -> None:
    """Build a tier in this process, which ends afterwards, and report which escape attempts it denied."""
    confined = _confined(order["tier"], control, python)
    if confined.gate is not None:
        os.close(confined.gate)  # without a listener, the gate lets no process start
    try:
        confine.confine_repl(
            order["tier"], python, confined, folder=None, memory_bytes=1 << 34, file_bytes=1 << 20,
        )  # fmt: skip
    except (KernelRefused, OSError) as error:
        control.refuse(error)
        return
    denied, reached = escape_attempts.judge(order["canaries"])
    control.send({"op": "built", "denied": denied, "reached": reached, "note": confined.note})


class _Spare(NamedTuple):
    """A confined process that is ready to become a REPL.

    Attributes:
        pid: its process id.
        control: the socket over which it gets its descriptors.
        folder: the name of its folder below ``WORK``.
    """

    pid: int
    control: HostSocket
    folder: str


class _RunZygote:
    """The zygote of one run.

    Responsibilities: confine itself, decode the context once, fork REPLs as ordered, report how they ended,
    and end them all.
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
        """Confine this process, then carry out the host's orders until it closes the socket."""
        tier = self._order["tier"]
        confined = _confined(tier, self._control, self._python)
        if sys.platform == "linux":
            prctl("adopt orphans", _CHILD_SUBREAPER, 1)
        context, _ = self._control.receive()
        self._library.read_texts(self._texts, context["texts"])
        gc.collect()
        gc.freeze()
        self._wakes = listen_for_ends()
        self._confined = confined
        gate = [] if confined.gate is None else [confined.gate]
        self._control.send({"op": "up"}, gate)
        for descriptor in gate:
            os.close(descriptor)
        try:
            while True:
                self._wait()
        finally:
            self._end_all()
            self._wake_gate()

    def _wake_gate(self) -> None:
        """Fork once more: on Linux before 6.11, the thread of the host that decides about forks may wait for a
        notice that a cell has withdrawn, and only another notice ends this wait.
        """
        if self._confined.gate is not None:
            with suppress(OSError):  # no thread waits any more
                if fork() == 0:
                    os._exit(0)

    def _wait(self) -> None:
        ready, _, _ = select.select([self._control.fileno(), self._wakes], [], [])
        if self._wakes in ready:
            self._note_ends()
        if self._control.fileno() in ready:
            order, descriptors = self._control.receive()
            if order["op"] == "open":
                self._open(order, descriptors)
            elif order["op"] == "adopt":
                self._children.add(order["pid"])
            elif order["op"] == "rules":
                self._make_rules(order)
            elif order["op"] == "clear" and self._order["tier"] == "s3":
                folders.remove(f"{WORK}/{order['folder']}")

    def _note_ends(self) -> None:
        for pid in report_ends(self._control, self._wakes):
            self._children.discard(pid)
            if self._spare is not None and pid == self._spare.pid:
                self._spare.control.close()
                self._spare = None
        self._end_strangers()

    def _end_strangers(self) -> None:
        """End processes that the host did not order: a cell forked them before the host could stop it, and
        this process adopted them when their parent ended. In a run with its own process tree, the kernel ends
        them with the run.
        """
        if self._listing is not None and self._confined.gate is not None:
            spare = set() if self._spare is None else {self._spare.pid}
            for pid in set(_children(self._listing)) - self._children - spare:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)

    def _open(self, order: dict[str, Any], descriptors: list[int]) -> None:
        """Hand an ordered REPL to the spare process, report it, and then fork the next spare."""
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
        for descriptor in descriptors:
            os.close(descriptor)
        with suppress(OSError):  # reported when the next REPL is ordered
            self._spare = self._spare or self._forked()

    def _make_rules(self, order: dict[str, Any]) -> None:
        """Make the rules under which a fork of a REPL has only one folder: to write, a new one, or to read. A
        REPL cannot make rules: they are memory of the kernel that no limit counts.
        """
        folder = f"{WORK}/{order['folder']}"
        try:
            if order["may_write"]:
                os.mkdir(folder, 0o700)
            rules = confine.rules_for(self._python, folder, may_write=order["may_write"])
        except (KernelRefused, OSError) as error:
            self._control.send({"op": "failed", "id": order["id"], "why": str(error)})
            return
        self._control.send({"op": "made", "id": order["id"]}, [rules])
        os.close(rules)

    def _hand_over(self, descriptors: list[int], more_memory: int) -> tuple[int, str]:
        while True:
            if more_memory:  # for texts of its own, which do not fit the spare's limit
                spare = self._forked(more_memory)
            else:
                spare, self._spare = self._spare or self._forked(), None
            try:
                spare.control.send({"op": "open"}, descriptors)
            except ConnectionError:  # the spare has ended
                with suppress(ProcessLookupError):
                    os.kill(spare.pid, signal.SIGKILL)
                continue
            finally:
                spare.control.close()
            return spare.pid, spare.folder

    def _forked(self, more_memory: int = 0) -> _Spare:
        """Fork a process that confines itself and waits for the descriptors of a REPL. Forking takes longer
        than the other steps, so it is done in advance.

        Raises:
            OSError: forking is not allowed, or processes or memory are used up.
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
                Channel(repl.WIRE),
                self._library,
                tier=tier,
                folder=place,
                own_texts=repl.TEXTS if texts else None,
            )
        except (EOFError, ConnectionError):
            pass  # the run ended before this spare was used
        except BaseException:  # noqa: BLE001 - this process must never return into its parent's loop
            import traceback

            traceback.print_exc()
        finally:
            os._exit(0)

    def _end_all(self) -> None:
        """End every REPL, also those that other processes forked. In a process tree of its own, the kernel
        would do this too.
        """
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
    """Open the file that lists the children of this process, before confinement makes that impossible;
    ``None`` if not on Linux.
    """
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
