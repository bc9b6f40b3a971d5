"""A real browser for tests: Debian's Chromium, driven by Playwright from the environment of other programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.clients import clients_python
from tests.support.started import ROOT

CHROMIUM = Path("/usr/bin/chromium")
NODE_MODULES = ROOT / "viewer" / "node_modules"
HOW = "this needs Chromium at /usr/bin/chromium and Playwright: `make clients` installs the latter"
HOW_NODE = "this needs node and the packages of the viewer: `npm ci` in viewer/ installs them"
_PATIENCE_S = 120.0
_SUPPORT = Path(__file__).parent


def browser_python() -> Path | None:
    """The Python that has Playwright; ``None`` if it or the browser is not installed."""
    return clients_python() if CHROMIUM.exists() else None


def in_browser(what: str, **about: object) -> dict[str, object]:
    """Run one of the scripts of ``viewer_in_browser.py``; returns what it has seen."""
    python = browser_python()
    assert python is not None, HOW
    command = [str(python), "-P", str(_SUPPORT / "viewer_in_browser.py"), what, json.dumps(about)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False, env=environment
    )
    assert done.returncode == 0, f"{what}: {done.stderr[-3_000:]}"
    seen: dict[str, object] = json.loads(done.stdout)
    return seen


@contextmanager
def viewing(*arguments: str) -> Iterator[str]:
    """``harlm view ARGUMENTS``, under way; yields the address that it prints."""
    command = [sys.executable, "-m", "harlm", "view", "--no-open", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
    ) as server:
        assert server.stdout is not None
        try:
            address = server.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:"), server.communicate(timeout=10)
            yield address
        finally:
            server.terminate()
            server.communicate(timeout=20)
