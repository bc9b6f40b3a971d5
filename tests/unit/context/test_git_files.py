"""The rules of git, compared with git itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harlm.config import ContextSettings
from harlm.context.files import find_files
from harlm.context.git_files import Repository, holds_repository, tracked_in
from tests.support.rows import every_row

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home folder of a user who has no settings yet."""
    folder = tmp_path_factory.mktemp("home-of-git")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CONFIG_HOME")
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "t")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "t@example.org")
    return folder


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)
    return done.stdout.decode("utf-8", "surrogateescape")


def put(root: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def said_by_git(root: Path) -> set[str]:
    listed = set(git(root, "ls-files", "-co", "-z", "--exclude-standard").split("\0")) - {""}
    inner = {name for name in listed if name.endswith("/")}
    return (listed - inner) | {name + below for name in inner for below in said_by_git(root / name)}


def said_by_us(root: Path) -> set[str]:
    return {file.name for file in find_files([root], ContextSettings())[0]}


TREE: dict[str, str | bytes] = dict.fromkeys(
    """a.log keep.log src/a.py src/a.log src/gen/x.py build/out.txt build/deep/out.txt docs/a.md docs/b.txt foo/bar
    foo/foo/x.txt b/foo bar/foo/y.txt a b/c.txt sp ace.txt #hash.txt !bang.txt x.tmp deep/er/x.tmp foo.d/x""".split(),
    "x\n",
)
RULES = [
    "*.log", "*.log\n!keep.log", "build/", "build", "/build", "build/*", "build/**", "**/gen", "**/gen/", "gen", "src/gen",
    "/a.log", "a.log", "foo/", "/foo", "foo/*", "foo/**", "**/foo", "**/foo/", "foo/**/x.txt", "*/foo", "?.log", "[ab].log",
    "[!a].log", "[^a].log", "[a-c]", "*\n!*/\n!*.py", "*\n!/src\n!/src/a.py", "/*\n!/docs", "docs/\n!docs/a.md",
    "docs/*\n!docs/a.md", "\\#hash.txt", "\\!bang.txt", "#hash.txt", "!bang.txt", "x.tmp ", "x.tmp\\ ", "x.tmp\t", "*.tmp\r",
    "\ufeff*.log", "\ufeff# only a comment\n*.tmp", "*.log\r\n!keep.log\r\n", "[[:alpha:]].log", "[[:digit:]]*", "*.[lt][om][gp]",
    "foo.*", "**", "*", "/", "//", "!", "\\", "[", "[]", "[z-a]", "a**", "src/**/a.*", "deep/**/*.tmp", "**/er/**", "", "   ",
]  # fmt: skip


@pytest.mark.parametrize("file", [".gitignore", ".git/info/exclude", "src/.gitignore"])
def test_ignore_files_mean_what_git_says(tmp_path: Path, file: str) -> None:
    git(tmp_path, "init", "-q")
    put(tmp_path, {**TREE})

    def check(rules: str) -> None:
        ignored: dict[str, str | bytes] = {file: rules + "\n"}
        put(tmp_path, ignored)
        assert said_by_us(tmp_path) == said_by_git(tmp_path)

    every_row(check, RULES, name=repr)


_NAME = st.sampled_from(["a", "b", "ab", "a.b", "foo", ".h", "log"])
_PART = st.one_of(
    _NAME, st.sampled_from(["*", "**", "*.b", "a*", "?", "[ab]", "[!a]", "*a*", "[[:alpha:]]", "f?o", "\\a"])
)
_RULE = st.builds(
    lambda sign, start, parts, end: sign + start + "/".join(parts) + end,
    st.sampled_from(["", "", "", "!"]),
    st.sampled_from(["", "", "/", "**/"]),
    st.lists(_PART, min_size=1, max_size=3),
    st.sampled_from(["", "", "/", "/**", "/*"]),
)
_LINES = st.lists(_RULE, max_size=3).map(lambda lines: "".join(f"{line}\n" for line in lines))


@settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    st.sets(st.lists(_NAME, min_size=1, max_size=3).map(tuple), min_size=4, max_size=12), _LINES, _LINES, _LINES, st.data()
)  # fmt: skip
def test_any_rules_mean_what_git_says(
    tmp_path_factory: pytest.TempPathFactory,
    paths: set[tuple[str, ...]],
    top: str,
    inner: str,
    exclude: str,
    data: st.DataObject,
) -> None:
    root = tmp_path_factory.mktemp("tree")
    git(root, "init", "-q")
    files = [path for path in paths if not any(path == other[: len(path)] for other in paths - {path})]
    put(root, {"/".join(path): "x" for path in files})
    put(root, {".gitignore": f"#\n{top}", ".git/info/exclude": exclude})
    if folders := sorted({path[0] for path in files if len(path) > 1}):
        put(root, {f"{data.draw(st.sampled_from(folders))}/.gitignore": f"#\n{inner}"})
    tracked = data.draw(st.lists(st.sampled_from(sorted(files)), max_size=2))
    if tracked:
        git(root, "add", "-f", "--", *("/".join(path) for path in tracked))
    assert said_by_us(root) == said_by_git(root)


@pytest.mark.parametrize("version", [2, 3, 4])
def test_tracked_files_are_read_although_a_pattern_matches_them(tmp_path: Path, version: int) -> None:
    git(tmp_path, "init", "-q")
    put(tmp_path, {**TREE, ".gitignore": "*.log\nbuild/\ndocs/*.txt\n"})
    git(tmp_path, "add", "-f", "src/a.log", "build/deep/out.txt", "docs")
    if version == 3:
        git(tmp_path, "add", "-N", "keep.log", "-f")
    git(tmp_path, "update-index", "--index-version", str(version))
    assert (tmp_path / ".git/index").read_bytes()[7] == version
    found = said_by_us(tmp_path)
    assert found == said_by_git(tmp_path)
    assert {"src/a.log", "build/deep/out.txt", "docs/b.txt"} <= found
    assert "build/out.txt" not in found


def test_our_own_ignore_file_holds_for_tracked_files_too(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    put(
        tmp_path,
        {"a.log": "x", "b.log": "x", "c.txt": "x", ".gitignore": "b.log\n", ".harlmignore": "a.log\n.*\n"},
    )
    git(tmp_path, "add", "-f", ".")
    assert said_by_us(tmp_path) == {"b.log", "c.txt"}


def test_an_inner_repository_starts_afresh(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    put(
        tmp_path,
        {".gitignore": "*.log\n", ".harlmignore": "*.tmp\n", "a.log": "x", "in/a.log": "x", "in/b.tmp": "x"},
    )
    git(tmp_path / "in", "init", "-q")
    put(tmp_path / "in", {".git/info/exclude": "*.md\n", "c.md": "x", "d.txt": "x"})
    assert said_by_us(tmp_path) == {".gitignore", ".harlmignore", "in/a.log", "in/d.txt"}


def test_a_work_tree_has_the_rules_and_the_index_of_its_repository(tmp_path: Path) -> None:
    main, other = tmp_path / "main", tmp_path / "other"
    main.mkdir()
    git(main, "init", "-q")
    put(main, {"a.log": "x", "b.txt": "x", ".git/info/exclude": "*.log\n*.md\n"})
    git(main, "add", "-f", "a.log")
    git(main, "commit", "-qm", "x")
    git(main, "worktree", "add", "-q", str(other))
    put(other, {"c.md": "x", "d.txt": "x"})
    assert said_by_us(other) == said_by_git(other) == {"a.log", "d.txt"}


def test_a_submodule_is_a_repository(tmp_path: Path) -> None:
    library, top = tmp_path / "library", tmp_path / "top"
    for folder in (library, top):
        folder.mkdir()
        git(folder, "init", "-q")
    put(library, {"a.log": "x"})
    git(library, "add", ".")
    git(library, "commit", "-qm", "x")
    put(top, {".gitignore": "*.log\n"})
    git(top, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "lib")
    put(top / "lib", {"b.log": "x"})
    assert said_by_us(top) == {".gitignore", ".gitmodules", "lib/a.log", "lib/b.log"}


@pytest.mark.parametrize(
    ("file", "written"),
    [
        ("~/.gitconfig", "[core]\n\texcludesFile = {rules}\n"),
        ("~/.gitconfig", '[CORE]\nExcludesFile="{rules}" ; mine\n'),
        ("~/.gitconfig", "[core] excludesfile = {rules} # mine\n"),
        ("~/.gitconfig", "[core]\nexcludesfile = ~/rules\n"),
        ("~/.gitconfig", '[core "x"]\nexcludesfile = nowhere\n[core]\nexcludesfile = {rules}\n'),
        (
            "~/.gitconfig",
            "[user]\nname = [core]\n[core]\nexcludesfile = {rules}\n[other]\nexcludesfile = x\n",
        ),
        ("~/.config/git/config", "[core]\nexcludesfile = {rules}\n"),
        (".git/config", "\n[core]\n\texcludesfile = {rules}\n"),
        ("~/.config/git/ignore", None),
    ],
)
def test_the_users_own_ignore_file(tmp_path: Path, home: Path, file: str, written: str | None) -> None:
    git(tmp_path, "init", "-q")
    put(tmp_path, {"a.log": "x", "b.txt": "x"})
    place = home / file.removeprefix("~/") if file.startswith("~/") else tmp_path / file
    place.parent.mkdir(parents=True, exist_ok=True)
    rules = home / "rules" if written is not None else place
    rules.write_text("*.log\n")
    if written is not None:
        with place.open("a") as stream:
            stream.write(written.format(rules=rules))
    assert said_by_us(tmp_path) == said_by_git(tmp_path) == {"b.txt"}


def test_settings_may_be_links_but_hold_in_repositories_only(tmp_path: Path, home: Path) -> None:
    put(home, {"dotfiles/ignore": "*.log\n"})
    (home / ".config/git").mkdir(parents=True)
    (home / ".config/git/ignore").symlink_to(home / "dotfiles/ignore")
    put(tmp_path, {"a.log": "x", "in/b.log": "x", "in/c.txt": "x"})
    git(tmp_path / "in", "init", "-q")
    assert said_by_us(tmp_path) == {"a.log", "in/c.txt"}


def test_the_users_rules_count_once_for_many_repositories(tmp_path: Path, home: Path) -> None:
    put(home, {".config/git/ignore": "".join(f"{number}.x\n" for number in range(1900))})
    for number in range(8):
        put(tmp_path, {f"{number}/.git/HEAD": "x", f"{number}/1899.x": "x", f"{number}/a.txt": "x"})
    found, skipped = find_files([tmp_path], ContextSettings())
    assert [file.name for file in found] == [f"{number}/a.txt" for number in range(8)]
    assert {each.reason for each in skipped} == {
        "version control",
        "ignored by .git/info/exclude or core.excludesFile of git",
    }


def test_the_weakest_rules_come_first(tmp_path: Path, home: Path) -> None:
    git(tmp_path, "init", "-q")
    put(home, {".config/git/ignore": "*.a\n*.b\n*.c\n"})
    put(
        tmp_path,
        {".git/info/exclude": "!*.b\n!*.c\n", ".gitignore": "*.c\n", "x.a": "x", "x.b": "x", "x.c": "x"},
    )
    assert said_by_us(tmp_path) == said_by_git(tmp_path) == {".gitignore", "x.b"}


def test_a_named_folder_that_git_ignores_is_read(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    put(tmp_path, {".git/info/exclude": "gen/\n*.log\n", "gen/sub/a.txt": "x", "gen/b.log": "x"})
    assert said_by_us(tmp_path / "gen") == {"sub/a.txt", "b.log"}
    assert said_by_us(tmp_path / "gen/sub") == {"a.txt"}


@pytest.mark.parametrize(
    "content", [b"", b"gitdir:", b"gitdir: /nowhere\n", b"gitdir: a\0b", b"\xff\xfe", b"x" * 9000]
)
def test_a_git_file_that_leads_nowhere_is_no_error(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, {".git": content, "a.txt": "x"})
    assert holds_repository(tmp_path)
    assert said_by_us(tmp_path) == {"a.txt"}


@settings(max_examples=200)
@given(st.binary(max_size=300), st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_any_bytes_are_an_index_or_none(data: bytes, version: int, count: int) -> None:
    tracked = tracked_in(b"DIRC" + version.to_bytes(4, "big") + count.to_bytes(4, "big") + data)
    assert len(tracked.files) <= len(data)


def test_a_damaged_index_tracks_nothing(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    put(tmp_path, {"a.txt": "x", "b/c.txt": "x"})
    git(tmp_path, "add", ".")
    data = (tmp_path / ".git/index").read_bytes()
    repository = Repository(f"{tmp_path}/")
    assert repository.tracks(f"{tmp_path}/a.txt", is_folder=False)
    assert repository.tracks(f"{tmp_path}/b", is_folder=True)
    assert not repository.tracks(f"{tmp_path}/b", is_folder=False)
    for cut in range(0, 200, 7):
        assert len(tracked_in(data[:cut]).files) <= 2
    assert not tracked_in(data[:7] + b"\x09" + data[8:]).files
