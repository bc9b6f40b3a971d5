"""Real servers of models that tests start: llama.cpp (the package ``xllamacpp``) and the litellm proxy.

They live in an environment of their own, so that what they need never meets what HARLM needs.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.started import ROOT, started

HOW = "the servers for tests are not installed here: `make servers` installs them where their wheels run"

_SUPPORT = Path(__file__).parent
_PATIENCE_S = 300.0
_UNCOMPILED = (
    "PYTHONDONTWRITEBYTECODE"  # their environment is compiled as far as it is used: half of their start
)
_QUIET = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}
"""Threads that wait give their core to others: spinning ones make a busy machine ten times slower."""

_ALONE = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1",
}
"""Litellm uses the prices that it brings, and reaches nothing but loopback."""


def servers_python() -> Path | None:
    """The Python that has the servers; ``None`` if they are not installed."""
    places = (Path(f"{sys.prefix}-servers"), ROOT / ".venv-servers")
    return next((place / "bin" / "python" for place in places if (place / ".servers").exists()), None)


@contextmanager
def llama_server(model: Path, name: str, *, window: int, threads: int, log: Path) -> Iterator[str]:
    """Serve a model file.

    Args:
        model: a GGUF file.
        name: of the model, for clients.
        window: tokens of a request, input and output together.
        threads: that compute.
        log: receives what the server reports.

    Yields:
        The address of the server, without ``/v1``.
    """
    with _program("serve_llama", model, name, window, threads, environment=_QUIET, log=log) as address:
        yield address


@contextmanager
def litellm_proxy(settings: Mapping[str, object], folder: Path) -> Iterator[str]:
    """Serve models as litellm's settings say.

    Args:
        settings: as in litellm's configuration file.
        folder: receives that file and the log.

    Yields:
        The address of the proxy, without ``/v1``.
    """
    file = folder / "litellm.yaml"
    file.write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML too
    with _program("serve_litellm", file, environment=_ALONE, log=folder / "litellm.log") as address:
        yield address


@contextmanager
def _program(name: str, *arguments: object, environment: Mapping[str, str], log: Path) -> Iterator[str]:
    python = servers_python()
    assert python is not None, HOW
    command = [str(python), "-P", str(_SUPPORT / f"{name}.py"), *map(str, arguments)]
    ours = {each: value for each, value in os.environ.items() if each != _UNCOMPILED}
    with started(command, environment={**ours, **environment}, log=log, seconds=_PATIENCE_S) as address:
        yield address
