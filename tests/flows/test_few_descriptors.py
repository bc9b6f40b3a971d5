"""A run for which no descriptors are left fails with an error that says so, and leaves nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sandboxes import skip_unless_built

ROOT = Path(__file__).parents[2]
_TIERS = ["s3", "monty", *(["s2", "s0"] if os.environ.get("HARLM_FUZZ") else [])]


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are read from /proc")
@pytest.mark.parametrize("tier", _TIERS)
async def test_with_any_number_of_descriptors_a_run_answers_or_says_what_is_missing(
    tier: str, tmp_path: Path
) -> None:
    await skip_unless_built(tier)
    ran = subprocess.run(  # noqa: ASYNC221 - nothing else runs here
        [sys.executable, "-m", "tests.support.few_descriptors", tier],
        cwd=ROOT, env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    failed = [each for each in found if each["error"]]
    assert failed
    assert {each["error"] for each in failed} <= {"SandboxFailure", "ConfigError"}, failed
    assert all("ulimit -n" in each["message"] for each in failed), failed
    in_sandbox = [each for each in failed if each["error"] == "SandboxFailure"]
    assert all(f"which is {each['limit']} here" in each["message"] for each in in_sandbox), in_sandbox
    assert not [each for each in found if each["left"]]
