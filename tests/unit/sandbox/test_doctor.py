from __future__ import annotations

from harlm.sandbox.doctor import check_sandbox


async def test_the_doctor_tells_what_it_saw() -> None:
    check = await check_sandbox()
    assert check.tier == "s0"
    assert "inherited variables" in check.denied
    assert "endless cells" in check.denied
    assert "memory beyond the limit" in check.denied
    assert "files of this user" in check.reached, "a tier that denies this must not be called s0 any more"
