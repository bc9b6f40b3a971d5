"""The rules for macOS's own sandbox. They are checked as text on every system, and tried on macOS."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from harlm import guest
from harlm.sandbox import seatbelt, tiers


def test_the_rules_for_macos_deny_network_programs_signals_and_writing() -> None:
    rules = seatbelt.profile()
    for rule in (
        "(deny network*)",
        "(deny file-write*)",
        "(deny process-exec)",
        '(subpath "/Users")',
        "(deny signal)",
    ):
        assert rule in rules
    assert rules.index("(deny file-read*") < rules.index(f'(subpath "{sys.base_prefix}")'), "later rules win"
    assert rules.count("(") == rules.count(")")
    assert seatbelt.command()[0] == "/usr/bin/sandbox-exec"


def test_the_interpreter_and_the_guest_can_be_read() -> None:
    rules = seatbelt.profile()
    for path in (sys.prefix, *guest.__path__):
        assert f'(allow file-read* (subpath "{path}"))' in rules


def test_a_path_cannot_end_its_rule() -> None:
    assert seatbelt._quoted('/a"b\\c') == '"/a\\"b\\\\c"'


def test_other_systems_are_named_in_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    assert seatbelt.why_not() == "it needs macOS, and this is Linux"


def test_a_macos_without_the_program_is_a_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    program = tmp_path / "sandbox-exec"
    monkeypatch.setattr(seatbelt, "_PROGRAM", str(program))
    assert seatbelt.why_not() == f"{program} does not exist"
    program.touch()
    assert seatbelt.why_not() == ""


@pytest.mark.skipif(sys.platform != "darwin", reason="Seatbelt is part of macOS")
async def test_seatbelt_denies_what_it_can() -> None:
    found = await tiers.find("seatbelt")
    assert found.is_built, found.why_not
    assert "network connections" in found.denied
