"""The host's end of the zygote of a load."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import harlm
from harlm.errors import SandboxFailure
from harlm.reading import zygote
from harlm.reading.zygote import ReadingZygote, TierRefused


def never() -> None:
    """A check that lets waiting continue."""


def test_the_folders_of_the_project_and_of_the_parsers_are_given() -> None:
    places = zygote._places()
    assert str(Path(harlm.__file__).resolve().parents[1]) in places
    assert all(Path(place).is_dir() for place in places)


@pytest.mark.skipif(sys.platform != "linux", reason="tiers of a Linux kernel")
def test_a_tier_that_cannot_be_built_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "poor_kernel.py").write_text(
        "from guest import confine\n"
        "from guest.confine.kernel import KernelRefused\n"
        "def prepare(parsers):\n    def refuse(*_):\n        raise KernelRefused('a step', 'not here')\n"
        "    confine.confine_run = refuse\n"
        "def serve(batch, wire, files):\n    pass\n"
    )
    places = zygote._places()
    monkeypatch.setattr(zygote, "_MODULE", "poor_kernel")
    monkeypatch.setattr(zygote, "_places", lambda: [*places, str(tmp_path)])
    asked = ReadingZygote("s3", (), ())
    try:
        with pytest.raises(TierRefused, match="not here"):
            asked.wait(never)
    finally:
        asked.close()


def test_a_zygote_that_ends_before_it_is_ready_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zygote, "_MODULE", "nowhere_to_be_found")
    asked = ReadingZygote("s0", (), ())
    try:
        with pytest.raises(SandboxFailure, match="has ended"):
            asked.wait(never)
    finally:
        asked.close()


def test_waiting_can_be_stopped() -> None:
    class Stopped(Exception):
        """What the check raises."""

    def stop() -> None:
        raise Stopped

    asked = ReadingZygote("s0", (), ())
    try:
        with pytest.raises(Stopped):
            asked.wait(stop)
    finally:
        asked.close()
