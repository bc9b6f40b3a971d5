from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pathspec  # noqa: F401 - imported before a test gives up the right to read it
import pytest

from harlm.config import ContextSettings
from harlm.context import files, raw_files
from harlm.context.files import find_files
from harlm.errors import ContextError


def names(*sources: str | Path, loading: ContextSettings | None = None) -> list[str]:
    return [file.name for file in find_files(sources, loading or ContextSettings())[0]]


def reasons(*sources: str | Path, loading: ContextSettings | None = None) -> dict[str, str]:
    return {each.name: each.reason for each in find_files(sources, loading or ContextSettings())[1]}


def make(root: Path, *paths: str, text: str = "x") -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def test_a_folder_elsewhere_gives_names_below_it_in_order(tmp_path: Path) -> None:
    make(tmp_path, "b/z.txt", "b/a.txt", "a.txt", "c.txt")
    assert names(tmp_path) == ["a.txt", "b/a.txt", "b/z.txt", "c.txt"]


def test_a_folder_here_gives_names_that_open_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "docs/a.md", "docs/sub/b.md")
    monkeypatch.chdir(tmp_path)
    assert names("./docs") == ["docs/a.md", "docs/sub/b.md"]
    assert names(".") == ["docs/a.md", "docs/sub/b.md"]
    assert names("docs/a.md", "docs/sub/b.md") == ["docs/a.md", "docs/sub/b.md"]


def test_two_folders_keep_their_files_apart(tmp_path: Path) -> None:
    make(tmp_path, "one/a.txt", "two/a.txt")
    assert names(tmp_path / "one", tmp_path / "two") == ["one/a.txt", "two/a.txt"]


def test_the_same_file_named_twice_is_read_once(tmp_path: Path) -> None:
    make(tmp_path, "a.txt")
    assert len(names(tmp_path / "a.txt", tmp_path / "a.txt")) == 1
    assert len(names(tmp_path, tmp_path / "a.txt")) == 1


def test_globs_and_lists(tmp_path: Path) -> None:
    make(tmp_path, "a.txt", "b.txt", "c.md")
    (tmp_path / "list.txt").write_text("# a comment\na.txt\n\nc.md\n")
    assert names(str(tmp_path / "*.txt"))[:2] == [str(tmp_path / "a.txt"), str(tmp_path / "b.txt")]
    assert [Path(name).name for name in names(f"@{tmp_path / 'list.txt'}")] == ["a.txt", "c.md"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("missing.txt", "'missing.txt' does not exist"),
        ("*.nothing", "'*.nothing' matches no file"),
        ("@missing", "the list 'missing' cannot be read"),
        ("https://example.org/a.txt", "is a URL that is not read here"),
    ],
)
def test_a_source_that_leads_nowhere_is_named_in_the_error(source: str, said: str) -> None:
    with pytest.raises(ContextError) as caught:
        names(source)
    assert said in str(caught.value)


def test_lists_may_not_be_empty_or_nested(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n# nothing\n")
    (tmp_path / "nested").write_text("@empty\n")
    with pytest.raises(ContextError, match="is empty; put one path"):
        names(f"@{tmp_path / 'empty'}")
    with pytest.raises(ContextError, match="contains another list"):
        names(f"@{tmp_path / 'nested'}")


def test_files_that_are_not_for_reading_are_left_out_and_reported(tmp_path: Path) -> None:
    make(
        tmp_path,
        "keep.py",
        ".git/config",
        "node_modules/x.js",
        "lib/site-packages/x.py",
        "__pycache__/x.pyc",
        "logo.png",
        ".env",
        ".env.example",
        "id_rsa",
        "bundle.zip",
    )
    make(tmp_path, "env/pyvenv.cfg", "env/lib/x.py")
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (tmp_path / "empty.txt").touch()
    assert names(tmp_path) == [".env.example", "keep.py"]
    found = reasons(tmp_path)
    assert found[".git/"] == "version control"
    assert found["node_modules/"] == "installed packages"
    assert found["lib/site-packages/"] == "installed packages"
    assert found["env/"] == "a virtual environment"
    assert found["logo.png"] == "binary"
    assert found[".env"].startswith("may hold secrets")
    assert found["id_rsa"].startswith("may hold secrets")
    assert found["bundle.zip"].startswith("an archive")
    assert found["empty.txt"] == "empty"


def test_a_file_that_is_named_itself_is_read(tmp_path: Path) -> None:
    make(tmp_path, "lib/site-packages/x.py", ".env")
    assert names(tmp_path / "lib/site-packages") == ["x.py"]
    assert names(tmp_path / ".env") == [".env"]


def test_ignore_files_hold_below_them_and_deeper_ones_win(tmp_path: Path) -> None:
    make(tmp_path, "a.log", "keep.log", "sub/b.log", "sub/c.txt", "build/x.txt", "private.txt")
    (tmp_path / ".gitignore").write_text("*.log\n!keep.log\nbuild/\n")
    (tmp_path / ".harlmignore").write_text("private.txt\n")
    (tmp_path / "sub/.gitignore").write_text("!b.log\n")
    assert names(tmp_path) == [
        ".gitignore",
        ".harlmignore",
        "keep.log",
        "sub/.gitignore",
        "sub/b.log",
        "sub/c.txt",
    ]
    assert reasons(tmp_path)["a.log"] == "ignored by .gitignore or .harlmignore"


def test_ignore_files_of_the_repository_above_hold_too(tmp_path: Path) -> None:
    make(tmp_path, ".git/HEAD", "src/a.py", "src/gen/b.py")
    (tmp_path / ".gitignore").write_text("gen/\n")
    assert names(tmp_path / "src") == ["a.py"]
    assert names(tmp_path / "src/gen") == ["b.py"], "a folder that is named is read though it is ignored"


def test_include_and_exclude(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "b.txt", "sub/c.py", "sub/d_test.py")
    loading = ContextSettings(include=("*.py",), exclude=("*_test.py",))
    assert names(tmp_path, loading=loading) == ["a.py", "sub/c.py"]


def test_big_files_are_left_out_unless_named(tmp_path: Path) -> None:
    (tmp_path / "big.txt").write_bytes(b"x" * ((1 << 20) + 1))
    make(tmp_path, "a.txt")
    loading = ContextSettings(max_file_mb=1)
    assert names(tmp_path, loading=loading) == ["a.txt"]
    assert names(tmp_path / "big.txt", loading=loading) == ["big.txt"]


def test_links_that_lead_out_and_special_files_are_left_out(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("x")
    root = tmp_path / "root"
    make(root, "a.txt", "sub/b.txt")
    (root / "out.txt").symlink_to(secret)
    make(root, ".harlmignore", text="ignored/\n")
    make(root, "ignored/c.txt")
    (root / "in.txt").symlink_to(root / "ignored/c.txt")
    (root / "loop").symlink_to(root)
    (root / "dead").symlink_to(root / "nothing")
    os.mkfifo(root / "pipe")
    assert names(root) == [".harlmignore", "a.txt", "in.txt", "sub/b.txt"]
    found = reasons(root)
    assert found["out.txt"] == "a symbolic link that leads out of the folder"
    assert found["loop"] == "a symbolic link to a folder"
    assert found["pipe"] == "not a regular file"
    assert found["dead"].startswith("cannot be opened")


@pytest.fixture
def half_locked() -> Iterator[Path]:
    """A folder with a file, and a folder in it that may not be opened, seen without the rights of root."""
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        root.chmod(0o755)
        make(root, "a.txt", "locked/b.txt", "z.txt")
        (root / "locked").chmod(0)
        own = os.geteuid()
        if own == 0:
            os.seteuid(65534)
        try:
            yield root
        finally:
            os.seteuid(own)
            (root / "locked").chmod(0o700)


def test_a_locked_folder_inside_is_reported(half_locked: Path) -> None:
    assert names(half_locked) == ["a.txt", "z.txt"]
    assert reasons(half_locked) == {"locked/": "cannot be opened (Permission denied)"}


@pytest.mark.parametrize("below", ["locked", "locked/b.txt", "locked/*.txt", "locked/deeper/**"])
def test_a_named_file_below_a_locked_folder_is_an_error(half_locked: Path, below: str) -> None:
    with pytest.raises(ContextError) as caught:
        names(str(half_locked / below))
    assert f"{str(half_locked / below)!r} cannot be opened (Permission denied); check its perm" in str(
        caught.value
    )


def test_a_folder_below_a_locked_one_has_no_repository_above_it(
    half_locked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refuse)  # what it does below a locked folder
    assert names(half_locked) == ["a.txt", "z.txt"]


def test_a_link_to_itself_is_reported_inside_a_folder_and_an_error_when_named(tmp_path: Path) -> None:
    make(tmp_path, "a.txt")
    (tmp_path / "loop").symlink_to("loop")
    assert names(tmp_path) == ["a.txt"]
    assert reasons(tmp_path)["loop"].startswith("cannot be opened (")
    with pytest.raises(ContextError, match=r"loop' cannot be opened"):
        names(tmp_path / "loop")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "'' is not a path; name a file or a folder"),
        ("  ", "'  ' is not a path"),
        ("@", "'@' needs the name of a list: @list.txt"),
        ("x" * 5000, "xxx…' cannot be opened (File name too long); check the path"),
        ("*" * 5000, "***…' cannot be opened (File name too long); check the path"),
        ("~nosuchuser/x", "'~nosuchuser/x' does not exist; check the spelling"),
        ("a\0b", "cannot be a path"),
        ("a\0/*", "cannot be a path"),
        ("@a\0b", "cannot be read"),
    ],
)
def test_a_source_that_cannot_be_a_path_is_an_error(source: str, said: str) -> None:
    with pytest.raises(ContextError) as caught:
        names(source)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 400


def test_folders_may_nest_deeper_than_calls(tmp_path: Path) -> None:
    depth = sys.getrecursionlimit() + 100
    folders = [tmp_path]
    for _ in range(depth):
        folders.append(folders[-1] / "d")
        folders[-1].mkdir()
    make(folders[-1], "deep.txt")
    make(tmp_path, "c.txt", "e.txt")
    try:
        assert names(tmp_path) == ["c.txt", "d/" * depth + "deep.txt", "e.txt"]
    finally:  # pytest would remove it by recursion
        (folders[-1] / "deep.txt").unlink()
        for folder in reversed(folders[1:]):
            folder.rmdir()


def test_a_deleted_current_folder_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(ContextError, match="the current folder \\(which has been deleted\\)"):
        names("a.txt")
    with pytest.raises(ContextError, match=r"'\.' cannot be opened"):
        names(".")


def test_names_that_cannot_be_shown_are_percent_encoded(tmp_path: Path) -> None:
    try:
        for name in (b"a\xff.txt", b"a\xfe.txt", b"b\n.txt", b"c\x1b[31m.txt"):
            (tmp_path / os.fsdecode(name)).write_text("x")
    except OSError:
        pytest.skip("this file system holds UTF-8 names only")
    make(tmp_path, "b%0A.txt", "ö.txt")
    assert names(tmp_path) == ["a%FE.txt", "a%FF.txt", "b%0A.txt", "b%0A (2).txt", "c%1B[31m.txt", "ö.txt"]
    assert names(tmp_path / "b\n.txt") == ["b%0A.txt"]


def test_two_files_of_one_name_are_both_kept(tmp_path: Path) -> None:
    make(tmp_path, "one/src/a.txt", "two/src/a.txt")
    found = names(tmp_path / "one/src", tmp_path / "two/src")
    assert found == ["src/a.txt", str(tmp_path / "two/src/a.txt")]


def test_an_invalid_line_of_an_ignore_file_is_ignored(tmp_path: Path) -> None:
    make(tmp_path, "a.log", "b.txt")
    (tmp_path / ".gitignore").write_text("!\n\\\n[z-a]\n*.log\n")
    assert names(tmp_path) == [".gitignore", "b.txt"]


@pytest.mark.parametrize("pattern", ["!", "\\", "[z-a]"])
def test_an_invalid_pattern_of_the_user_is_an_error(tmp_path: Path, pattern: str) -> None:
    make(tmp_path, "a.txt")
    with pytest.raises(ContextError, match="invalid pattern in"):
        names(tmp_path, loading=ContextSettings(include=(pattern,)))


def test_an_ignore_file_that_is_a_pipe_is_not_read(tmp_path: Path) -> None:
    make(tmp_path, "a.txt")
    os.mkfifo(tmp_path / ".gitignore")
    assert names(tmp_path) == ["a.txt"]


def test_a_list_may_begin_with_a_mark_and_name_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "lists/a.txt", "home/b.txt")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "lists/list.txt").write_text("a.txt\n~/b.txt\n", encoding="utf-8-sig")
    assert names(f"@{tmp_path / 'lists/list.txt'}") == [
        str(tmp_path / "lists/a.txt"),
        str(tmp_path / "home/b.txt"),
    ]
    (tmp_path / "lists/list.txt").write_text("https://example.org/a\n")
    with pytest.raises(ContextError, match=r"'https://example\.org/a' is a URL"):
        names(f"@{tmp_path / 'lists/list.txt'}")


def test_a_folder_that_is_replaced_by_a_link_during_the_walk_is_not_entered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "in/a.txt", "in/sub/b.txt", "out/secret.txt")
    real = raw_files.open_folder

    def swapping(path: str, *, is_top: bool) -> int | None:
        if path.endswith("/sub"):
            (tmp_path / "in/sub").rename(tmp_path / "moved")
            (tmp_path / "in/sub").symlink_to(tmp_path / "out")
        return real(path, is_top=is_top)

    monkeypatch.setattr(files, "open_folder", swapping)
    found, skipped = files.find_files([tmp_path / "in"], ContextSettings())
    assert [file.name for file in found] == ["a.txt"]
    assert skipped[0].name == "sub/"


def test_a_list_that_is_a_device_is_an_error() -> None:
    with pytest.raises(ContextError, match=r"the list .* is not a regular file"):
        files.find_files(["@/dev/zero"], ContextSettings())


def test_a_stream_is_named_in_full() -> None:
    reading, writing = os.pipe()
    try:
        found, _ = files.find_files([f"/dev/fd/{reading}"], ContextSettings())
        assert [file.name for file in found] == [f"/dev/fd/{reading}"]
    finally:
        os.close(reading)
        os.close(writing)


def test_what_the_walk_saw_is_remembered(tmp_path: Path) -> None:
    make(tmp_path, "a.txt", "build/b.txt")
    make(tmp_path, ".harlmignore", text="build/\n.harlmignore\n")
    (tmp_path / "link.txt").symlink_to("build/b.txt")
    plain, link = files.find_files([tmp_path], ContextSettings())[0]
    status, other = (tmp_path / "a.txt").stat(), (tmp_path / "build/b.txt").stat()
    assert plain.identity == (status.st_dev, status.st_ino)
    assert link.identity == (other.st_dev, other.st_ino)
    assert link.path == str(tmp_path / "build/b.txt")
    assert link.root == f"{tmp_path}/"
    named = files.find_files([tmp_path / "a.txt"], ContextSettings())[0][0]
    assert named.identity is None
