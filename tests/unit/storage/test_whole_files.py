"""Small files are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harlm.storage import write_whole

FILE = Path("home/inner/file.json")


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_file_and_its_folder_are_their_owner_s_only() -> None:
    before = os.umask(0)
    try:
        write_whole(FILE, b"one")
    finally:
        os.umask(before)
    assert FILE.read_bytes() == b"one"
    assert (mode_of(FILE), mode_of(FILE.parent)) == (0o600, 0o700)


def test_an_earlier_file_is_replaced_with_its_mode_and_a_link_is_not_followed() -> None:
    FILE.parent.mkdir(parents=True)
    elsewhere = Path("elsewhere")
    elsewhere.write_bytes(b"of the user")
    FILE.symlink_to(elsewhere.absolute())
    write_whole(FILE, b"two")
    assert FILE.read_bytes() == b"two"
    assert not FILE.is_symlink()
    assert elsewhere.read_bytes() == b"of the user"
    assert mode_of(FILE) == 0o600


def test_what_cannot_be_written_leaves_nothing_behind() -> None:
    FILE.mkdir(parents=True)
    with pytest.raises(OSError, match=r"file\.json"):
        write_whole(FILE, b"three")
    assert [each.name for each in FILE.parent.iterdir()] == [FILE.name]
