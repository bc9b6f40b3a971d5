"""A package ``xllamacpp`` without llama.cpp in it, for the child process that serves a model: its server does as told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.real_servers import HOW, servers_python

_PACKAGE = """
import os, signal, sys, time


class _Record:
    pass


class CommonParams:
    def __init__(self):
        self.model, self.cpuparams, self.cpuparams_batch = _Record(), _Record(), _Record()


def _log(text):
    sys.stderr.write(text + "\\n")
    sys.stderr.flush()


class Server:
    listening_address = "http://127.0.0.1:9"

    def __init__(self, params):
        {behaviour}


__version__ = "0"
"""


def fake_llama(folder: Path, monkeypatch: pytest.MonkeyPatch, behaviour: str) -> None:
    """Have child processes find this package.

    Args:
        folder: receives it.
        behaviour: statements of its server's start; ``params`` are those that it was given.
    """
    package = folder / "packages" / "xllamacpp"
    package.mkdir(parents=True, exist_ok=True)
    lines = behaviour.strip().replace("\n", "\n        ")
    (package / "__init__.py").write_text(_PACKAGE.replace("{behaviour}", lines), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))


def real_llama(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have child processes find the package of the servers for tests, and nothing else of their environment."""
    python = servers_python()
    if python is None:
        pytest.skip(HOW)
    (there,) = (python.parents[1] / "lib").glob("python3.*/site-packages/xllamacpp")
    packages = folder / "packages"
    packages.mkdir(exist_ok=True)
    (packages / "xllamacpp").symlink_to(there)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(packages), *_given()]))


def _given() -> list[str]:
    return [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
