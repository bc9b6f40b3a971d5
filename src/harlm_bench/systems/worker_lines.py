"""The lines between a worker and this process, how a worker is started, and what its statuses mean. No I/O."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from harlm_bench.outcomes import Status
from harlm_bench.systems.attempt import EndpointFailed, Failed, LimitReached, NoAnswerFound, NotInstalled

_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "VIRTUAL_ENV")


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a worker about one question."""

    status: Status
    text: str = ""
    reason: str = ""
    wall_s: float = 0.0
    cpu_s: float = 0.0
    notes: dict[str, str | int | float] = {}


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a worker."""

    ready: bool
    version: str = ""
    error: str = ""
    cpu_s: float = 0.0


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """How a worker is started.

    Attributes:
        line: the command with its arguments.
        home: its home folder, where whatever it caches stays.
        variables: further environment variables. It gets few of this process's, and no key.
    """

    line: tuple[str, ...]
    home: Path
    variables: dict[str, str] = {}


def environment_of(command: Command) -> dict[str, str]:
    """The environment variables of a worker: few of this process's, and no key."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    home = str(command.home)
    quiet = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "NO_PROXY": "*", "PYTHONHASHSEED": "0"}
    return passed | {"HOME": home, "XDG_CACHE_HOME": home} | quiet | command.variables


def failed_as(status: Status, reason: str, partial: str) -> Failed:
    """The failure with a status."""
    kinds: dict[str, type[Failed]] = {
        kind.status: kind for kind in (EndpointFailed, LimitReached, NoAnswerFound, NotInstalled)
    }
    return kinds.get(status, Failed)(reason, partial=partial)
