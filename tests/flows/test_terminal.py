"""What a user sees on a terminal while a run works, and after it."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import web

from harlm.home import user_config_file
from harlm.testing import FaultyServer, Request, ScriptedServer
from tests.support.cli import harlm
from tests.support.screen import Screen

FAN_OUT = "```repl\nanswers = llm_query_batched([f'part {n}' for n in range(6)])\nFINAL(answers[-1])\n```"


@pytest.fixture(autouse=True)
def document(clean_environment: Path) -> None:
    Path("a.txt").write_text("The code is 4711.\n", encoding="utf-8")


def set_by_user(settings: str) -> None:
    file = user_config_file()
    file.parent.mkdir(parents=True)
    file.write_text(settings)


class OnTerminal:
    """A ``harlm`` whose stdout and stderr are one terminal.

    Args:
        arguments: of ``harlm``.
        width, height: of the terminal.
        environment: variables besides those of the test.
        reads: whether stdin is the terminal too.

    Attributes:
        screen: what the user sees.
        seen: every text that was on the screen at some time.
        process: the process.
    """

    def __init__(
        self, *arguments: str, width: int, height: int, environment: dict[str, str], reads: bool = False
    ) -> None:
        self.screen = Screen(width, height)
        self.seen: list[str] = []
        self.written = ""
        self._lock = threading.Lock()
        self._ours, theirs = pty.openpty()
        self._size(width, height)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "harlm", *arguments],
            stdin=theirs if reads else subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm", "PYTHONIOENCODING": "utf-8", **environment},
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def resize(self, width: int, height: int) -> None:
        """The user drags the corner of the window."""
        with self._lock:
            self.screen.resize(width, height, "folded")
            self._size(width, height)

    def wait_for(self, text: str) -> None:
        """Return when the user has seen ``text``."""
        self._until(lambda: any(text in each for each in self.seen))

    def end(self) -> list[str]:
        """What is left when the process has ended: lines that have scrolled away, and the screen."""
        self.process.wait(60)
        self._reader.join(60)
        os.close(self._ours)
        return [*self.screen.scrolled, *self.screen.lines]

    def _until(self, is_so: Callable[[], bool]) -> None:
        ends = time.monotonic() + 30
        while not is_so():
            assert time.monotonic() < ends, "\n---\n".join(self.seen)
            time.sleep(0.02)

    def _size(self, width: int, height: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            try:
                piece = os.read(self._ours, 1 << 16)
            except OSError:  # on Linux: the other end was closed
                return
            if not piece:
                return
            text = decoder.decode(piece)
            with self._lock:
                self.written += text
                self.screen.feed(text)
                self.seen.append("\n".join(self.screen.lines))


@contextmanager
def asked(
    reply: Callable[[Request], str | web.Response],
    *flags: str,
    width: int = 100,
    height: int = 24,
    latency_s: float = 0.0,
    environment: dict[str, str] | None = None,
) -> Iterator[OnTerminal]:
    with ScriptedServer(reply, latency_s=latency_s) as server:
        model = f"openai/x@{server.base_url}"
        running = OnTerminal(
            "ask", "What is the code?", "a.txt", "-m", model, *flags, "--mode", "full",
            width=width, height=height, environment=environment or {},
        )  # fmt: skip
        try:
            yield running
        finally:
            running.process.kill()


def parts(request: Request) -> str:
    return "4711" if request.number else FAN_OUT


def is_left_of_the_display(line: str) -> bool:
    return "in flight" in line or line[:1] in "├└│" or line.startswith("full “")


def assert_clean(running: OnTerminal, lines: list[str]) -> None:
    assert not [line for line in lines if line and is_left_of_the_display(line)], lines
    screen = running.screen
    assert (screen.column, screen.shows_cursor, screen.is_wrapping) == (0, True, True)


def test_a_run_shows_its_calls_and_leaves_only_its_answer() -> None:
    with asked(parts, latency_s=1.5) as running:
        running.wait_for("1 done, 6 in flight")
        running.wait_for("full “What is the code?” · 6 in flight")
        lines = running.end()
    assert running.process.returncode == 0, lines
    assert_clean(running, lines)
    assert "4711" in lines
    assert any(line.startswith("full · cost unknown · ") for line in lines)


def test_the_clock_moves_during_one_long_call() -> None:
    with asked(lambda request: "```repl\nFINAL('done')\n```", latency_s=3.2) as running:
        assert_clean(running, running.end())
    times = re.findall(r"(\d:\d\d) · 0 done, 1 in flight", "\n".join(running.seen))
    assert len(set(times)) >= 3, times


def test_retries_are_shown_with_their_reason() -> None:
    def reply(request: Request) -> str | web.Response:
        if request.number == 0:
            text = '{"error": {"message": "slow down"}}'
            return web.Response(status=429, text=text, headers={"retry-after": "2"})
        return "```repl\nFINAL('done')\n```"

    with asked(reply, width=140) as running:
        running.wait_for("1 in flight, 1 retrying: 429 rate limited: slow down, ")
        assert_clean(running, running.end())


def test_a_failed_run_leaves_its_error_on_the_last_line() -> None:
    set_by_user("[models]\nretries = 2\n")
    with asked(lambda request: web.Response(status=503, text="gone")) as running:
        lines = running.end()
    assert running.process.returncode == 5
    assert_clean(running, lines)
    assert "503" in lines[-1] or "503" in lines[-2]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing(number: int) -> None:
    with asked(lambda request: "late", latency_s=20) as running:
        running.wait_for("1 in flight")
        running.process.send_signal(number)
        lines = running.end()
    assert running.process.returncode == 128 + number
    assert_clean(running, lines)
    assert lines[-1].startswith("harlm: ")


def test_a_small_terminal_that_is_resized_is_left_clean() -> None:
    with asked(parts, width=70, height=12, latency_s=1.5) as running:
        running.wait_for("6 in flight")
        running.resize(20, 5)
        running.wait_for("1 done, 6 i…")
        lines = running.end()
    assert running.process.returncode == 0
    assert_clean(running, lines)


@pytest.mark.parametrize(
    "environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"PYTHONIOENCODING": "latin-1"}, {"CI": "true"}]
)
def test_a_terminal_without_drawing_gets_lines(environment: dict[str, str]) -> None:
    with asked(lambda request: "```repl\nFINAL('done')\n```", environment=environment) as running:
        lines = running.end()
    assert "\x1b" not in running.written
    assert lines[-2] == "done" or "done" in lines


def test_without_a_terminal_a_waiting_run_says_what_it_waits_for() -> None:
    def latency(request: Request) -> float:
        return 6.0 if request.number == 0 else 0.0

    with FaultyServer(lambda request: "```repl\nFINAL('done')\n```", latency_s=latency) as server:
        ran = harlm(
            "ask", "What is the code?", "a.txt", "-m", f"openai/x@{server.base_url}", "--mode", "repl"
        )
    assert ran.code == 0
    (line,) = (line for line in ran.err.splitlines() if line.startswith("waiting for "))
    assert line.startswith("waiting for openai/x")
    assert re.search(
        r": 1 in flight, [56] s · 0:0", line
    )  # the first line after five seconds, later on a busy machine


def test_the_log_of_a_build_gets_whole_lines_and_few() -> None:
    """Twelve calls of half a second after each other: more than one line of figures, and not one for each of them."""
    slow = "```repl\nfor n in range(12):\n    answer = llm_query(f'part {n}' + str(n and answer))\nFINAL(answer)\n```"

    def reply(request: Request) -> str:
        return "part" if request.prompt.startswith("part") else slow

    with FaultyServer(reply, latency_s=lambda request: 0.5) as server:
        model = f"openai/x@{server.base_url}"
        ran = harlm(
            "ask", "What is the code?", "a.txt", "-m", model, "--mode", "full", environment={"CI": "1"}
        )
    assert ran.code == 0
    assert not re.search(r"[\x1b\r\x08]", ran.out + ran.err)
    figures = [line for line in ran.err.splitlines() if re.match(r"\d+:\d\d · \d+ done", line)]
    assert 1 <= len(figures) <= 6, ran.err
