from __future__ import annotations

import os
import stat
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from harlm import temporary

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="folders have no locks on Windows")


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where temporary folders are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def of_a_process_that_ended(place: Path, number: int = 0) -> Path:
    """A folder without an owner."""
    folder = place / f"harlm-process-{number:016x}"
    folder.mkdir(mode=0o700)
    (folder / "0123abcd").mkdir()
    (folder / "0123abcd" / "secret").write_text("x", encoding="utf-8")
    return folder


def descriptors() -> int:
    """How many descriptors this process has."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only their number


def test_a_folder_is_for_its_owner_only_and_is_removed_at_the_end(place: Path) -> None:
    with temporary.temporary_folder() as folder:
        assert stat.S_IMODE(Path(folder).stat().st_mode) == 0o700
        assert Path(folder).parent.parent == place
        assert stat.S_IMODE(Path(folder).parent.stat().st_mode) == 0o700
        Path(folder, "file").write_text("x", encoding="utf-8")
    assert list(place.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are read from /proc")
def test_any_number_of_folders_needs_one_descriptor(place: Path) -> None:
    before = descriptors()
    folders = [temporary.make_folder() for _ in range(20)]
    assert descriptors() == before + 1
    for folder in folders:
        temporary.remove_folder(folder)
        temporary.remove_folder(folder)
    assert (descriptors(), list(place.iterdir())) == (before, [])


def test_what_a_process_left_that_has_ended_is_removed(place: Path) -> None:
    for number in range(3):
        of_a_process_that_ended(place, number)
    assert temporary.sweep() == 3
    assert list(place.iterdir()) == []


def test_folders_and_files_of_any_kind_in_it_are_removed(place: Path) -> None:
    outside = place / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept", encoding="utf-8")
    folder = of_a_process_that_ended(place)
    (folder / "file").write_text("x", encoding="utf-8")
    (folder / "link").symlink_to(outside)
    (folder / "0123abcd" / "closed").mkdir(mode=0)
    assert temporary.sweep() == 1
    assert [each.name for each in outside.iterdir()] == ["kept"]


def test_what_a_living_process_has_is_kept() -> None:
    with temporary.temporary_folder() as folder:
        Path(folder, "file").write_text("x", encoding="utf-8")
        assert temporary.sweep() == 0
        assert Path(folder, "file").exists()


@pytest.mark.parametrize(
    "name",
    ["harlm-process-", "harlm-process-0123", "harlm-process-0123456789abcdef.txt", "harlm-backup", "other"],
)
def test_other_folders_are_kept(name: str, place: Path) -> None:
    (place / name).mkdir()
    assert temporary.sweep() == 0
    assert (place / name).exists()


def test_a_link_is_kept_and_not_followed(place: Path) -> None:
    target = of_a_process_that_ended(place).rename(place / "documents")
    link = place / "harlm-process-0123456789abcdef"
    link.symlink_to(target)
    assert temporary.sweep() == 0
    assert link.is_symlink()
    assert (target / "0123abcd" / "secret").exists()


def test_what_another_user_owns_is_kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = of_a_process_that_ended(place)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert temporary.sweep() == 0
    assert (folder / "0123abcd" / "secret").exists()


def test_a_folder_that_cannot_be_made_leaves_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.joinpath("file").touch()
    monkeypatch.setattr(tempfile, "tempdir", str(place / "file"))
    with pytest.raises(OSError, match="Not a directory"):
        temporary.make_folder()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    with temporary.temporary_folder() as folder:
        assert Path(folder).is_dir()


def test_a_sweep_at_the_moment_a_folder_is_made_does_no_harm() -> None:
    is_over = threading.Event()

    def sweep() -> None:
        while not is_over.is_set():
            temporary.sweep()

    sweeping = threading.Thread(target=sweep)
    sweeping.start()
    try:
        for _ in range(300):
            with temporary.temporary_folder() as folder:
                Path(folder, "file").write_text("x", encoding="utf-8")
    finally:
        is_over.set()
        sweeping.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_a_forked_process_has_folders_of_its_own_and_keeps_those_of_its_parent(place: Path) -> None:
    with temporary.temporary_folder() as folder:
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                with temporary.temporary_folder() as own:
                    is_apart = Path(own).parent != Path(folder).parent
                status = 0 if is_apart and temporary.sweep() == 0 and Path(folder).exists() else 2
            finally:
                os._exit(status)
        assert os.waitpid(pid, 0)[1] == 0
        assert [Path(folder).parent] == list(place.iterdir())


def test_a_process_sweeps_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(temporary, "_swept", False)
    of_a_process_that_ended(place)
    temporary.sweep_once()
    for thread in threading.enumerate():
        if thread.name == "harlm-sweep":
            thread.join()
    assert list(place.iterdir()) == []
    of_a_process_that_ended(place)
    temporary.sweep_once()
    assert [each.name for each in threading.enumerate() if each.name == "harlm-sweep"] == []
    assert len(list(place.iterdir())) == 1
