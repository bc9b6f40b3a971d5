"""Runs the command line as on Windows, as far as another system allows: `python -m tests.support.as_windows VERB …`.

What Windows lacks is taken away: modules, functions and constants of POSIX systems, handlers of signals in the event loop; a file that
this process holds open can be neither replaced nor removed; and ``sys.platform`` says ``win32``. The standard library and other people's packages are imported before, as they are here: how they
do on Windows is not tested.
"""

from __future__ import annotations

import asyncio
import errno
import importlib.abc
import importlib.util
import os
import select
import selectors
import shutil
import signal
import socket
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

_OF_OTHERS = (
    "aiohttp", "charset_normalizer", "click", "concurrent.futures.process", "http.server", "msgspec.json", "multiprocessing", "pathspec", "platformdirs", "psycopg",
    "pydantic_monty", "pypdfium2", "rich.console", "rich.live", "rich.markdown", "rich.progress", "shutil", "snowballstemmer", "sqlite3", "subprocess", "tempfile",
    "truststore", "turbohtml", "webbrowser",
)  # fmt: skip
"""Imported before the change: they choose their code by the platform."""

MISSING_MODULES = (
    "fcntl", "grp", "posix_ipc", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty", "uvloop",
)  # fmt: skip

_MISSING: tuple[tuple[ModuleType, tuple[str, ...]], ...] = (
    (select, ("epoll", "poll", "EPOLLIN", "EPOLLOUT", "POLLIN", "POLLOUT", "POLLHUP", "POLLERR")),
    (socket, ("AF_UNIX", "SCM_RIGHTS", "CMSG_LEN", "CMSG_SPACE", "send_fds", "recv_fds")),
    (
        signal,
        (
            "SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGSTOP", "SIGUSR1", "SIGUSR2", "SIGXCPU", "alarm", "pthread_sigmask",
            "setitimer", "siginterrupt", "sigwait",
        ),
    ),
    (
        os,
        (
            "O_CLOEXEC", "O_DIRECTORY", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK", "O_PATH", "chown", "fchmod", "fchown", "fork", "forkpty", "fwalk",
            "getegid", "geteuid", "getgid", "getgroups", "getpgid", "getpgrp", "getpriority", "getsid", "getuid", "initgroups", "killpg", "lchown",
            "memfd_create", "mkfifo", "nice", "openpty", "pidfd_open", "posix_fadvise", "posix_fallocate", "posix_spawn", "pread", "pwrite",
            "register_at_fork", "sched_getaffinity", "sched_setaffinity", "sched_yield", "sendfile", "setpgid", "setpriority", "setsid", "setuid",
            "sysconf", "uname", "wait3", "wait4",
        ),
    ),
)  # fmt: skip


class _Lacking(importlib.abc.MetaPathFinder):
    """A finder that does not find what is missing."""

    def __init__(self, finder: Any, missing: Sequence[str]) -> None:
        self._finder = finder
        self._missing = missing

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        found: ModuleSpec | None = None
        if name not in self._missing:
            found = self._finder.find_spec(name, path, target)
        return found


def _open_files() -> Iterator[str]:
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            yield str(descriptor.readlink())


def _kept_while_open(change: Callable[..., None]) -> Callable[..., None]:
    """A function that replaces or removes a file, and refuses while this process has it open."""

    def changed(path: str | os.PathLike[str], *rest: Any, **named: Any) -> None:
        paths = {os.path.realpath(each) for each in (path, *rest)}
        if paths & {*_open_files()}:
            raise PermissionError(errno.EACCES, "it is open in this process", str(path))
        change(path, *rest, **named)

    return changed


def become_windows(without: Sequence[str] = ()) -> None:
    """Change this process for good. ``without`` names further packages that are not installed."""
    for name in _OF_OTHERS:
        if name not in without and importlib.util.find_spec(name) is not None:
            importlib.import_module(name)
    sysconfig.get_paths()
    for name in MISSING_MODULES:
        sys.modules.pop(name, None)
    sys.meta_path[:] = [_Lacking(finder, (*MISSING_MODULES, *without)) for finder in sys.meta_path]
    socketpair, unix = socket.socketpair, socket.AF_UNIX
    socket.socketpair = lambda family=unix, *rest: socketpair(family, *rest)
    for module, names in _MISSING:
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    for name in ("remove", "rename", "replace", "unlink"):
        setattr(os, name, _kept_while_open(getattr(os, name)))
    shutil._use_fd_functions = False  # type: ignore[attr-defined]
    os.supports_dir_fd = set()
    os.supports_fd = set()

    def no_handlers(*_: object) -> None:
        raise NotImplementedError

    for kind in asyncio.SelectorEventLoop.__mro__:
        if "add_signal_handler" in vars(kind):
            kind.add_signal_handler = no_handlers  # type: ignore[attr-defined]
    selectors.DefaultSelector = selectors.SelectSelector  # type: ignore[assignment,misc]
    sys.platform = "win32"


def main() -> None:
    """Run the command line with the arguments of this program; ``--without PACKAGE`` first hides a package."""
    arguments = sys.argv[1:]
    without = []
    while arguments[:1] == ["--without"]:
        without.append(arguments[1])
        arguments = arguments[2:]
    become_windows(without)
    from harlm.cli import main as harlm

    sys.argv = ["harlm", *arguments]
    harlm()


if __name__ == "__main__":
    main()
