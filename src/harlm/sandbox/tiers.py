"""The isolation tiers that this machine can build, found out by building them and trying to break out. A tier
that was asked for is never replaced by a weaker one.
"""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harlm import temporary
from harlm.config import SandboxSettings
from harlm.errors import SandboxFailure
from harlm.protocols import Repl, ReplHost, ReplSetup, Sandbox
from harlm.sandbox import seatbelt
from harlm.sandbox.escape_attempts import attempts
from harlm.sandbox.shortage import SHORTAGES, shortage
from harlm.types import Context

KERNEL_TIERS = ("s3", "s2", "s1")
"""Tiers of a Linux kernel, the strongest first."""

_HOW_TO_GET: dict[str, str] = {
    "s3": "allow user namespaces to this user (on Ubuntu: an AppArmor profile for this Python with `userns,`; in Docker: "
    "--security-opt seccomp=unconfined), or run as root",
    "s2": "use Linux 5.13 or newer with Landlock in its `lsm=` list",
    "s1": "run as root, with a Python that every user can read, on Linux 3.5 or newer",
    "seatbelt": "use macOS with /usr/bin/sandbox-exec",
    "monty": "pip install 'harlm[monty]'",
    "s0": "use WSL",
}

_NOT_LINUX = "use Linux, in WSL, a container or a virtual machine, or --sandbox monty"

_MONTY_INSTEAD: dict[str, str] = {
    "darwin": "macOS confines no process as Linux does, so cells run in Monty, which knows a part of Python; --sandbox seatbelt runs "
    "all of Python, without a limit of memory and never tested",
    "win32": "Windows confines no process, so cells run in Monty, which knows a part of Python; in WSL they run in all of it",
}
"""What is said of tier ``monty`` on systems where it is the usual one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierCheck:
    """The result of building one tier.

    Attributes:
        tier: its name.
        why_not: why it cannot be used; empty if it can.
        is_passing: whether the reason may be gone the next time, so the result must not be kept.
        denied, reached: the names of the escape attempts that failed in it, and of those that succeeded.
        note: what is weaker than it could be; empty for nothing.
    """

    tier: str
    why_not: str = ""
    is_passing: bool = False
    denied: tuple[str, ...] = ()
    reached: tuple[str, ...] = ()
    note: str = ""

    @property
    def is_built(self) -> bool:
        """Whether the tier can be used."""
        return not self.why_not

    @property
    def how(self) -> str:
        """What the user can do to get the tier; empty if there is no advice."""
        if self.tier in KERNEL_TIERS and sys.platform != "linux":
            return _NOT_LINUX
        return _HOW_TO_GET.get(self.tier, "")


_found: dict[str, TierCheck] = {}


async def find(tier: str) -> TierCheck:
    """Build ``tier`` in a process that is then thrown away, and try to break out of it. The result is kept as
    long as this process lives.

    Raises:
        SandboxFailure: the test cannot be made, because descriptors, processes, memory or disk are used up.
    """
    if tier not in _found:
        found = await _find(tier)
        if found.is_passing:
            return found
        _found[tier] = found
    return _found[tier]


async def _find(tier: str) -> TierCheck:
    if tier == "monty":
        is_installed = importlib.util.find_spec("pydantic_monty") is not None
        return await _try_monty() if is_installed else TierCheck(tier=tier, why_not="it is not installed")
    if tier == "seatbelt":
        if why_not := seatbelt.why_not():
            return TierCheck(tier=tier, why_not=why_not)
        return await _build("s0", tier, seatbelt.command())
    if tier in KERNEL_TIERS and sys.platform != "linux":
        return TierCheck(tier=tier, why_not=f"it needs a Linux kernel, and this is {sys.platform}")
    if sys.platform == "win32":
        return TierCheck(tier=tier, why_not="REPLs are forked processes, which Windows does not have")
    return await _build(tier, tier, ())


async def _build(tier: str, name: str, wrapper: Sequence[str]) -> TierCheck:
    from harlm.sandbox.process import zygote_socket as control  # here, since Windows lacks what they import
    from harlm.sandbox.process.probing import probed
    from harlm.sandbox.process.zygote import HostZygote

    try:
        host = HostZygote.current(wrapper)
        news = await probed(host, tier)
    except EOFError as error:
        if not host.is_alive():
            raise SandboxFailure(
                "the sandbox's interpreter was killed; free some memory and try again"
            ) from error
        return TierCheck(tier=name, why_not="the process in which it was built was killed", is_passing=True)
    except SHORTAGES as error:
        # Also after a timeout: nothing is known about this tier, and a weaker one must not take its place.
        raise shortage("no sandbox can be built now", error) from error
    match news:
        case control.Built():
            reached = tuple(news.reached)
            return TierCheck(
                tier=name,
                why_not=_why_not_safe(name, reached),
                denied=tuple(news.denied),
                reached=reached,
                note=news.note,
            )
        case control.Refused():
            return TierCheck(tier=name, why_not=news.why)
    return TierCheck(tier=name, why_not=f"its zygote sent an unexpected message, {type(news).__name__}")


def _why_not_safe(tier: str, reached: Sequence[str]) -> str:
    """Why a tier that was built does not keep its promise; empty if it does, and for ``s0``, which promises
    nothing.
    """
    missed = [each for each in reached if not (tier == "seatbelt" and each == "starting processes")]
    return f"built, but it does not stop: {'; '.join(missed)}" if missed and tier != "s0" else ""


async def _try_monty() -> TierCheck:
    """Run the escape attempts as cells in Monty."""
    sandbox = sandbox_on("monty", SandboxSettings(cell_seconds=2))
    denied: list[str] = []
    reached: list[str] = []
    try:
        repl = await sandbox.open(ReplSetup(context=Context.of_text("canary")), NoCalls())
        with attempts() as tried:
            for what, code in tried.items():
                seen = await repl.run(f"{code}\nprint('REACHED' if reached else '')")
                (reached if "REACHED" in seen.output else denied).append(what)
    except SHORTAGES as error:
        raise shortage("Monty cannot be tested now", error) from error
    finally:
        await sandbox.close()
    why_not = _why_not_safe("monty", reached)
    note = _MONTY_INSTEAD.get(sys.platform, "")
    return TierCheck(tier="monty", why_not=why_not, denied=tuple(denied), reached=tuple(reached), note=note)


class NoCalls:
    """A ``harlm.protocols.ReplHost`` for cells that call nothing."""

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        """Fails: no function was offered."""
        raise AssertionError(f"{function} was not offered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The tier to use.

    Attributes:
        found: the result for it; ``None`` if no tier can be used.
        higher: the results for stronger tiers, which cannot be used.
    """

    found: TierCheck | None
    higher: tuple[TierCheck, ...]


async def choose(wanted: str, *, allow_unsafe: bool) -> Choice:
    """The tier that was asked for, or for ``auto`` the strongest that can be built.

    Args:
        wanted: a tier, or ``auto``.
        allow_unsafe: whether ``s0`` may be used.

    Raises:
        SandboxFailure: see ``find``.
    """
    higher: list[TierCheck] = []
    for tier in _candidates(wanted, allow_unsafe=allow_unsafe):
        found = await find(tier)
        if found.is_built:
            return Choice(found=found, higher=tuple(higher))
        higher.append(found)
    return Choice(found=None, higher=tuple(higher))


def _candidates(wanted: str, *, allow_unsafe: bool) -> tuple[str, ...]:
    if wanted == "s0" and not allow_unsafe:
        return ()
    if wanted != "auto":
        return (wanted,)
    last = ("s0",) if allow_unsafe and sys.platform != "win32" else ()
    if sys.platform == "darwin":
        return ("monty", "seatbelt", *last)
    return (*(KERNEL_TIERS if sys.platform == "linux" else ()), "monty", *last)


def refusal(wanted: str, choice: Choice) -> str:
    """Why there is no sandbox, and what the user can do about it."""
    if wanted == "s0" and not choice.higher:
        return (
            "tier s0 protects from accidents only: model-written code could read your files and use your network. "
            "Add --allow-unsafe-sandbox if you trust the documents and the model"
        )
    reasons = "; ".join(
        f"{found.tier}: {found.why_not} ({found.how})" if found.how else f"{found.tier}: {found.why_not}"
        for found in choice.higher
    )
    what = "no sandbox can be built here" if wanted == "auto" else f"tier {wanted} cannot be built here"
    unsafe = ". Or add --allow-unsafe-sandbox if you trust the documents and the model"
    return f"{what}. {reasons}{unsafe if sys.platform != 'win32' else ''}"


class ChosenSandbox:
    """A ``Sandbox`` whose tier is chosen by the settings when the first REPL is opened.

    Args:
        settings: the tier and the limits.
    """

    def __init__(self, settings: SandboxSettings) -> None:
        self._settings = settings
        self._choosing = asyncio.Lock()
        self._chosen: Sandbox | None = None
        self._is_closed = False

    @property
    def tier(self) -> str:
        """The tier in use; the one in the settings before the first REPL is opened."""
        return self._settings.tier if self._chosen is None else self._chosen.tier

    async def open(self, setup: ReplSetup, host: ReplHost) -> Repl:
        """A REPL on the chosen tier.

        Raises:
            SandboxFailure: the tier asked for cannot be built, or no tier can.
        """
        async with self._choosing:
            if self._chosen is None:
                temporary.sweep_once()
                self._chosen = await self._choose()
        if self._is_closed:
            raise SandboxFailure("this sandbox is closed")
        return await self._chosen.open(setup, host)

    async def _choose(self) -> Sandbox:
        wanted = self._settings.tier
        choice = await choose(wanted, allow_unsafe=self._settings.allow_unsafe)
        if choice.found is None:
            raise SandboxFailure(refusal(wanted, choice))
        return sandbox_on(choice.found.tier, self._settings)

    async def close(self) -> None:
        """Close the chosen sandbox with all its REPLs."""
        self._is_closed = True
        if self._chosen is not None:
            await self._chosen.close()


def sandbox_on(tier: str, settings: SandboxSettings) -> Sandbox:
    """The sandbox of a tier that can be built."""
    if tier == "monty":
        from harlm.sandbox.monty.repl import MontySandbox

        return MontySandbox(settings)
    from harlm.sandbox.process.sandbox import ProcessSandbox  # here, since *direct* mode opens no REPL

    if tier == "seatbelt":
        return ProcessSandbox("s0", settings, wrapper=seatbelt.command())
    return ProcessSandbox(tier, settings)
