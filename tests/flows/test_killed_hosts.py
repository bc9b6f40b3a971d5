"""What a host that was killed leaves behind is gone: its processes by themselves, its folders with the next run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sandboxes import skip_unless_built

ROOT = Path(__file__).parents[2]
_KILLS = 150 if os.environ.get("HARLM_FUZZ") else 8
_SEED = os.environ.get("HARLM_FUZZ_SEED", "0")


@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform != "linux", reason="processes of a killed host are adopted")
@pytest.mark.parametrize("tier", ["s3", "s0", "monty"])
async def test_a_killed_host_leaves_nothing_to_the_next(tier: str, tmp_path: Path) -> None:
    await skip_unless_built(tier)
    folders = tmp_path / "tmp"
    folders.mkdir()
    ran = subprocess.run(  # noqa: ASYNC221 - nothing else runs here
        [sys.executable, "-m", "tests.support.killed_hosts", tier, _SEED, str(_KILLS)],
        cwd=tmp_path, env={**os.environ, "TMPDIR": str(folders), "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["ended"] == 0, f"seed {_SEED}: the last host failed: {ran.stderr}"
    assert found["running"] == 0, f"seed {_SEED}"
    assert found["folders"]["after"] == [], f"seed {_SEED}: {found}"
