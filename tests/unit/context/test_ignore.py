from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harlm.context.ignore import IgnoreRules, has_binary_name
from harlm.errors import ContextError


def inside(root: Path, rules: IgnoreRules) -> IgnoreRules:
    return rules.inside(root.as_posix(), {entry.name for entry in root.iterdir()})


def reason(rules: IgnoreRules, path: Path) -> str | None:
    return rules.file_reason(path.as_posix())


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("notes.txt", None),
        ("noextension", None),
        (".DS_Store", "a system file"),
        (".git", "version control"),
        (".env", "may hold secrets; name it to read it"),
        (".env.local", "may hold secrets; name it to read it"),
        (".env.example", None),
        ("id_rsa", "may hold secrets; name it to read it"),
        ("id_rsa.pub", None),
    ],
)
def test_a_name_decides_about_system_files_and_secrets(tmp_path: Path, name: str, why: str | None) -> None:
    assert reason(IgnoreRules.at(tmp_path), tmp_path / name) == why


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("src", None),
        (".git", "version control"),
        ("node_modules", "installed packages"),
        (".tox", "virtual environments"),
    ],
)
def test_a_name_decides_about_folders_of_tools(tmp_path: Path, name: str, why: str | None) -> None:
    assert IgnoreRules.at(tmp_path).folder_reason((tmp_path / name).as_posix()) == why


@pytest.mark.parametrize(
    ("name", "is_so"),
    [
        ("logo.PNG", True),
        ("a.dat", True),
        (".png", False),
        ("notes.txt", False),
        ("mo", False),
        ("x.mo", True),
    ],
)
def test_suffixes_whose_files_seldom_hold_text(name: str, is_so: bool) -> None:
    assert has_binary_name(name) == is_so


def test_a_folder_with_pyvenv_cfg_is_a_virtual_environment(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    (tmp_path / "env/pyvenv.cfg").touch()
    assert IgnoreRules.at(tmp_path).folder_reason((tmp_path / "env").as_posix()) == "a virtual environment"


def test_the_last_ignore_file_with_a_pattern_for_a_path_wins(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".gitignore").write_text("*.log\nbuild/\n")
    (tmp_path / "sub/.gitignore").write_text("!keep.log\n")
    top = inside(tmp_path, IgnoreRules.at(tmp_path))
    sub = inside(tmp_path / "sub", top)
    assert reason(top, tmp_path / "a.log") == "ignored by .gitignore or .harlmignore"
    assert reason(sub, tmp_path / "sub/a.log") == "ignored by .gitignore or .harlmignore"
    assert reason(sub, tmp_path / "sub/keep.log") is None
    assert top.folder_reason((tmp_path / "build").as_posix()) == "ignored by .gitignore or .harlmignore"


def test_entering_a_folder_does_not_change_the_rules_above(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/.harlmignore").write_text("*.txt\n")
    top = IgnoreRules.at(tmp_path)
    sub = inside(tmp_path / "sub", top)
    assert reason(sub, tmp_path / "sub/a.txt") is not None
    assert reason(top, tmp_path / "a.txt") is None


def test_a_folder_without_ignore_files_has_the_rules_above(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    rules = IgnoreRules.at(tmp_path)
    assert inside(tmp_path, rules) is rules


def test_ignore_files_above_apply_only_up_to_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.txt\n")
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    (repository / "sub").mkdir()
    (repository / ".gitignore").write_text("*.log\n")
    rules = IgnoreRules.at(repository / "sub")
    assert reason(rules, repository / "sub/a.log") is not None
    assert reason(rules, repository / "sub/a.txt") is None


def test_a_named_folder_that_is_ignored_is_read_without_the_rules_above(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "gen").mkdir()
    (tmp_path / ".gitignore").write_text("gen/\n*.log\n")
    assert reason(IgnoreRules.at(tmp_path / "gen"), tmp_path / "gen/a.log") is None


def test_the_users_patterns_come_after_ignore_files(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("old.py\n")
    rules = inside(tmp_path, IgnoreRules.at(tmp_path, include=["*.py"], exclude=["*_test.py"]))
    assert reason(rules, tmp_path / "a.py") is None
    assert reason(rules, tmp_path / "a.txt") == "not included by any of your patterns"
    assert reason(rules, tmp_path / "a_test.py") == "excluded by one of your patterns"
    assert reason(rules, tmp_path / "old.py") == "ignored by .gitignore or .harlmignore"
    assert rules.folder_reason((tmp_path / "sub").as_posix()) is None, "includes are for files"


def test_an_invalid_pattern_is_an_error_for_the_user_only(tmp_path: Path) -> None:
    with pytest.raises(
        ContextError, match=r"invalid pattern in \['\[z-a\]'\]: .*; use the syntax of .gitignore"
    ):
        IgnoreRules.at(tmp_path, include=["[z-a]"])
    (tmp_path / ".gitignore").write_text("[z-a]\n*.log\n")
    assert reason(inside(tmp_path, IgnoreRules.at(tmp_path)), tmp_path / "a.log") is not None


def test_an_ignore_file_beyond_its_bounds_is_applied_in_part_and_reported(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.log\n" + "a" * 600 + "\n*.tmp\n")
    rules = inside(tmp_path, IgnoreRules.at(tmp_path))
    assert reason(rules, tmp_path / "a.log") is not None
    assert reason(rules, tmp_path / "a.tmp") is not None
    assert [(each.name, "512 characters" in each.reason) for each in rules.tally.odd] == [
        (".gitignore", True)
    ]
    (tmp_path / ".gitignore").write_text("".join(f"{number}.x\n" for number in range(3000)))
    rules = inside(tmp_path, IgnoreRules.at(tmp_path))
    assert reason(rules, tmp_path / "1999.x") is not None
    assert reason(rules, tmp_path / "2000.x") is None
    assert "only its first 2,000 patterns" in rules.tally.odd[0].reason


def test_the_patterns_of_a_whole_walk_have_a_bound(tmp_path: Path) -> None:
    rules = IgnoreRules.at(tmp_path)
    for number in range(8):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / ".gitignore").write_text("".join(f"{each}.x\n" for each in range(1500)))
        inside(folder, rules)
    assert len(rules.tally.odd) == 2


@pytest.mark.parametrize(
    "make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), lambda path: path.mkdir()]
)
def test_an_ignore_file_that_is_no_file_is_not_opened(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / ".gitignore")
    assert reason(inside(tmp_path, IgnoreRules.at(tmp_path)), tmp_path / "a.txt") is None
