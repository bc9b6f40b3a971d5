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


def test_folders_that_are_closed_to_their_owner_are_removed(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b").chmod(0)
    (folder / "a").chmod(0)
    folder.chmod(0)
    remove(str(folder))
    assert list(tmp_path.iterdir()) == []


def test_the_path_may_start_at_an_open_folder(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    (tmp_path / "folder" / "inside" / "file").write_text("x", encoding="utf-8")
    within = os.open(tmp_path, os.O_RDONLY)
    try:
        remove("folder", within=within)
    finally:
        os.close(within)
    assert list(tmp_path.iterdir()) == []
