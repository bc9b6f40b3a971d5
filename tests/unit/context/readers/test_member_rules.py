from __future__ import annotations

import pytest

from harlm.context.ignore import BY_FILE
from harlm.context.readers import member_rules
from harlm.context.readers.member_rules import MemberRules, is_rule_file


def rules(names: list[str], **files: str) -> MemberRules:
    texts = {name.replace("__", "/") + ".gitignore": text.encode() for name, text in files.items()}
    return MemberRules("a.zip", names, texts)


@pytest.mark.parametrize(
    ("member", "why"),
    [
        ("app/main.py", None), ("node_modules/m/index.js", ""), ("app/.git/config", ""), ("__MACOSX/._a.txt", ""),
        ("lib/site-packages/x.py", ""), ("x/__pycache__/a.pyc", ""), (".DS_Store", "a system file"),
        ("app/.DS_Store", "a system file"), (".git", "version control"), ("venv/lib/a.py", ""), ("node_modules.md", None),
        ("a/b/c/d.txt", None),
    ],
)  # fmt: skip
def test_a_member_is_left_out_as_a_file_of_a_folder_is(member: str, why: str | None) -> None:
    assert rules([member, "venv/pyvenv.cfg"]).is_left_out(member) == why


def test_folders_are_reported_once_with_the_number_of_their_files() -> None:
    names = ["n/node_modules/a.js", "n/node_modules/b/c.js", "x/.git/HEAD", "n/a.txt"]
    each = rules(names)
    assert [each.is_left_out(name) for name in names] == ["", "", "", None]
    assert [(left.name, left.reason) for left in each.left_out()] == [
        ("a.zip/n/node_modules/", "installed packages (2 files)"),
        ("a.zip/x/.git/", "version control (1 file)"),
    ]


def test_ignore_files_hold_below_their_folder_and_deeper_ones_win() -> None:
    each = MemberRules(
        "a.zip",
        [],
        {
            ".gitignore": b"*.log\nbuild/\n",
            "app/.gitignore": b"\xef\xbb\xbf!keep.log\n/gen\n",
            "b/.harlmignore": b"c.txt\n",
        },
    )
    expected = {
        "x.log": BY_FILE, "app/x.log": BY_FILE, "app/keep.log": None, "keep.log": BY_FILE, "build/a.txt": "", "app/gen/a": "",
        "app/sub/gen/a": None, "gen/a": None, "b/c.txt": BY_FILE, "c.txt": None,
    }  # fmt: skip
    assert {name: each.is_left_out(name) for name in expected} == expected


def test_rules_beyond_their_bounds_are_reported() -> None:
    each = rules([], **{"": "a" * 600 + "\n"})
    assert "512 characters" in next(each.left_out()).reason


@pytest.mark.parametrize(
    ("name", "is_one"),
    [(".gitignore", True), ("a/.harlmignore", True), ("gitignore", False), ("a.gitignore", False)],
)
def test_which_members_are_rules(name: str, is_one: bool) -> None:
    assert is_rule_file(name) == is_one


def test_deep_folders_take_no_long_time() -> None:
    each = rules([])
    for number in range(200):
        assert each.is_left_out("d/" * 400 + f"{number}.txt") is None


def test_more_folders_than_are_remembered_are_judged_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_rules, "_MOST_REMEMBERED", 3)
    each = rules([], **{"": "out/\n"})
    for number in range(5):
        assert each.is_left_out(f"{number}/a/b.txt") is None
        assert each.is_left_out(f"{number}/out/a/b.txt") == ""
    assert len(list(each.left_out())) == 5
