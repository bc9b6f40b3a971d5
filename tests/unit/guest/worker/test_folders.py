from __future__ import annotations

import os
from pathlib import Path

from harlm.guest.worker.folders import remove


def test_a_folder_is_removed_however_deep_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "filled"
    folder.mkdir()
    here = os.getcwd()  # noqa: PTH109 - where to go back to
    try:
        os.chdir(folder)
        for _ in range(1_500):  # deeper than a path can say, and than Python recurses
            os.mkdir("d")  # noqa: PTH102 - a path of its own would be too long
            os.chdir("d")
        Path("file").write_text("x", encoding="utf-8")
    finally:
        os.chdir(here)
    remove(str(folder))
    assert list(tmp_path.iterdir()) == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept", encoding="utf-8")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(outside)
    (folder / "file").symlink_to(outside / "kept")
    remove(str(folder))
    assert not folder.exists()
    assert (outside / "kept").read_text(encoding="utf-8") == "kept"


def test_a_folder_that_does_not_exist_is_not_an_error(tmp_path: Path) -> None:
    remove(str(tmp_path / "nothing"))
