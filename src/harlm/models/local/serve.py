"""A program, run in a process of its own: llama.cpp's server on loopback. Its first line of input holds its settings.

It writes one line of JSON: ``address`` and ``version`` once the model is loaded, or ``failed`` and ``why``. It ends when
its standard input does or its parent ends. Imports nothing of HARLM, so that it can run in another environment.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import threading
from typing import Any, TextIO

_LOOK_S = 2.0  # seconds between two looks at the parent, in case another process keeps the input open
_TELL_OF_PARENT = 1  # PR_SET_PDEATHSIG
_CHATTY = 3  # the level of llama.cpp's own log at which it says what it loads and listens to


def main() -> None:
    """Serve until there is no parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which decides
    parent = os.getppid()
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no report
    # Loading holds Python's lock. Until it ends the kernel watches the thread that started this process, then we do.
    _die_with_parent(signal.SIGKILL)
    settings = json.loads(_first_line())
    if os.getppid() != parent:
        os._exit(0)
    try:
        import xllamacpp
    except ImportError as error:
        _say(report, failed="package", why=str(error))
        sys.exit(3)
    try:
        server = xllamacpp.Server(_parameters(xllamacpp, settings))
    except (RuntimeError, TypeError, ValueError, AttributeError) as error:
        _say(report, failed="loading", why=str(error))
        sys.exit(3)  # in order, so that llama.cpp's log is written, which says why
    _die_with_parent(0)
    _say(report, address=server.listening_address, version=xllamacpp.__version__)
    threading.Thread(target=_wait_for_end, args=(parent,), daemon=True).start()
    threading.Event().wait()


def _first_line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(0, 1 << 16)
        if not piece:
            os._exit(0)
        line += piece
    return line


def _parameters(xllamacpp: Any, settings: dict[str, Any]) -> Any:
    made = xllamacpp.CommonParams()
    made.model.path = settings["file"]
    made.model_alias = {settings["alias"]}
    made.n_ctx = settings["window"] * settings["slots"]
    made.n_parallel = settings["slots"]
    made.kv_unified = False  # each request has its whole window, whatever the others take
    made.fit_params = False
    made.cpuparams.n_threads = made.cpuparams_batch.n_threads = settings["threads"]
    made.cache_ram_mib = settings["cached_mib"]
    made.hostnames = ["127.0.0.1"]
    made.port = settings["port"]
    made.api_keys = [settings["key"]] if settings["key"] else []
    made.endpoint_metrics = True
    made.ui = False
    made.verbosity = _CHATTY
    return made


def _say(report: TextIO, **what: str) -> None:
    with contextlib.suppress(OSError):  # the parent has ended
        report.write(f"{json.dumps(what)}\n")
        report.flush()


def _die_with_parent(sent: int) -> None:
    """Have the kernel send a signal when the parent's thread ends; 0 for none. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_TELL_OF_PARENT, sent, 0, 0, 0)


def _wait_for_end(parent: int) -> None:
    while os.getppid() == parent:
        ready, _, _ = select.select([0], [], [], _LOOK_S)
        if ready and not os.read(0, 1 << 16):
            break
    os._exit(0)  # at once, also in the middle of a reply


if __name__ == "__main__":
    main()
