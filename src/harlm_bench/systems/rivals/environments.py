"""Virtual environments, one for each rival: made once from pinned requirements, under a lock, with a stamp.

Knows how to install; knows no rival. What cannot be installed is recorded with its reason, and tried again a day later.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

import msgspec

from harlm.config import Config, TracingSettings
from harlm.home import home_of
from harlm_bench.systems.attempt import NotInstalled

_INSTALLS_WITHIN_S = 900.0
_REASON = 500  # characters
_AGAIN_AFTER_S = 86_400.0


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """What an environment holds.

    Attributes:
        name: of the folder.
        requirements: pinned, such as ``rlms==0.1.3``.
        least, most: the versions of Python that it runs on, both included.
    """

    name: str
    requirements: tuple[str, ...]
    least: tuple[int, int] = (3, 11)
    most: tuple[int, int] = (3, 14)


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What was made, or why not.

    Attributes:
        why_not: empty if it was installed.
        python: the version of its interpreter.
        packages: all that was installed, with versions.
        made: when, in seconds since 1970.
        took_s: how long it took.
    """

    why_not: str = ""
    python: str = ""
    packages: tuple[str, ...] = ()
    made: float = 0.0
    took_s: float = 0.0


def interpreter(needs: Needs, home: Path | None = None) -> Path:
    """The interpreter of an environment, which is made if it does not exist.

    Args:
        needs: what it holds.
        home: HARLM's folder; by default that of the settings (``HARLM_HOME``).

    Raises:
        NotInstalled: it cannot be made; the message says why.
    """
    folder = folder_of(needs, home)
    with _alone(folder):
        stamp = stamp_of(folder)
        if stamp is None or (stamp.why_not and time.time() - stamp.made > _AGAIN_AFTER_S):
            stamp = _made(needs, folder)
            (folder / "stamp.json").write_bytes(msgspec.json.encode(stamp))
    if stamp.why_not:
        raise NotInstalled(f"{', '.join(needs.requirements)}: {stamp.why_not}")
    return folder / "venv" / "bin" / "python"


def folder_of(needs: Needs, home: Path | None = None) -> Path:
    """The folder of an environment; another one for every other set of requirements."""
    digest = hashlib.sha256(msgspec.json.encode(needs)).hexdigest()[:8]
    return bench_home(home) / "environments" / f"{needs.name}-{digest}"


def bench_home(home: Path | None = None) -> Path:
    """The folder of what the benchmark keeps between runs."""
    named = os.environ.get("HARLM_HOME") or None
    return (home or home_of(Config(tracing=TracingSettings(home=named)))) / "bench"


def stamp_of(folder: Path) -> Stamp | None:
    """What was recorded of an environment; ``None`` if it was never made, or only in part."""
    with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
        return msgspec.json.decode((folder / "stamp.json").read_bytes(), type=Stamp)
    return None


def _made(needs: Needs, folder: Path) -> Stamp:
    """Make an environment from scratch."""
    began = time.time()
    shutil.rmtree(folder / "venv", ignore_errors=True)
    try:
        python = _python(needs)
        _run([python, "-m", "venv", str(folder / "venv")])
        own = str(folder / "venv" / "bin" / "python")
        _run(
            [
                own,
                "-m",
                "pip",
                "install",
                "-q",
                "--disable-pip-version-check",
                "--no-input",
                *needs.requirements,
            ]
        )
        packages = _run([own, "-m", "pip", "freeze", "--disable-pip-version-check"]).split()
    except NotInstalled as failed:
        return Stamp(why_not=str(failed), made=began, took_s=time.time() - began)
    return Stamp(python=_version(python), packages=tuple(packages), made=began, took_s=time.time() - began)


def _run(command: list[str]) -> str:
    """The output of a command.

    Raises:
        NotInstalled: it failed, or took too long.
    """
    try:
        done = subprocess.run(  # noqa: S603 - an interpreter of this machine and pinned requirements
            command,
            capture_output=True,
            text=True,
            timeout=_INSTALLS_WITHIN_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(str(error)[:_REASON]) from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.lstrip().lower().startswith("error")]
        raise NotInstalled(
            " ".join(lines or done.stderr.split())[-_REASON:] or f"exit status {done.returncode}"
        )
    return done.stdout


def _python(needs: Needs) -> str:
    """An interpreter of this machine that is new and old enough; this one if possible.

    Raises:
        NotInstalled: there is none.
    """
    for candidate in _candidates():
        if needs.least <= _numbers(candidate) <= needs.most:
            return candidate
    least, most = (".".join(map(str, each)) for each in (needs.least, needs.most))
    raise NotInstalled(f"it needs a Python from {least} to {most}, and there is none on this machine")


def _candidates() -> Iterator[str]:
    yield sys.executable
    for minor in range(14, 10, -1):
        if (found := shutil.which(f"python3.{minor}")) is not None:
            yield found
    yield from sorted(map(str, Path.home().glob(".pyenv/versions/3.*/bin/python3")), reverse=True)


@lru_cache(maxsize=64)
def _version(python: str) -> str:
    """The version of an interpreter; ``0.0`` if it does not run."""
    with suppress(NotInstalled):
        return _run([python, "-c", "import platform; print(platform.python_version())"]).strip()
    return "0.0"


def _numbers(python: str) -> tuple[int, int]:
    major, minor, *_ = _version(python).split(".")
    return int(major), int(minor)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, against other threads and processes."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
