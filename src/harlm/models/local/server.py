"""One llama.cpp server in a child process: starting it, what its end was, and stopping it."""

from __future__ import annotations

import io
import json
import os
import re
import secrets
import select
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harlm.errors import ConfigError, ModelError
from harlm.models.local import serve
from harlm.models.local.gguf import read_head
from harlm.models.local.sizing import ServerPlan, plan_for
from harlm.threads import StopFlag

_CACHED_MIB = 1_024
"""Prompts that the server keeps to itself. Its own default is 8 GiB, which grows with every prompt."""

_QUIET = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}
"""Threads that wait give their core to others: spinning ones make a busy machine ten times slower."""

_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|\AHARLM_", re.IGNORECASE)
_LOADING_S = 900.0  # a large file on a slow disk
_LOOK_S = 0.1
_TO_END_S = 5.0
_KEPT_LINES = 60
_LINE = re.compile(r"\A[\d.]{1,20} [A-Z] {1,20}(?:\S{1,80} {1,20})?(?:\S{1,80}: )?(?P<said>.*)\Z")
_SAYS_LITTLE = re.compile(
    r"failed to load model|failed to fit params|error while trying to fit|cleaning up|exiting due to|Failed to init server"
)
_DAMAGED = re.compile(r"key-value pairs|file bounds|tensor info|unexpectedly reached end")
_PORT_TAKEN = "couldn't bind"


class LocalServer:
    """A server that is ready. ``start`` makes one.

    Attributes:
        plan: how it serves.
        address: of the server, without ``/v1``.
        key: that every request must carry; empty if none is needed.
    """

    def __init__(
        self, plan: ServerPlan, address: str, key: str, process: subprocess.Popen[bytes], log: deque[str]
    ) -> None:
        self.plan = plan
        self.address = address
        self.key = key
        self._process = process
        self._log = log

    @property
    def base_url(self) -> str:
        """The address for clients of OpenAI's protocol."""
        return f"{self.address}/v1"

    @property
    def end(self) -> str | None:
        """How its process has ended, in words; ``None`` while it runs."""
        code = self._process.poll()
        return None if code is None else _ending(code, self._log)

    def wait(self) -> str:
        """Wait until its process ends. Returns how it ended, in words."""
        return _ending(self._process.wait(), self._log)

    def stop(self) -> None:
        """End its process. Safe to call twice."""
        _stop(self._process)


def start(
    plan: ServerPlan,
    *,
    stop: StopFlag | None = None,
    port: int = 0,
    is_open: bool = False,
    python: Path | None = None,
) -> LocalServer:
    """Start a server, and return when its model is loaded. Blocks: for a thread.

    Args:
        plan: how to serve which file.
        stop: gives the start up.
        port: of loopback; 0 for any that is free.
        is_open: whether requests need no key.
        python: the Python that has the package xllamacpp; this one by default.

    Raises:
        ConfigError: this is Windows, the package is not installed, the model cannot be loaded, or the port is taken.
        ModelError: the process ended while it loaded the model, or took too long.
        Stopped: it was given up.
    """
    if sys.platform == "win32":
        raise ConfigError(
            "model files are served on Linux, macOS and WSL; on Windows serve them with Ollama: -m ollama/NAME"
        )
    key = "" if is_open else secrets.token_urlsafe(24)
    process = subprocess.Popen(  # noqa: S603 - our own program
        [str(python or sys.executable), "-P", serve.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env=_environment(),
    )
    log: deque[str] = deque(maxlen=_KEPT_LINES)
    reading = threading.Thread(target=_read_log, args=(process, log), name="harlm-local-log", daemon=True)
    try:
        reading.start()
        assert process.stdin is not None
        settings = _settings(plan, key, port)
        try:
            process.stdin.write(json.dumps(settings).encode() + b"\n")
        except BrokenPipeError:
            pass  # it has ended, and its log says why
        said = _first_line(process, stop or StopFlag(), time.monotonic() + _LOADING_S)
        if "address" in said:
            return LocalServer(plan, said["address"], key, process, log)
        code = _code(process)
        reading.join(_TO_END_S)
        raise _failure(said, code, log, plan, port)
    except BaseException:
        process.kill()  # while it loads it does not see that its input ends
        _stop(process)
        raise


@contextmanager
def serving(file: Path, *, window: int | None = None, python: Path | None = None) -> Iterator[LocalServer]:
    """Serve a model file during the block, to any client on this machine and without a key.

    Args:
        file: a GGUF file.
        window: tokens of a request; by default the model's own, up to ``DEFAULT_WINDOW``.
        python: as in ``start``.

    Raises:
        ConfigError, ModelError: as ``start``.
    """
    path = file.expanduser().resolve()
    server = start(plan_for(path, read_head(path), window), is_open=True, python=python)
    try:
        yield server
    finally:
        server.stop()


def _settings(plan: ServerPlan, key: str, port: int) -> Mapping[str, object]:
    return {
        "file": str(plan.file),
        "alias": plan.alias,
        "window": plan.window,
        "slots": plan.slots,
        "threads": plan.threads,
        "cached_mib": _CACHED_MIB,
        "port": port,
        "key": key,
    }


def _environment() -> dict[str, str]:
    """What the child is told of the environment: no keys."""
    return {name: value for name, value in os.environ.items() if not _SECRET.search(name)} | _QUIET


def _read_log(process: subprocess.Popen[bytes], log: deque[str]) -> None:
    assert process.stderr is not None
    with io.BufferedReader(process.stderr) as lines:  # type: ignore[type-var] # a raw file, since bufsize is 0
        for line in lines:
            log.append(line.decode("utf-8", "replace").strip()[:500])


def _first_line(process: subprocess.Popen[bytes], stop: StopFlag, deadline: float) -> dict[str, Any]:
    """What the child says; empty if it ends or the deadline passes before it says anything."""
    assert process.stdout is not None
    line = b""
    while not line.endswith(b"\n") and time.monotonic() < deadline:
        stop.check()
        ready, _, _ = select.select([process.stdout], [], [], _LOOK_S)
        if ready:
            piece = os.read(process.stdout.fileno(), 4_096)
            if not piece:
                return {}
            line += piece
    if not line.endswith(b"\n"):
        process.kill()
        return {"failed": "time"}
    said = json.loads(line)
    assert isinstance(said, dict)
    return said


def _failure(
    said: Mapping[str, str], code: int, log: deque[str], plan: ServerPlan, port: int
) -> ConfigError | ModelError:
    reason = _reason(log)
    match said.get("failed"):
        case "package":
            return ConfigError(
                f"a local model needs the package xllamacpp ({said['why']}); install it with pip install 'harlm[local]'"
            )
        case "loading" if _PORT_TAKEN in reason:
            return ConfigError(
                f"port {port} of 127.0.0.1 is taken; choose another with --port, or leave it out"
            )
        case "loading":
            damage = "the file is cut or damaged: " if _DAMAGED.search(reason) else ""
            return ConfigError(f"{plan.file} cannot be loaded: {damage}{reason or said['why']}")
        case "time":
            how = f"it was not loaded within {_LOADING_S:g} s"
        case _:
            how = _ending(code, log)
    return ModelError(f"the server of {plan.file} ended while it loaded the model: {how}", model=plan.alias)


def _ending(code: int, log: deque[str]) -> str:
    how = f"killed by {_signal_name(-code)}" if code < 0 else f"exit code {code}"
    last = f"; its last line: {log[-1]}" if log else ""
    hint = "; is there memory for it?" if code == -signal.SIGKILL else ""
    return f"{how}{last}{hint}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _reason(log: deque[str]) -> str:
    """The line of a failed start that says most: the last one that is not about the end itself."""
    said = [found["said"] if (found := _LINE.match(line)) else line for line in log]
    telling = [each for each in said if not _SAYS_LITTLE.search(each)]
    return (telling or said or [""])[-1].removeprefix("error loading model: ")


def _code(process: subprocess.Popen[bytes]) -> int:
    """The exit code of a process that is about to end."""
    try:
        return process.wait(_TO_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None and not process.stdin.closed:
        process.stdin.close()  # which ends it
    _code(process)
    if process.stdout is not None:
        process.stdout.close()
