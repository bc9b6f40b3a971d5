"""Giving up, step by step and for good, whatever model-written code must not have. Knows the tiers and the order of the
steps; each step is a file of its own.

A run: namespaces with a root of their own → Landlock → a free user → no capabilities → the gate. Each of its REPLs then:
limits → Landlock for its own folder → the allow-list of system calls. The environment was built from zero before.

Protects from: reading and changing files, other processes, the network, starting programs or processes; each as far as
the tier goes (``docs/concepts/sandbox.md``). Does not protect from: faults of the kernel, side channels, and what the host hands out.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from . import identity, landlock, limits, namespaces, seccomp
from .kernel import KernelRefused

_SYSTEM = (
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/nix/store",
    "/usr/share/zoneinfo",
    "/etc/ld.so.cache",
)
"""Where libraries are that Python's own modules load when they are first used."""

_THREADS = 2_048  # of one run
_READABLE_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


class Python(NamedTuple):
    """What an interpreter needs of a machine to import what is installed.

    Attributes:
        folders: real paths, none below another.
        links: symbolic links on the way to them, as path to target.
        own: those that belong to this interpreter; a user who cannot enter them cannot import.
    """

    folders: list[str]
    links: dict[str, str]
    own: list[str]


def what_python_needs(own: list[str]) -> Python:
    """The folders of the interpreter (``own``) and of the system's libraries."""
    own = [os.path.realpath(path) for path in own if os.path.isdir(path)]
    links = {path: os.readlink(path) for path in _SYSTEM if os.path.islink(path)}
    real = sorted({*own, *(os.path.realpath(path) for path in _SYSTEM if os.path.exists(path))})
    folders: list[str] = []
    for path in real:
        if not folders or not f"{path}/".startswith(f"{folders[-1]}/"):
            folders.append(path)
    return Python(folders, links, own)


class Confined(NamedTuple):
    """What came of confining a run.

    Attributes:
        gate: the descriptor on which starts of processes are decided; None where there is none.
        threads: how many its user may have in all.
        note: what is weaker than it might be, for the report.
    """

    gate: int | None
    threads: int | None = None
    note: str = ""


def confine_run(tier: str, python: Python) -> Confined:
    """Confine this process and all that it will start. For ``s3`` the caller goes on in a new process, the first of a new
    tree, and the old one ends.

    Raises:
        KernelRefused: a step is not possible here; this process is half confined and of no more use.
    """
    if tier == "s0":
        return Confined(None)
    is_root = os.geteuid() == 0
    threads = _THREADS + (0 if is_root else limits.threads_of_user())
    user = identity.free_user() if is_root else os.geteuid()
    private = _private_folder(user, python) if is_root and tier != "s3" else None
    if tier == "s1" and not is_root:
        raise KernelRefused("a free user", "only root can become another user")
    if tier == "s1" and private is not None:
        raise KernelRefused(
            "a free user",
            f"{private} can be entered by root only; install Python where every user can read it",
        )
    if tier == "s3":
        namespaces.leave_the_world()
        namespaces.build_root(folders=python.folders, links=python.links, owner=user)
        if os.fork():
            os._exit(0)
    if tier in ("s3", "s2"):
        change = [namespaces.WORK] if tier == "s3" else []
        landlock.confine(read=[*python.folders, *_READABLE_DEVICES], change=change)
    if is_root:
        identity.become(user, reading_as_root=private is not None)
    identity.drop_capabilities()
    identity.hide()
    note = (
        ""
        if private is None
        else f"only root can enter {private}, so Landlock alone says what cells may read"
    )
    return Confined(seccomp.close_gate(), threads, note)


def _private_folder(user: int, python: Python) -> str | None:
    """A folder of the interpreter that ``user`` cannot enter; None when there is none."""
    return next((path for path in python.own if not identity.can_enter(user, [path])), None)


def confine_repl(
    tier: str,
    python: Python,
    confined: Confined,
    *,
    folder: str | None,
    memory_bytes: int,
    file_bytes: int,
) -> None:
    """Confine this process, a REPL of a confined run, for good.

    Args:
        folder: the only one in which it may write; None for none.
        confined: what came of confining the run. Where a gate stands, it decides about forks; elsewhere there are none.

    Raises:
        KernelRefused, OSError: a step is not possible here.
    """
    limits.limit(memory_bytes=memory_bytes, file_bytes=file_bytes, threads=confined.threads)
    if tier == "s0":
        return
    if tier == "s3":
        confine_folder(python, folder)
    seccomp.confine(seccomp.allow_list(may_write=tier == "s3", may_fork=confined.gate is not None))


def confine_folder(python: Python, folder: str | None, *, may_write: bool = True) -> None:
    """Leave this process no folder but ``folder``, to write in or to read.

    Raises:
        KernelRefused: more than 16 such layers.
    """
    own = [folder] if folder else []
    read = [*python.folders, *_READABLE_DEVICES]
    landlock.confine(read=read if may_write else [*read, *own], change=own if may_write else [])


__all__ = [
    "Confined",
    "KernelRefused",
    "Python",
    "confine_folder",
    "confine_repl",
    "confine_run",
    "what_python_needs",
]
