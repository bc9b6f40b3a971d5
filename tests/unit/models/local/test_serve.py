"""The program of the child process: what it tells llama.cpp, what it reports, and when it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from harlm.models.local import serve
from tests.support.fake_llama import fake_llama
from tests.support.processes import is_running

SETTINGS = {
    "file": "/m.gguf",
    "alias": "m",
    "window": 2_048,
    "slots": 3,
    "threads": 2,
    "cached_mib": 64,
    "port": 0,
    "key": "k",
}


def begun() -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-P", serve.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(SETTINGS).encode() + b"\n")
    return process


def said(process: subprocess.Popen[bytes]) -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def test_a_server_gets_its_settings_and_ends_with_its_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = tmp_path / "shown.json"
    fake_llama(
        tmp_path,
        monkeypatch,
        f"import json; print('libraries print'); json.dump([{{name: value for name, value in vars(params).items() if "
        f"isinstance(value, int)}}, params.model.path, sorted(params.model_alias), params.api_keys, params.hostnames, "
        f"params.cpuparams.n_threads, params.cpuparams_batch.n_threads], open({str(shown)!r}, 'w'))",
    )
    process = begun()
    assert said(process) == {"address": "http://127.0.0.1:9", "version": "0"}
    numbers, *others = json.loads(shown.read_text())
    assert (numbers["n_ctx"], numbers["n_parallel"], numbers["kv_unified"]) == (6_144, 3, False)
    assert (numbers["cache_ram_mib"], numbers["port"], numbers["ui"]) == (64, 0, False)
    assert others == ["/m.gguf", ["m"], ["k"], ["127.0.0.1"], 2, 2]
    process.communicate(timeout=10)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("behaviour", "failed", "why"),
    [
        ("raise RuntimeError('no')", "loading", "no"),
        ("params.nothing", "loading", "no attribute"),
    ],
)
def test_a_failure_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behaviour: str, failed: str, why: str
) -> None:
    fake_llama(tmp_path, monkeypatch, behaviour)
    process = begun()
    report = said(process)
    assert report["failed"] == failed
    assert why in report["why"]
    process.communicate(timeout=10)
    assert process.returncode == 3


def test_it_ends_when_its_parent_is_killed_while_it_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux tells a process of its parent's end")
    number = tmp_path / "pid"
    fake_llama(tmp_path, monkeypatch, f"open({str(number)!r}, 'w').write(str(os.getpid())); time.sleep(60)")
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys; p = subprocess.Popen([sys.executable, '-P', sys.argv[1]], stdin=subprocess.PIPE); "
            "p.stdin.write(sys.argv[2].encode()); p.stdin.flush(); p.wait()",
            serve.__file__,
            json.dumps(SETTINGS) + "\n",
        ]
    )
    deadline = time.monotonic() + 20
    while not (number.exists() and number.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    parent.kill()
    parent.wait()
    while is_running(int(number.read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_it_does_not_outlive_a_parent_that_says_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-P", serve.__file__], stdin=subprocess.DEVNULL)
    assert process.wait(10) == 0


def test_it_imports_nothing_of_harlm() -> None:
    text = Path(serve.__file__).read_text(encoding="utf-8")
    assert "from harlm" not in text
    assert "import harlm" not in text
    assert os.path.basename(serve.__file__) == "serve.py"  # noqa: PTH119
