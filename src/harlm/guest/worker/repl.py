"""One REPL process from its start to its end: confines itself, opens a session, then runs cells and forks as
the host orders.
"""

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
from types import FrameType
from typing import Any

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

_MOST_FILES, _MOST_BYTES = 200, 8 << 20  # of a folder that is copied for a fork that must be made at once

WIRE, TEXTS = 3, 4
"""Descriptors of a REPL besides 0 to 2: the socket to the host, and the file of its own texts until they are
read.
"""


def settle(wire: int, output: int, texts: int | None) -> None:
    """Move the descriptors to ``WIRE``, ``TEXTS`` and, for output, to 1 and 2; close all others above 2.

    Args:
        wire: the socket to the host.
        output: where the process prints.
        texts: a file of texts that only this REPL has, if any.
    """
    kept = [
        fcntl.fcntl(descriptor, fcntl.F_DUPFD, TEXTS + 1)
        for descriptor in (wire, output, *([] if texts is None else [texts]))
    ]
    os.dup2(kept[1], 1)
    os.dup2(kept[1], 2)
    os.dup2(kept[0], WIRE)
    if texts is not None:
        os.dup2(kept[2], TEXTS)
    close_all_but(WIRE, *([] if texts is None else [TEXTS]))


def rehearse() -> None:
    """Do once what every REPL does, so that code is compiled, specialised and cached before the first fork.
    Memory written before a fork is shared; memory written after it is copied.
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
    """Confine this process, before it is known which REPL it will be.

    Args:
        tier: of the sandbox.
        python: what the interpreter needs to read.
        confined: the result of confining the run.
        folder: the name of the folder that its cells may write to.
        memory_bytes: limit of the address space.
        file_bytes: limit of the size of one file.

    Returns:
        The path of that folder; ``None`` if cells cannot write.

    Raises:
        KernelRefused, OSError: a step is not possible here.
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
    *,
    tier: str,
    folder: str | None,
    own_texts: int | None,
) -> None:
    """Serve the host until it closes the connection.

    Args:
        channel: the connection to the host.
        library: the texts of the run; those of this REPL are taken from it, or read from ``own_texts``.
        tier: of the sandbox.
        folder: the path that ``prepare`` returned.
        own_texts: descriptor of a file of texts that only this REPL has, if any.
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
        tools=setup["tools"],
        call=channel.call,
        call_many=channel.call_many,
        head=setup["head"],
        tail=setup["tail"],
        sign_of_life=channel.send_sign,
    )
    channel.send({"op": "ready"})
    with session.streams.kept():
        _Life(channel, session, folder).live()
    if not channel.is_orphan:  # else it has the loop of the process that it was forked from
        session.close()


def _library(library: Library, setup: Frame, own_texts: int | None) -> Library:
    """The texts of this REPL: all texts of the run, or some of them and some of its own."""
    if setup["texts"] is None:
        return library
    own = Library()
    own.take(setup["texts"], library.documents, own_texts)
    return own


def _make_folder(tier: str, name: str) -> str | None:
    """Make the folder that cells may write to; ``None`` if the tier has none, or if other REPLs have used up
    the space.
    """
    if tier == "s3":
        with suppress(OSError):
            os.mkdir(f"{WORK}/{name}", 0o700)
            return f"{WORK}/{name}"
    return None


def _enter(folder: str | None) -> None:
    if folder is not None:  # else this process stays in the root folder, where the zygote is
        os.chdir(folder)
        os.environ.update(HOME=folder, TMPDIR=folder)


class _Life:
    """Carries out the host's orders, one after another.

    Responsibilities: run cells, start scouts, and fork into a branch when the host orders one.
    """

    def __init__(self, channel: Channel, session: Session, folder: str | None) -> None:
        self._channel = channel
        self._session = session
        self._folder = folder
        self._handler = self._interrupt  # one object: each access to the method makes another

    def live(self) -> None:
        """Carry out orders until the host closes the connection."""
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
                    continue  # it only brings descriptors, which the next order uses
                elif not self._run(frame):
                    return  # a cell forked this process, and the host is connected to the other one
        except HostGone:
            pass

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._session.running:
            error = INTERRUPTS[number]()
            if not self._session.loop.raises_later(error, frame):
                self._channel.interrupt(error)

    def _run(self, frame: Frame) -> bool:
        for number in INTERRUPTS:
            if signal.getsignal(number) is not self._handler:  # not set yet, or changed by a cell
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
            why = f"The value that the cell finished with cannot be sent: {error}"
            cut = {**done, "final": None, "names": [], "error": why}
            self._channel.send_done(frame["cell"], cut)
        return True

    def _ahead(self, frame: Frame) -> ScoutLauncher:
        descriptors = self._channel.take_descriptors()
        return ScoutLauncher(
            self._channel, descriptors, self._become_scout, is_eager=frame["ahead"] == "eager"
        )

    def _scout(self, frame: Frame) -> None:
        """Start a scout for a cell that is still being written."""
        ahead = self._ahead(frame)
        self._session.start_early(ahead)
        ahead.close()

    def _follow(self, frame: Frame) -> None:
        """Be the scout of a cell that runs in another REPL, which cannot fork."""
        self._session.output.silence()
        rest = snapshot.unpack(frame["copies"], self._session.names)
        scout(self._channel, rest, is_eager=frame["ahead"] == "eager")

    def _fork(self, frame: Frame) -> None:
        """Fork: the child has the same state, and continues as a branch with the descriptors that came with
        the order.
        """
        descriptors = self._channel.take_descriptors()
        if threading.active_count() > 1:
            threads = threading.active_count() - 1
            self._cannot_fork(descriptors, f"{threads} thread(s) of earlier cells still run")
            return
        if frame["seed"] is None and not self._is_quickly_copied():
            self._cannot_fork(descriptors, "copying the files of earlier cells takes too long")
            return
        drawn = random.getstate()  # Python seeds the generator again in a fork
        gc.disable()
        try:
            pid = self._channel.fork()
        except OSError as error:
            self._cannot_fork(descriptors, f"fork: {error.strerror}")
            return
        finally:
            gc.enable()
        if pid:
            for descriptor in descriptors:
                os.close(descriptor)
            self._channel.send({"op": "forked"})
        else:
            self._become_branch(frame, descriptors, drawn)

    def _cannot_fork(self, descriptors: list[int], why: str) -> None:
        for descriptor in descriptors:
            os.close(descriptor)
        self._channel.send({"op": "unforked", "why": why})

    def _become_branch(self, frame: Frame, descriptors: list[int], drawn: tuple[Any, ...]) -> None:
        try:
            wire, output, *rules = descriptors
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.dup2(wire, WIRE, inheritable=False)
            if frame["seed"] is None:
                random.setstate(drawn)
            else:
                random.seed(frame["seed"])
            self._session.loop.renew()
            if self._folder is not None and frame["may_write"]:
                self._copy_folder(frame["folder"])
            for each in rules:
                confine.narrow(each)
            for descriptor in descriptors:
                os.close(descriptor)
        except BaseException:  # noqa: BLE001 - a half-made branch is useless; the host notices that it ended
            os._exit(1)
        self._channel.send({"op": "ready"})

    def _become_scout(self, wire: int, output: int, *rules: int) -> None:
        """Cut this process off from the cell: from here on the cell can see nothing that it does, except the
        calls it asks for. With rules, it can only read the cell's folder.
        """
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.dup2(wire, WIRE, inheritable=False)
        for each in rules:
            confine.narrow(each)
        self._session.output.silence()
        close_all_but(WIRE)  # also the cell's files: a read here would move the position there
        for number in INTERRUPTS:
            signal.signal(number, signal.SIG_DFL)

    def _is_quickly_copied(self) -> bool:
        """Whether the folder holds few and small files, and no folders."""
        if self._folder is None:
            return True
        entries = [entry for entry in os.scandir(self._folder) if not entry.name.startswith(".branch-")]
        if len(entries) > _MOST_FILES or any(entry.is_dir(follow_symlinks=False) for entry in entries):
            return False
        return sum(entry.stat(follow_symlinks=False).st_size for entry in entries) <= _MOST_BYTES

    def _copy_folder(self, name: str) -> None:
        """Give this branch its own copy of the folder, in it. The zygote has made the copy's folder if rules
        belong to it.
        """
        assert self._folder is not None
        copy = f"{self._folder}/{name}"
        entries = [entry for entry in os.scandir(self._folder) if not entry.name.startswith(".branch-")]
        os.makedirs(copy, 0o700, exist_ok=True)
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                shutil.copyfile(entry.path, f"{copy}/{entry.name}")
            elif entry.is_dir(follow_symlinks=False):
                shutil.copytree(entry.path, f"{copy}/{entry.name}", copy_function=shutil.copyfile)
        self._folder = copy
        _enter(copy)
