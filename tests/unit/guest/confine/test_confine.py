"""What each tier does to a process, and in which order."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest import confine
from harlm.guest.confine import KernelRefused, identity
from tests.support.guest_processes import printed

NOTHING = confine.Python([], {}, [])


def test_the_open_tier_confines_nothing() -> None:
    assert confine.confine_run("s0", NOTHING) == confine.Confined(None)


@given(
    st.lists(
        st.sampled_from(["/usr", "/usr/lib", "/usr/lib/python3", "/tmp", "/", "/no/such/folder", "relative"])
    )
)
def test_no_folder_that_python_needs_lies_below_another(own: list[str]) -> None:
    python = confine.what_python_needs(own)
    for folder in python.folders:
        assert os.path.realpath(folder) == folder
        others = [each for each in python.folders if each != folder]
        assert not [each for each in others if f"{folder}/".startswith(f"{each}/")]
    for path in python.own:
        assert any(f"{path}/".startswith(f"{folder}/") or folder == "/" for folder in python.folders)
    assert all(Path(path).is_dir() for path in python.own)


def test_links_to_the_folders_of_the_system_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "usr").mkdir()
    (tmp_path / "lib").symlink_to(tmp_path / "usr")
    monkeypatch.setattr(confine, "_SYSTEM", (str(tmp_path / "lib"), str(tmp_path / "missing")))
    python = confine.what_python_needs([])
    assert python == confine.Python(
        [str(tmp_path / "usr")], {str(tmp_path / "lib"): str(tmp_path / "usr")}, []
    )


@pytest.mark.skipif(sys.platform != "linux", reason="tiers are for Linux")
def test_a_tier_with_a_user_of_its_own_needs_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(
        KernelRefused, match="only root can become another user; run as root, or use another tier"
    ):
        confine.confine_run("s1", NOTHING)


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can become another user")
def test_an_interpreter_that_only_root_can_enter_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "can_enter", lambda user, paths: False)
    python = confine.Python([], {}, ["/private/python"])
    with pytest.raises(
        KernelRefused, match="only root can enter '/private/python'; install Python where every user"
    ):
        confine.confine_run("s1", python)


@pytest.mark.skipif(sys.platform != "linux", reason="tiers are for Linux")
def test_a_confined_repl_reads_python_alone_and_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    code = f"""
import os, socket, sys
from harlm.guest import confine
def tried(action, *arguments):
    try:
        action(*arguments)
    except OSError as error:
        return type(error).__name__
    return "done"
python = confine.what_python_needs(sys.path)
try:
    confined = confine.confine_run("s2", python)
    if confined.gate is not None:
        os.close(confined.gate)
    confine.confine_repl("s2", python, confine.Confined(None, confined.threads), folder=None, memory_bytes=1 << 34, file_bytes=1 << 20)
except confine.KernelRefused as error:
    print("refused:", error)
    sys.exit()
import colorsys
print(tried(open, {str(tmp_path / "secret")!r}), tried(open, "/etc/passwd"), tried(open, "/tmp/new", "w"),
      tried(os.fork), tried(socket.socket), tried(os.kill, 1, 0), colorsys.__name__)
"""
    shown = printed(code).strip()
    if shown.startswith("refused:"):
        pytest.skip(f"this machine cannot build the tier: {shown}")
    assert shown == " ".join(["PermissionError"] * 6) + " colorsys"
