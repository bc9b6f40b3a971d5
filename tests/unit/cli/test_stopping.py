"""Signals that stop a run: it is cancelled and cleaned up, and reports what is kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harlm.testing import Request, ScriptedServer

SLEEP = "```repl\nimport time\ntime.sleep(30)\n```"


def stopped(
    server: ScriptedServer, number: int, tmp_path: Path, before: Callable[[], object] | None = None
) -> subprocess.CompletedProcess[str]:
    """A run that has asked its model once, and is then sent a signal."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "harlm",
            "ask",
            "What?",
            "a.txt",
            "-m",
            f"openai/x@{server.base_url}",
            "--mode",
            "repl",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        preexec_fn=before,
    )
    for _ in range(400):
        if server.requests:
            break
        time.sleep(0.05)
    time.sleep(1.0)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture(autouse=True)
def document(clean_environment: Path) -> None:
    Path("a.txt").write_text("some text", encoding="utf-8")


def ignore_ctrl_c() -> None:
    """As a shell does for the background jobs of a script."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize(
    ("number", "before", "code", "said"),
    [
        (signal.SIGINT, None, 130, "interrupted"),
        (signal.SIGTERM, None, 143, "stopped by SIGTERM"),
        (signal.SIGHUP, None, 129, "stopped by SIGHUP"),
        (signal.SIGTERM, ignore_ctrl_c, 143, "stopped by SIGTERM"),
    ],
)
def test_a_stopped_run_leaves_no_files_and_says_what_is_kept(
    number: int, before: Callable[[], object] | None, code: int, said: str, tmp_path: Path
) -> None:
    with ScriptedServer(lambda request: SLEEP) as server:
        ran = stopped(server, number, tmp_path, before)
    assert (ran.returncode, ran.stdout) == (code, ""), ran.stderr
    assert ran.stderr.splitlines()[-1] == f"harlm: {said}"
    assert "1 answered call(s) are kept: harlm runs show 01" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_stopped_run_without_an_answered_call_is_named(tmp_path: Path) -> None:
    with ScriptedServer(lambda request: "late", latency_s=20) as server:
        ran = stopped(server, signal.SIGINT, tmp_path)
    assert ran.returncode == 130
    assert "no answered call, but the events are kept: harlm runs show 01" in ran.stderr


def test_an_ignored_signal_stays_ignored(tmp_path: Path) -> None:
    def reply(request: Request) -> str:
        time.sleep(2)
        return "```repl\nFINAL('done')\n```"

    with ScriptedServer(reply) as server:
        ran = stopped(server, signal.SIGHUP, tmp_path, lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    assert (ran.returncode, ran.stdout) == (0, "done\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_during_the_clean_up_of_the_process_changes_nothing(number: int) -> None:
    late = f"import atexit, os\natexit.register(lambda: os.kill(os.getpid(), {int(number)}))\n"
    program = f"{late}from harlm.cli import main\nmain()"
    ended = subprocess.run(
        [sys.executable, "-c", program, "--version"], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
