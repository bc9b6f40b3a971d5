"""The hostile cells, and the host around them, again as an ordinary user, for whom the kernel has other rules than for root."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.as_user import ROOT
from tests.support.host import FUZZ

_HOST = ("code", "replies", "folders", "leaving")
"""The files of ``tests/abuse/host`` that an ordinary user runs too; with ``HARLM_FUZZ`` all of them."""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the tests already run as an ordinary user")


@pytest.mark.timeout(400)
@pytest.mark.parametrize("tier", ["s3", "s2"])
def test_an_ordinary_user_is_as_safe(tier: str) -> None:
    shown = _as_user("tests/abuse/test_cells.py", "-k", tier, "--timeout", "380")
    assert "SKIPPED" not in shown


@pytest.mark.timeout(3_600 if FUZZ else 400)
def test_the_host_holds_for_an_ordinary_user() -> None:
    _as_user(*(["tests/abuse/host"] if FUZZ else [f"tests/abuse/host/test_{each}.py" for each in _HOST]))


def _as_user(*arguments: str) -> str:
    """What pytest prints as an ordinary user; all of its tests pass."""
    command = [sys.executable, "-m", "tests.support.as_user", "-q", "-rs", *arguments]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode != 0 and ("unshare" in ran.stderr or "mount " in ran.stderr):
        pytest.skip(
            f"root may not mount here, so an ordinary user cannot reach this Python: {ran.stderr[-200:]}"
        )
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-2000:]
    assert "[100%]" in ran.stdout
    return ran.stdout
