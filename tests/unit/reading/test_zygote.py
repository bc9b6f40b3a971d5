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


def ask_on_a_kernel_that_refuses(monkeypatch: pytest.MonkeyPatch, folder: Path, error: str) -> ReadingZygote:
    """A zygote that meets ``error``, an expression, when it confines itself."""
    (folder / "poor_kernel.py").write_text(
        "import errno\n"
        "from guest import confine\n"
        "from guest.confine.kernel import KernelRefused\n"
        f"def prepare(parsers):\n    def refuse(*_):\n        raise {error}\n"
        "    confine.confine_run = refuse\n"
        "def serve(batch, wire, files):\n    pass\n"
    )
    places = zygote._places()
    monkeypatch.setattr(zygote, "_MODULE", "poor_kernel")
    monkeypatch.setattr(zygote, "_places", lambda: [*places, str(folder)])
    return ReadingZygote("s3", (), ())


@pytest.mark.skipif(sys.platform != "linux", reason="tiers of a Linux kernel")
def test_a_tier_that_cannot_be_built_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = ask_on_a_kernel_that_refuses(monkeypatch, tmp_path, "KernelRefused('a step', 'not here')")
    try:
        with pytest.raises(TierRefused, match="not here"):
            asked.wait(never)
    finally:
        asked.close()


@pytest.mark.skipif(sys.platform != "linux", reason="tiers of a Linux kernel")
@pytest.mark.parametrize("number", ["EMFILE", "ENFILE", "ENOMEM", "EAGAIN"])
def test_a_shortage_is_a_failure_and_never_a_reason_for_a_weaker_tier(
    number: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = ask_on_a_kernel_that_refuses(monkeypatch, tmp_path, f"OSError(errno.{number}, 'no more')")
    try:
        with pytest.raises(
            SandboxFailure, match=r"no process can be started to read documents .*no more.*; "
        ):
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
