"""The life of one REPL process: confined at last, a session, then cells and forks until the host is gone."""

from __future__ import annotations

import fcntl
import gc
import linecache
import os
import random
import shutil
import signal
import threading
from contextlib import suppress

from .. import confine
from ..confine import seccomp
from ..confine.limits import die_with_parent
from ..confine.namespaces import WORK
from ..vocabulary import GIVEN
from . import snapshot
from .channel import Channel, Frame, FrameTooLarge, HostGone
from .context import Library
from .interrupts import INTERRUPTS
from .msgpack import pack, unpack
from .scout_process import ScoutLauncher, scout
from .session import Session
from .zygote_socket import close_all_but

WIRE, TEXTS = 3, 4
"""Descriptors of a REPL, besides 0 to 2: the socket to the host, and at first the texts that are its alone."""


def settle(wire: int, output: int, texts: int | None) -> None:
    """Put the descriptors where they belong, and close all others."""
    kept = [
        fcntl.fcntl(each, fcntl.F_DUPFD, TEXTS + 1)
        for each in (wire, output, *([] if texts is None else [texts]))
    ]
    os.dup2(kept[1], 1)
    os.dup2(kept[1], 2)
    os.dup2(kept[0], WIRE)
    if texts is not None:
        os.dup2(kept[2], TEXTS)
    close_all_but(WIRE, *([] if texts is None else [TEXTS]))


def rehearse() -> None:
    """Do once what every REPL does, so that it is compiled, specialised and cached before anything is forked: what is
    written then is shared, what is written after a fork is a copy.
    """
    for may_fork in (False, True):
        seccomp.allow_list(may_write=True, may_fork=may_fork)
        seccomp.allow_list(may_write=False, may_fork=may_fork)
    library = Library()
    library.add("rehearsal", True, "one\ntwo\n")
    session = Session(
        library, shape="text", functions=list(GIVEN), call=lambda *_: "", call_many=lambda *_: [], head=1000, tail=1000
    )  # fmt: skip
    for cell in ("x = 1", "print(x, len(context))", "llm_query('?')", "context.grep('o')", "x / 0") * 3:
        pack({"op": "done", "cell": "", **session.run(cell)})
        unpack(pack({"op": "execute", "cell": "", "code": cell}))
    linecache.clearcache()


def prepare(
    tier: str,
    python: confine.Python,
    confined: confine.Confined,
    folder: str,
    *,
    memory_bytes: int,
    file_bytes: int,
) -> str | None:
    """Confine this process, before it knows for which REPL.

    Args:
        confined: what came of confining the run.
        folder: the name of the one in which its cells may write.

    Returns:
        the path of that folder; None where there is none.
    """
    die_with_parent()
    place = _make_folder(tier, folder)
    confine.confine_repl(
        tier, python, confined, folder=place, memory_bytes=memory_bytes, file_bytes=file_bytes
    )
    return place


def serve(
    channel: Channel,
    library: Library,
    python: confine.Python,
    *,
    tier: str,
    folder: str | None,
    own_texts: int | None,
) -> None:
    """Serve the host until it is gone.

    Args:
        library: of the run; the texts of this REPL are taken from it, or read from ``own_texts``.
        folder: as ``prepare`` made it.
    """
    setup = channel.command()
    channel.hold(setup["largest_frame"])
    random.seed(setup["seed"])
    library = _library(library, setup, own_texts)
    library.connect(channel.call)
    if tier == "s0":
        folder = setup["folder"]
    _enter(folder)
    session = Session(
        library,
        shape=setup["shape"],
        functions=setup["functions"],
        call=channel.call,
        call_many=channel.call_many,
        head=setup["head"],
        tail=setup["tail"],
        sign_of_life=lambda: channel.send({"op": "alive"}),
    )
    channel.send({"op": "ready"})
    _Life(channel, session, tier, python, folder).live()


def _library(library: Library, setup: Frame, own_texts: int | None) -> Library:
    """The texts of this REPL: all of the run's, or some of them and some of its own."""
    if setup["texts"] is None:
        return library
    own = Library()
    own.take(setup["texts"], library.documents, own_texts)
    return own


def _make_folder(tier: str, name: str) -> str | None:
    """The folder in which cells may write, where the tier has such and other REPLs have left room for it."""
    if tier == "s3":
        with suppress(OSError):
            os.mkdir(f"{WORK}/{name}", 0o700)
            return f"{WORK}/{name}"
    return None


def _enter(folder: str | None) -> None:
    os.chdir(folder or "/")
    if folder is not None:
        os.environ.update(HOME=folder, TMPDIR=folder)


class _Life:
    """Cells and forks, one after another.

    Responsibilities: run what the host orders; become a branch when a fork is ordered.
    """

    def __init__(
        self, channel: Channel, session: Session, tier: str, python: confine.Python, folder: str | None
    ) -> None:
        self._channel = channel
        self._session = session
        self._tier = tier
        self._python = python
        self._folder = folder
        self._handler = self._interrupt  # one object, to be known again

    def live(self) -> None:
        """Until the host is gone."""
        try:
            while True:
                frame = self._channel.command()
                if frame["op"] == "fork":
                    self._fork(frame)
                elif frame["op"] == "scout":
                    self._scout(frame)
                elif frame["op"] == "follow":
                    self._follow(frame)
                    return
                elif frame["op"] == "given":
                    continue  # its descriptors wait for what is ordered next
                elif not self._run(frame):
                    return  # a cell forked, and this is not the process that the host talks to
        except HostGone:
            pass

    def _interrupt(self, number: int, frame: object) -> None:
        if self._session.running:
            self._channel.interrupt(INTERRUPTS[number]())

    def _run(self, frame: Frame) -> bool:
        for number in INTERRUPTS:
            if signal.getsignal(number) is not self._handler:  # at first, and when a cell changed it
                signal.signal(number, self._handler)
        ahead = self._ahead(frame) if frame["ahead"] else None
        done = self._session.run(frame["code"], ahead)
        if ahead is not None:
            ahead.close()
        if self._channel.is_orphan:
            return False
        try:
            self._channel.send_done(frame["cell"], done)
        except FrameTooLarge as error:
            why = f"What the cell finished with cannot be sent: {error}"
            cut = {**done, "final": None, "names": [], "error": why}
            self._channel.send_done(frame["cell"], cut)
        return True

    def _ahead(self, frame: Frame) -> ScoutLauncher:
        descriptors = self._channel.take_descriptors()
        return ScoutLauncher(
            self._channel, descriptors, self._become_scout, is_eager=frame["ahead"] == "eager"
        )

    def _scout(self, frame: Frame) -> None:
        """Let a scout go ahead of a cell that is still being written."""
        ahead = self._ahead(frame)
        self._session.start_early(ahead)
        ahead.close()

    def _follow(self, frame: Frame) -> None:
        """Be the scout of a cell in another REPL that cannot fork."""
        rest = snapshot.unpack(frame["copies"], self._session.names)
        scout(self._channel, rest, is_eager=frame["ahead"] == "eager")

    def _fork(self, frame: Frame) -> None:
        """Make a second process in the state of this one, which goes on with the descriptors that came with the order."""
        descriptors = self._channel.take_descriptors()
        if threading.active_count() > 1:
            threads = threading.active_count() - 1
            self._cannot_fork(descriptors, f"{threads} thread(s) of earlier cells still run")
            return
        gc.disable()
        try:
            pid = self._channel.fork()
        except OSError as error:
            self._cannot_fork(descriptors, f"fork: {error.strerror}")
            return
        finally:
            gc.enable()
        if pid:
            for each in descriptors:
                os.close(each)
            self._channel.send({"op": "forked"})
        else:
            self._become_branch(frame, descriptors)

    def _cannot_fork(self, descriptors: list[int], why: str) -> None:
        for each in descriptors:
            os.close(each)
        self._channel.send({"op": "unforked", "why": why})

    def _become_branch(self, frame: Frame, descriptors: list[int]) -> None:
        try:
            wire, output = descriptors
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.dup2(wire, WIRE, inheritable=False)
            for each in descriptors:
                os.close(each)
            random.seed(frame["seed"])
            if self._folder is not None:
                self._take_folder(frame["folder"], may_write=frame["may_write"])
        except BaseException:  # noqa: BLE001 - half a branch is none; the host sees that it is gone
            os._exit(1)
        self._channel.send({"op": "ready"})

    def _become_scout(self, wire: int, output: int) -> None:
        """Nothing of what this process does from here on can be seen by the cell, but what it asks for."""
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.dup2(wire, WIRE, inheritable=False)
        close_all_but(WIRE)  # also the cell's own files: where one reads, the other would go on
        for number in INTERRUPTS:
            signal.signal(number, signal.SIG_DFL)
        if self._tier == "s3" and self._folder is not None:
            confine.confine_folder(self._python, self._folder, may_write=False)

    def _take_folder(self, name: str, *, may_write: bool) -> None:
        """A copy of the folder that is this branch's alone, or the same one, only to read."""
        assert self._folder is not None
        if may_write:
            copy = f"{self._folder}/{name}"
            files = [each for each in os.scandir(self._folder) if not each.name.startswith(".branch-")]
            os.mkdir(copy, 0o700)
            for each in files:
                if each.is_file(follow_symlinks=False):
                    shutil.copyfile(each.path, f"{copy}/{each.name}")
                elif each.is_dir(follow_symlinks=False):
                    shutil.copytree(each.path, f"{copy}/{each.name}", copy_function=shutil.copyfile)
            self._folder = copy
            _enter(copy)
        if self._tier == "s3":
            confine.confine_folder(self._python, self._folder, may_write=may_write)
