from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from harlm.tools.mcp import keeper
from tests.support.processes import is_running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")

CHILD = "import os, sys, time; print(os.getpid(), os.getpgid(0), flush=True); sys.stdin.read(); {}"
STUBBORN = "import signal; [signal.signal(each, signal.SIG_IGN) for each in (15, 1)]; "


class Kept:
    """A command with its keeper."""

    def __init__(self, *command: str) -> None:
        watched, self.life = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", keeper.__file__, str(watched), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=(watched,),
            start_new_session=True,
        )
        os.close(watched)

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> int:
        os.close(self.life)
        code = self.process.wait(20)
        self.process.communicate()
        return code


def gone(pid: int) -> bool:
    for _ in range(1_000):
        if not is_running(pid):
            return True
        time.sleep(0.01)
    return False


def test_a_command_has_a_group_of_its_own_and_the_keepers_input_and_output() -> None:
    kept = Kept(sys.executable, "-c", CHILD.format("print('read')"))
    pid, group = map(int, kept.line().split())
    assert pid == group != os.getpgid(kept.process.pid)
    out, _ = kept.process.communicate("", 20)
    assert out == "read\n"
    assert kept.process.returncode == 0
    os.close(kept.life)


@pytest.mark.parametrize(("ends", "code"), [("sys.exit(7)", 7), ("os.kill(os.getpid(), 9)", 128 + 9)])
def test_its_exit_code_is_passed_on(ends: str, code: int) -> None:
    kept = Kept(sys.executable, "-c", CHILD.format(ends))
    kept.line()
    kept.process.communicate("", 20)
    assert kept.process.returncode == code
    os.close(kept.life)


def test_a_command_that_does_not_exist_is_said() -> None:
    kept = Kept("/nowhere/at/all")
    _, errors = kept.process.communicate("", 20)
    assert kept.process.returncode == keeper.NOT_STARTED
    assert errors == "/nowhere/at/all: No such file or directory\n"
    os.close(kept.life)


@pytest.mark.parametrize("stubborn", ["", STUBBORN])
def test_the_group_ends_when_the_pipe_closes_also_if_it_ignores_signals(stubborn: str) -> None:
    below = "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
    code = f"import os, subprocess, sys, time; {stubborn}child = {below}; print(os.getpid(), child.pid, flush=True); time.sleep(600)"
    kept = Kept(sys.executable, "-c", code)
    pids = [int(each) for each in kept.line().split()]
    ended = kept.end()
    assert ended == 128 + (signal.SIGKILL if stubborn else signal.SIGTERM)
    assert all(map(gone, pids))


def test_what_a_command_leaves_behind_ends_with_it() -> None:
    below = (
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], stdout=subprocess.DEVNULL)"
    )
    kept = Kept(sys.executable, "-c", f"import subprocess, sys; print({below}.pid, flush=True)")
    pid = int(kept.line())
    kept.process.communicate("", 20)
    assert kept.process.returncode == 0
    assert gone(pid)
    os.close(kept.life)


def test_the_keeper_passes_on_that_it_shall_end() -> None:
    kept = Kept(sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)")
    pid = int(kept.line())
    kept.process.terminate()
    assert kept.process.wait(20) == 128 + signal.SIGTERM
    assert gone(pid)
    os.close(kept.life)
    kept.process.communicate()
