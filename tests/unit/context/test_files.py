from __future__ import annotations

import os
from pathlib import Path

import pytest

from harlm.config import Loading
from harlm.context.files import find_files
from harlm.errors import ContextError


def names(*sources: str | Path, loading: Loading | None = None) -> list[str]:
    return [file.name for file in find_files(sources, loading or Loading())[0]]


def reasons(*sources: str | Path, loading: Loading | None = None) -> dict[str, str]:
    return {each.name: each.reason for each in find_files(sources, loading or Loading())[1]}


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
        ("https://example.org/a.txt", "is a URL, and nothing here fetches URLs"),
    ],
)
def test_what_leads_nowhere_is_named(source: str, said: str) -> None:
    with pytest.raises(ContextError) as caught:
        names(source)
    assert said in str(caught.value)


def test_lists_may_not_be_empty_or_nested(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n# nothing\n")
    (tmp_path / "nested").write_text("@empty\n")
    with pytest.raises(ContextError, match="names nothing"):
        names(f"@{tmp_path / 'empty'}")
    with pytest.raises(ContextError, match="names another list"):
        names(f"@{tmp_path / 'nested'}")


def test_what_is_not_for_reading_is_left_out_and_reported(tmp_path: Path) -> None:
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


def test_what_is_named_itself_is_read(tmp_path: Path) -> None:
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
    loading = Loading(include=("*.py",), exclude=("*_test.py",))
    assert names(tmp_path, loading=loading) == ["a.py", "sub/c.py"]


def test_big_files_are_left_out_unless_named(tmp_path: Path) -> None:
    (tmp_path / "big.txt").write_bytes(b"x" * ((1 << 20) + 1))
    make(tmp_path, "a.txt")
    loading = Loading(max_file_mb=1)
    assert names(tmp_path, loading=loading) == ["a.txt"]
    assert names(tmp_path / "big.txt", loading=loading) == ["big.txt"]


def test_links_that_lead_out_and_special_files_are_left_out(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("x")
    root = tmp_path / "root"
    make(root, "a.txt", "sub/b.txt")
    (root / "out.txt").symlink_to(secret)
    (root / "in.txt").symlink_to(root / "a.txt")
    (root / "loop").symlink_to(root)
    (root / "dead").symlink_to(root / "nothing")
    os.mkfifo(root / "pipe")
    assert names(root) == ["a.txt", "in.txt", "sub/b.txt"]
    found = reasons(root)
    assert found["out.txt"] == "a symbolic link that leads out of the folder"
    assert found["loop"] == "a symbolic link to a folder"
    assert found["pipe"] == "not a regular file"
    assert found["dead"].startswith("cannot be opened")
