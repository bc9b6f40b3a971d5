"""Which files a process may open, tried in processes of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm.guest.confine import landlock
from harlm.guest.confine.kernel import KernelRefused
from tests.support.guest_processes import printed

pytestmark = pytest.mark.skipif(landlock.version() == 0, reason="this kernel has no Landlock")

TRY = """
import os
from harlm.guest.confine import landlock
def tried(action, *arguments):
    try:
        action(*arguments)
    except OSError as error:
        return type(error).__name__
    return "done"
def read(path): return open(path).read()
def write(path): open(path, "w").write("changed")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("read", "change", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name, encoding="utf-8")
    return tmp_path


def confined(folder: Path, code: str, *, read: str = "read", change: str = "change") -> list[str]:
    confine = f"landlock.confine(read=[{str(folder / read)!r}], change=[{str(folder / change)!r}])"
    actions = f"os.chdir({str(folder)!r})\n{confine}\nprint({code})"
    return printed(TRY + actions).split()


def test_only_the_named_folders_can_be_read(folder: Path) -> None:
    code = "tried(read, 'read/file'), tried(read, 'change/file'), tried(read, 'other/file'), tried(os.listdir, '/'), sep=' '"
    assert confined(folder, code) == ["done", "done", "PermissionError", "PermissionError"]


def test_only_the_folders_for_changes_can_be_written(folder: Path) -> None:
    code = "tried(write, 'change/file'), tried(write, 'read/file'), tried(write, 'read/new'), tried(os.mkdir, 'change/new'), sep=' '"
    assert confined(folder, code) == ["done", "PermissionError", "PermissionError", "done"]
    assert (folder / "change" / "file").read_text(encoding="utf-8") == "changed"
    assert (folder / "read" / "file").read_text(encoding="utf-8") == "read"


def test_files_can_be_removed_and_moved_only_where_changes_are_allowed(folder: Path) -> None:
    code = "tried(os.rename, 'change/file', 'change/moved'), tried(os.unlink, 'change/moved'), tried(os.unlink, 'read/file'), sep=' '"
    assert confined(folder, code) == ["done", "done", "PermissionError"]


def test_a_single_file_can_be_named(folder: Path) -> None:
    code = "tried(read, 'read/file'), tried(os.listdir, 'read'), sep=' '"
    assert confined(folder, code, read="read/file") == ["done", "PermissionError"]


def test_paths_that_do_not_exist_are_skipped(folder: Path) -> None:
    assert confined(folder, "tried(read, 'change/file'), sep=' '", read="missing") == ["done"]


def test_a_second_confinement_only_takes_away(folder: Path) -> None:
    code = "landlock.confine(read=['/', 'read']) or tried(read, 'read/file'), tried(read, 'other/file'), tried(write, 'change/file'), sep=' '"
    assert confined(folder, code) == ["done", "PermissionError", "PermissionError"]


def test_a_kernel_without_landlock_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)
    with pytest.raises(KernelRefused, match=r"Landlock: not available; it needs Linux 5\.13 or newer"):
        landlock.confine(read=["/"])
