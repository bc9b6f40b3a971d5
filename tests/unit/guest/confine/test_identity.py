"""Users and capabilities of a process."""

from __future__ import annotations

import os
import pwd
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from harlm.guest.confine import identity
from harlm.guest.confine.kernel import KernelRefused
from tests.support.guest_processes import printed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="capabilities are for Linux")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

BECOME = "import os\nfrom harlm.guest.confine import identity\nuser = identity.free_user()\n"
CAPABILITIES = (
    "print([line.split()[1] for line in open('/proc/self/status') if line.startswith(('CapEff', 'CapPrm'))])"
)


def test_a_free_user_has_no_account_and_is_another_each_time() -> None:
    users = {identity.free_user() for _ in range(20)}
    assert not users & {entry.pw_uid for entry in pwd.getpwall()}
    assert len(users) > 1


@pytest.mark.parametrize(
    ("mapped", "low", "high"),
    [
        ([(0, 1 << 32)], 1 << 30, 1 << 31),
        ([(0, 1), (100_000, 1 << 31)], 1 << 30, 1 << 31),
        ([(0, 60_000)], 50_000, 60_000),
        ([], 50_000, 65_000),
    ],
)
def test_a_free_user_is_one_that_the_container_may_use(
    monkeypatch: pytest.MonkeyPatch, mapped: list[tuple[int, int]], low: int, high: int
) -> None:
    monkeypatch.setattr(identity, "_mapped", lambda: mapped)
    assert low <= identity.free_user() < high


def test_a_container_without_free_ids_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "_mapped", lambda: [(0, 1_000)])
    with pytest.raises(KernelRefused, match="this container has no free user ids; map more ids into it"):
        identity.free_user()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can reach."""
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@as_root
@pytest.mark.parametrize(("mode", "can_enter"), [(0o755, True), (0o700, False), (0o711, False)])
def test_whether_a_user_can_read_a_folder(folder: Path, mode: int, can_enter: bool) -> None:
    (folder / "inner").mkdir()
    (folder / "inner").chmod(mode)
    assert identity.can_enter(identity.free_user(), [str(folder), str(folder / "inner")]) == can_enter
    assert (os.geteuid(), os.getegid()) == (0, 0)


@as_root
def test_becoming_another_user_is_for_good() -> None:
    code = (
        "identity.become(user)\nprint(set(os.getresuid()) == set(os.getresgid()) == {user}, os.getgroups())\n"
    )
    back = "try:\n    os.setuid(0)\nexcept PermissionError:\n    print('denied')"
    assert printed(BECOME + code + back).split("\n")[:2] == ["True []", "denied"]


@as_root
@pytest.mark.parametrize("reading_as_root", [False, True])
def test_only_with_root_s_identity_for_files_can_its_private_files_be_read(
    folder: Path, reading_as_root: bool
) -> None:
    (folder / "private").write_text("text", encoding="utf-8")
    (folder / "private").chmod(0o600)
    code = (
        f"identity.become(user, reading_as_root={reading_as_root})\nprint(os.access('{folder}', os.R_OK))\n"
    )
    read = f"try:\n    print(open('{folder}/private').read())\nexcept PermissionError:\n    print('denied')\nprint(os.getuid() == user)"
    assert printed(BECOME + code + read).split() == ["True", "text" if reading_as_root else "denied", "True"]


def test_all_capabilities_are_dropped() -> None:
    zero = "0" * 16
    assert (
        printed(f"from harlm.guest.confine import identity\nidentity.drop_capabilities()\n{CAPABILITIES}")
        == f"['{zero}', '{zero}']\n"
    )


def test_a_hidden_process_does_not_let_others_look_into_it() -> None:
    code = (
        "from harlm.guest.confine import identity, kernel\nidentity.hide()\nprint(kernel.prctl('a test', 3))"
    )
    assert printed(code) == "0\n"
