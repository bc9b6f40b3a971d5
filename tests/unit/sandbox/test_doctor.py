"""What the doctor reports about the sandbox of this machine."""

from __future__ import annotations

import pytest

from harlm.config import SandboxSettings
from harlm.sandbox.doctor import check_sandbox
from harlm.sandbox.escape_attempts import NAMES
from tests.support.sandboxes import skip_unless_built


@pytest.mark.parametrize("tier", ["s3", "s2", "s1"])
async def test_every_escape_attempt_is_denied_on_a_tier_that_can_be_built(tier: str) -> None:
    await skip_unless_built(tier)
    check = await check_sandbox(SandboxSettings(tier=tier))  # type: ignore[arg-type] # one of them
    assert check.tier == tier
    assert check.denied == NAMES
    assert len(NAMES) == 8
    assert check.reached == ()


async def test_every_escape_attempt_succeeds_on_the_open_tier() -> None:
    check = await check_sandbox(SandboxSettings(tier="s0", allow_unsafe=True))
    assert check.tier == "s0"
    assert set(check.reached) == set(NAMES), "an attempt that always fails proves nothing"


async def test_s0_is_refused_unless_it_is_allowed() -> None:
    check = await check_sandbox(SandboxSettings(tier="s0"))
    assert check.tier is None
    assert check.error is not None
    assert "--allow-unsafe-sandbox" in check.error


async def test_a_tier_that_cannot_be_built_says_why_and_what_to_do() -> None:
    check = await check_sandbox(SandboxSettings(tier="seatbelt"))
    assert check.tier is None
    assert check.error is not None
    assert "it needs macOS" in check.error
    assert "use macOS" in check.error
