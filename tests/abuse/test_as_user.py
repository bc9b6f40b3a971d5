"""The hostile cells again as an ordinary user, for whom the kernel has other rules than for root."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.as_user import ROOT


@pytest.mark.skipif(os.geteuid() != 0, reason="the tests already run as an ordinary user")
@pytest.mark.timeout(400)
@pytest.mark.parametrize("tier", ["s3", "s2"])
def test_an_ordinary_user_is_as_safe(tier: str) -> None:
    ran = subprocess.run(
        [
            sys.executable, "-m", "tests.support.as_user", "-q", "-rs", "tests/abuse/test_cells.py", "-k", tier,
            "--timeout", "380",
        ],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ran.returncode != 0 and ("unshare" in ran.stderr or "mount " in ran.stderr):
        pytest.skip(
            f"root may not mount here, so an ordinary user cannot reach this Python: {ran.stderr[-200:]}"
        )
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-2000:]
    assert "[100%]" in ran.stdout
    assert "SKIPPED" not in ran.stdout
