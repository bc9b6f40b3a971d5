"""A run's own namespaces and root folder, built in processes of their own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.guest_processes import printed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are for Linux")

BUILD = """
import os, socket, sys
from harlm.guest.confine import namespaces
from harlm.guest.confine.kernel import KernelRefused
user = os.geteuid()
processes = len([each for each in os.listdir("/proc") if each.isdigit()])
def tried(action, *arguments):
    try:
        action(*arguments)
    except OSError as error:
        return type(error).__name__
    return "done"
def write(path): open(path, "w").write("text")
try:
    namespaces.leave_the_world()
    namespaces.build_root(folders=[FOLDER], links={"/link/to": FOLDER}, owner=user)
except KernelRefused as error:
    print("refused:", error)
    sys.exit()
if os.fork():
    os.wait()
    os._exit(0)
"""


def built(folder: Path, code: str) -> str:
    shown = printed(BUILD.replace("FOLDER", repr(str(folder))) + code)
    if shown.startswith("refused:"):
        pytest.skip(f"this machine does not allow it: {shown}")
    return shown.strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    return tmp_path


def test_only_the_kept_folders_devices_and_the_work_folder_are_there(folder: Path) -> None:
    shown = built(
        folder,
        f"print(sorted(os.listdir('/')), sorted(os.listdir('/dev')), open({str(folder / 'file')!r}).read())",
    )
    top = folder.parts[1]
    assert shown == f"{sorted(['dev', 'link', 'w', top])} ['null', 'random', 'urandom', 'zero'] kept"


def test_a_link_leads_to_its_folder(folder: Path) -> None:
    assert built(folder, "print(os.listdir('/link/to'))") == "['file']"


def test_only_the_work_folder_can_be_written(folder: Path) -> None:
    paths = [str(folder / "file"), str(folder / "new"), "/new", f"{'/w'}/new"]
    shown = built(folder, f"print([tried(write, path) for path in {paths!r}])")
    assert shown == "['OSError', 'OSError', 'OSError', 'done']"


def test_the_work_folder_is_small(folder: Path) -> None:
    code = "space = os.statvfs('/w')\nprint(space.f_blocks * space.f_frsize >> 20, space.f_files)"
    assert built(folder, code) == "64 4096"


def test_no_other_processes_and_no_network_are_seen(folder: Path) -> None:
    code = "print(os.getpid(), [name for _, name in socket.if_nameindex()], tried(socket.socket().connect, ('127.0.0.1', 9)))"
    assert built(folder, code) == "1 ['lo'] OSError"
