"""A tier that is built and tried in a process that is thrown away."""

from __future__ import annotations

import sys

import pytest

from harlm.sandbox.escape_attempts import NAMES
from harlm.sandbox.process import zygote_socket as control
from harlm.sandbox.process.probing import probed
from harlm.sandbox.process.zygote import HostZygote


async def test_without_a_confinement_every_attempt_succeeds() -> None:
    news = await probed(HostZygote.current(()), "s0")
    assert isinstance(news, control.Built)
    assert set(news.reached) == set(NAMES)


@pytest.mark.skipif(sys.platform != "linux", reason="tiers of the kernel are those of Linux")
async def test_a_confined_process_tells_what_was_denied_or_why_it_was_not_built() -> None:
    news = await probed(HostZygote.current(()), "s3")
    if isinstance(news, control.Refused):
        assert news.why
    else:
        assert isinstance(news, control.Built)
        assert (set(news.denied), tuple(news.reached)) == (set(NAMES), ())
