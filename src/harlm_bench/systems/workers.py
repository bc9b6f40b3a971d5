"""Processes that answer questions, one after another: lines of JSON in, lines of JSON out. Knows no system.

A worker that does not answer in time is killed with its whole process group; noise between its lines is skipped.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from harlm_bench.systems.attempt import (
    Effort,
    Failed,
    LimitReached,
    NotInstalled,
    aside,
)
from harlm_bench.systems.worker_lines import Came, Command, Ready, environment_of, failed_as

_STARTS_WITHIN_S = 120.0
_GRACE = (
    0.1  # of the limit of a question, and at most so many seconds, in which a system may end by its own rules
)
_GRACE_S = 3.0
_TAIL = 400  # characters of stderr that explain a death
_QUESTIONS = 50  # that one process answers before a fresh one takes its place


_T = TypeVar("_T", Came, Ready)


class Workers:
    """The processes of one system. Used from several threads at once: each question gets a process of its own.

    Args:
        command: how to start one.
    """

    def __init__(self, command: Command) -> None:
        self._command = command
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()  # those that start, too
        self._lock = threading.Lock()

    def solve(self, job: Mapping[str, object], within_s: float, effort: Effort) -> str:
        """The answer to one question.

        Args:
            job: what the worker gets, as JSON.
            within_s: the limit of the question. The time in which a worker starts does not count.
            effort: takes its CPU and notes.

        Raises:
            Failed: there is no answer; the class says why.
        """
        worker = self._taken(effort)
        try:
            came = worker.solve(job, within_s, effort)
        except BaseException:
            self._drop(worker)
            raise
        self._keep(worker)
        effort.cpu_s += came.cpu_s
        effort.notes |= came.notes | {"version": worker.ready.version, "worker_wall_s": came.wall_s}
        if came.status == "answered":
            return came.text
        raise failed_as(came.status, came.reason, came.text)

    def close(self) -> None:
        """End all processes, with the questions that they are at."""
        with self._lock:
            idle, self._idle = self._idle, []
            for worker in self._busy:  # the threads that wait for them close their pipes
                worker.end()
        for worker in idle:
            worker.kill()

    def _taken(self, effort: Effort) -> _Worker:
        with self._lock:
            worker = self._idle.pop() if self._idle else None
            if worker is not None:
                self._busy.add(worker)
                return worker
        with aside(effort):
            with self._lock:
                self._busy.add(worker := _Worker(self._command))
            try:
                worker.wait()
            except BaseException:
                self._drop(worker)
                raise
        return worker

    def _keep(self, worker: _Worker) -> None:
        if worker.answered >= _QUESTIONS:
            self._drop(worker)
            return
        with self._lock:
            self._busy.discard(worker)
            self._idle.append(worker)

    def _drop(self, worker: _Worker) -> None:
        worker.kill()
        with self._lock:
            self._busy.discard(worker)


class _Worker:
    """One process. ``wait`` for it before it is asked."""

    ready: Ready

    def __init__(self, command: Command) -> None:
        self.answered = 0
        self._cpu_s = 0.0
        self._buffer = bytearray()
        self._ending = threading.Lock()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        command.home.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(  # noqa: S603 - an interpreter of this machine and a file of ours
            command.line,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=command.home,
            env=environment_of(command),
            start_new_session=True,
        )

    def wait(self) -> None:
        """Wait until it has said that it is ready.

        Raises:
            NotInstalled: it cannot import what it needs.
        """
        try:
            self.ready = self._read(Ready, time.monotonic() + _STARTS_WITHIN_S)
        except BaseException as error:
            self.kill()
            raise NotInstalled(f"its process did not start: {error}") from error
        if not self.ready.ready:
            self.kill()
            raise NotInstalled(f"it cannot be imported: {self.ready.error}")
        self._cpu_s = self.ready.cpu_s

    def solve(self, job: Mapping[str, object], within_s: float, effort: Effort) -> Came:
        """What it says of one question.

        Raises:
            LimitReached: it did not answer in time.
            Failed: it died.
        """
        ends = time.monotonic() + within_s + min(_GRACE_S, 0.3 + _GRACE * within_s)
        try:
            self._write(msgspec.json.encode(job) + b"\n", ends)
            came = self._read(Came, ends)
        except TimeoutError as error:
            effort.cpu_s += self.kill()
            raise LimitReached(f"{within_s:g} s are up; its process was ended") from error
        except (EOFError, OSError) as error:
            said = self._said()
            effort.cpu_s += self.kill()
            raise Failed(f"its process ended ({self._process.returncode}): {said}") from error
        self.answered += 1
        self._cpu_s += came.cpu_s
        return came

    def kill(self) -> float:
        """End the process and all that it has started in its group.

        Returns:
            the CPU seconds that it used since its last answer; 0 if they are unknown.
        """
        used = 0.0
        with self._ending:
            if self._process.returncode is not None:
                return 0.0
            self._signal()
            with contextlib.suppress(ChildProcessError):
                _, status, usage = os.wait4(self._process.pid, 0)
                self._process.returncode = os.waitstatus_to_exitcode(status)
                used = max(0.0, usage.ru_utime + usage.ru_stime - self._cpu_s)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._errors.close()
        return used

    def end(self) -> None:
        """End the process and its group, and leave the rest to the thread that waits for it."""
        with self._ending:
            if self._process.returncode is None:
                self._signal()

    def _signal(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _said(self) -> str:
        """The end of its stderr."""
        if self._errors.closed:
            return "it said nothing"
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - _TAIL))
        words = self._errors.read().decode("utf-8", "replace").strip()
        return words or "it said nothing"

    def _write(self, data: bytes, ends: float) -> None:
        """Send a line; a worker that does not read it is late like one that does not answer."""
        pipe = self._process.stdin
        assert pipe is not None
        os.set_blocking(pipe.fileno(), False)
        view = memoryview(data)
        while view:
            _wait(pipe.fileno(), selectors.EVENT_WRITE, ends)
            view = view[os.write(pipe.fileno(), view) :]

    def _read(self, kind: type[_T], ends: float) -> _T:
        """The next line of this kind; any other line is noise.

        Raises:
            TimeoutError: there is none in time.
            EOFError: the process ended.
        """
        pipe = self._process.stdout
        assert pipe is not None
        while True:
            while (end := self._buffer.find(b"\n")) < 0:
                _wait(pipe.fileno(), selectors.EVENT_READ, ends)
                if not (piece := os.read(pipe.fileno(), 1 << 16)):
                    raise EOFError(self._said())
                self._buffer += piece
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                return msgspec.json.decode(line, type=kind)


def _wait(descriptor: int, event: int, ends: float) -> None:
    """Wait until a pipe is ready.

    Raises:
        TimeoutError: it is not in time.
    """
    with selectors.DefaultSelector() as ready:
        ready.register(descriptor, event)
        if not ready.select(max(0.0, ends - time.monotonic())):
            raise TimeoutError
