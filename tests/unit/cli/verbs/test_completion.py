"""``harlm completion``: the scripts, and what bash completes with them."""

from __future__ import annotations

import os
import pty
import select
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harlm.cli import _VERBS
from harlm.cli.verbs.completion import script_of
from tests.support.cli import harlm


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_printed_that_its_shell_can_read(shell: str) -> None:
    ran = harlm("completion", shell)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.rstrip("\n") == script_of(shell).rstrip("\n")
    assert f"_HARLM_COMPLETE={shell}_complete" in ran.out
    if shutil.which(shell) is not None:
        flag = "--no-execute" if shell == "fish" else "-n"
        subprocess.run([shell, flag, "/dev/stdin"], input=ran.out, text=True, check=True)


def test_another_shell_is_a_usage_error() -> None:
    ran = harlm("completion", "tcsh")
    assert ran.code == 2
    assert "'bash', 'zsh', 'fish'" in ran.err


def completed(*words: str) -> list[str]:
    """What bash offers for the last of ``words``."""
    program = Path("bin/harlm")
    if not program.exists():
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m harlm "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    quoted = " ".join(f"'{word}'" for word in words)
    script = (
        'PATH="$PWD/bin:$PATH"; eval "$(harlm completion bash)"; compopt() { COMPREPLY+=("$*"); }\n'
        f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}\n"
        '_harlm_completion harlm; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    )
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


def test_bash_completes_verbs_options_values_and_paths() -> None:
    assert completed("harlm", "") == [*_VERBS, "bench"]
    assert completed("harlm", "es") == ["estimate"]
    assert "--max-cost" in completed("harlm", "ask", "--max-")
    assert completed("harlm", "ask", "What?", "--mode", "d") == ["direct"]
    assert completed("harlm", "ask", "What?", "do") == ["-o", "default"]
    assert completed("harlm", "ask", "-f", "q") == ["-o", "default"]
    assert completed("harlm", "config", "s") == ["set", "show"]
    assert completed("harlm", "config", "set", "engine.max_d") == ["engine.max_depth"]
    assert completed("harlm", "completion", "z") == ["zsh"]


def test_the_tab_key_completes_on_a_terminal() -> None:
    completed("harlm", "es")  # makes the program
    Path("notes.txt").touch()
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["bash", "--norc", "-i"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "dumb", "PS1": "$ ", "PATH": f"{Path.cwd()}/bin:{os.environ['PATH']}"},
        start_new_session=True,
    )
    os.close(theirs)

    def typed(text: str, shown: str) -> None:
        os.write(ours, text.encode())
        seen, ends = "", time.monotonic() + 30
        while shown not in seen:
            assert time.monotonic() < ends, seen
            if select.select([ours], [], [], 0.1)[0]:
                seen += os.read(ours, 4096).decode()

    try:
        typed("source <(harlm completion bash); echo re''ady\n", "ready")
        typed("harlm est\t", "harlm estimate ")
        typed("Why? not\t", "notes.txt ")
        typed("--question-f\t", "--question-file ")
    finally:
        process.kill()
        process.wait()
        os.close(ours)
