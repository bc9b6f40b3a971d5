"""Takes from a process, step by step and permanently, every right that model-written code must not have.
Defines what each tier does and in which order; each step is in its own module.

A run: namespaces with their own root folder → Landlock → a free user → no capabilities → the gate. Each of
its REPLs then: limits → Landlock for its own folder → the allow-list of system calls. The host starts the
process with an empty environment.

Protects from: reading and changing files, access to other processes, the network, starting programs or
processes; how much of that depends on the tier (``docs/concepts/sandbox.md``). Does not protect from: faults
of the kernel, side channels, and what the host itself gives to cells.
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
"""The folders and files of libraries that Python's own modules load on first use."""

_THREADS = 2_048  # for all processes of one run together
_READABLE_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


class Python(NamedTuple):
    """The files that an interpreter needs in order to import modules.

    Attributes:
        folders: real paths, none of them below another.
        links: symbolic links that lead to them, as path to target.
        own: the paths that belong to this interpreter; a user who cannot enter them cannot import.
    """

    folders: list[str]
    links: dict[str, str]
    own: list[str]


def what_python_needs(own: list[str]) -> Python:
    """Find the folders of the interpreter and of the system's libraries.

    Args:
        own: the interpreter's ``sys.path``; entries that are not folders are left out.
    """
    own = [os.path.realpath(path) for path in own if os.path.isdir(path)]
    links = {path: os.readlink(path) for path in _SYSTEM if os.path.islink(path)}
    real = sorted({*own, *(os.path.realpath(path) for path in _SYSTEM if os.path.exists(path))})
    folders: list[str] = []
    for path in real:
        if not folders or not f"{path}/".startswith(f"{folders[-1]}/"):
            folders.append(path)
    return Python(folders, links, own)


class Confined(NamedTuple):
    """The result of confining a run.

    Attributes:
        gate: the descriptor on which the host decides about starts of processes; ``None`` if there is no
            gate.
        threads: how many threads its user may have in all; ``None`` for no limit.
        note: what is weaker than this tier can be, for ``harlm doctor``; empty if nothing is.
    """

    gate: int | None
    threads: int | None = None
    note: str = ""


def confine_run(tier: str, python: Python) -> Confined:
    """Confine this process and all processes that it will start. For ``s3`` the function returns in a new
    process, the first of a new process tree, and the old process ends.

    Args:
        tier: ``s0`` to ``s3``.
        python: what the interpreter needs to read.

    Raises:
        KernelRefused: a step is not possible here. This process is then half confined and must end.
    """
    if tier == "s0":
        return Confined(None)
    is_root = os.geteuid() == 0
    threads = _THREADS + (0 if is_root else limits.threads_of_user())
    user = identity.free_user() if is_root else os.geteuid()
    private = _private_folder(user, python) if is_root and tier != "s3" else None
    if tier == "s1" and not is_root:
        raise KernelRefused(
            "a free user", "only root can become another user; run as root, or use another tier"
        )
    if tier == "s1" and private is not None:
        raise KernelRefused(
            "a free user",
            f"only root can enter {private!r}; install Python where every user can read it",
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
        else f"only root can enter {private!r}, so Landlock alone limits what cells may read"
    )
    return Confined(seccomp.close_gate(), threads, note)


def _private_folder(user: int, python: Python) -> str | None:
    """A folder of the interpreter that ``user`` cannot enter; ``None`` if there is none."""
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
    """Confine this process, a REPL of a confined run, permanently.

    Args:
        tier: ``s0`` to ``s3``.
        python: what the interpreter needs to read.
        confined: the result of confining the run. With a gate, the gate decides about forks; without one,
            forks are denied.
        folder: the only folder that it may write to; ``None`` for no folder.
        memory_bytes: limit of the address space.
        file_bytes: limit of the size of one file.

    Raises:
        KernelRefused, OSError: a step is not possible here.
    """
    limits.limit(memory_bytes=memory_bytes, file_bytes=file_bytes, threads=confined.threads)
    if tier == "s0":
        return
    if tier == "s3":
        own = rules_for(python, folder)
        narrow(own)
        os.close(own)
    seccomp.confine(seccomp.allow_list(may_write=tier == "s3", may_fork=confined.gate is not None))


def rules_for(python: Python, folder: str | None, *, may_write: bool = True) -> int:
    """Make rules that leave a process no folder except ``folder`` and those that Python needs.

    Args:
        python: what the interpreter needs to read.
        folder: the path of the folder; ``None`` for no folder.
        may_write: whether it may be written to, and not only read.

    Returns:
        The descriptor of the rules, for ``narrow``. The caller owns it.

    Raises:
        KernelRefused: this kernel has no Landlock.
    """
    own = [folder] if folder else []
    read = [*python.folders, *_READABLE_DEVICES]
    return landlock.rules(read=read if may_write else [*read, *own], change=own if may_write else [])


def narrow(rules: int) -> None:
    """Put rules on this process, permanently, in addition to those that it has.

    Args:
        rules: the descriptor that ``rules_for`` returned.

    Raises:
        KernelRefused: this was done 16 times already, which is the most that Landlock allows.
    """
    landlock.enter(rules)


__all__ = [
    "Confined",
    "KernelRefused",
    "Python",
    "confine_repl",
    "confine_run",
    "narrow",
    "rules_for",
    "what_python_needs",
]
