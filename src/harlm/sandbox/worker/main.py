"""The life of a worker process: limits on itself, a session, then cells until the host is gone."""

from __future__ import annotations

import os
import resource
import signal
import sys
from typing import Any

from .channel import Channel, Frame, FrameTooLarge, HostGone
from .session import CellTimeout, Session
from .texts import Library

_RAW_SHOWN = 20_000
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serve the host on the descriptor that the first argument names, over the texts in the file that the second does."""
    channel = Channel(int(sys.argv[1]))
    _die_with_the_host()
    try:
        _serve(channel)
    except HostGone:
        pass
    finally:
        os._exit(0)  # no atexit hook of a cell gets a say


def _serve(channel: Channel) -> None:
    setup = channel.command()
    _limit(setup["memory_bytes"], setup["file_bytes"])
    channel.hold(setup["largest_frame"])
    if setup["seed"] is not None:
        import random

        random.seed(setup["seed"])
    sys.path.extend(setup["packages"])
    library = Library(channel.call)
    library.read_texts(int(sys.argv[2]), setup["texts"])
    session = Session(
        library,
        shape=setup["shape"],
        functions=setup["functions"],
        call=channel.call,
        call_many=channel.call_many,
        head=setup["head"],
        tail=setup["tail"],
    )
    signal.signal(signal.SIGUSR1, _time_is_up(channel, session))
    channel.send({"op": "ready"})
    while True:
        frame = channel.command()
        done = session.run(frame["code"])
        if channel.is_orphan:
            return  # a cell forked, and this is not the process that the host talks to
        _add_raw_output(done, setup["head"])
        try:
            channel.send({"op": "done", "cell": frame["cell"], **done})
        except FrameTooLarge as error:
            cut = {
                **done,
                "final": None,
                "names": [],
                "error": f"What the cell finished with cannot be sent: {error}",
            }
            channel.send({"op": "done", "cell": frame["cell"], **cut})


def _die_with_the_host() -> None:
    """Let the kernel kill this process when the host is gone, also while a cell computes. Linux only."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == 1:
            os._exit(0)  # it went before we asked


def _limit(memory: int, file: int) -> None:
    """Limits that the kernel keeps. They cannot be raised again."""
    for what, amount in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, file),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
    ):
        hard = resource.getrlimit(what)[1]
        bound = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        try:
            resource.setrlimit(what, (bound, bound))
        except (ValueError, OSError):
            if sys.platform == "linux":
                raise  # macOS knows no limit of address space


def _time_is_up(channel: Channel, session: Session) -> Any:
    def handler(number: int, frame: object) -> None:
        if session.running:
            channel.interrupt(CellTimeout("the cell used up its time (waiting for calls is not counted)"))

    return handler


def _add_raw_output(done: Frame, limit: int) -> None:
    """What child processes and C code wrote to descriptors 1 and 2, after what Python printed."""
    try:
        size = os.lseek(1, 0, os.SEEK_END)
        data = os.pread(1, min(size, limit, _RAW_SHOWN), 0)
        os.ftruncate(1, 0)
        os.lseek(1, 0, os.SEEK_SET)
    except OSError:
        return  # the cell closed it
    raw = data.decode("utf-8", "backslashreplace")
    done["tail" if done["tail"] else "head"] += raw
    done["chars"] += len(raw) + size - len(data)
