"""Flags of a system that lacks them."""

from __future__ import annotations

import importlib
import os

import pytest

from harlm import open_flags


def test_here_they_are_those_of_the_system() -> None:
    assert os.O_NOFOLLOW == open_flags.NOFOLLOW
    assert os.O_NONBLOCK == open_flags.NONBLOCK
    assert os.O_DIRECTORY == open_flags.DIRECTORY
    assert open_flags.BINARY == 0


def test_a_flag_that_is_missing_changes_nothing_and_text_is_not_translated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_DIRECTORY"):
        monkeypatch.delattr(os, name)
    monkeypatch.setattr(os, "O_BINARY", 0x8000, raising=False)
    try:
        there = importlib.reload(open_flags)
        assert (there.NOFOLLOW, there.NONBLOCK, there.DIRECTORY, there.BINARY) == (0, 0, 0, 0x8000)
    finally:
        monkeypatch.undo()
        importlib.reload(open_flags)
