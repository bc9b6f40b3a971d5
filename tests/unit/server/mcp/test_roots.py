"""The allow-list of folders: what is inside is found, everything else is refused with the roots named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harlm.errors import ConfigError, ContextError
from harlm.server.mcp.roots import Roots, roots_of


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret.txt").write_text("a secret")
    folder = tmp_path / "inside"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep/a.txt").write_text("a text")
    return folder


@pytest.mark.parametrize("named", ["deep/a.txt", "deep", ".", "deep/../deep/a.txt"])
def test_a_file_in_a_root_is_found(inside: Path, named: str) -> None:
    assert Roots([inside]).file(named) == (inside / named).resolve()


def test_an_absolute_path_in_a_root_is_found(inside: Path) -> None:
    assert Roots([inside]).file(str(inside / "deep/a.txt")) == inside / "deep/a.txt"


@pytest.mark.parametrize(
    "named", ["../outside/secret.txt", "/etc/passwd", "deep/../../outside", "..", "/", "~root/x", "~/x"]
)
def test_what_is_outside_is_refused_and_the_roots_are_named(inside: Path, named: str) -> None:
    with pytest.raises(ContextError, match="is outside of what this server may read") as refused:
        Roots([inside]).file(named)
    assert str(inside) in str(refused.value)


def test_what_is_outside_is_refused_alike_whether_it_exists_or_not(inside: Path) -> None:
    def said(named: str) -> str:
        with pytest.raises(ContextError) as refused:
            Roots([inside]).file(named)
        return str(refused.value).replace(named, "PATH")

    assert said("../outside/secret.txt") == said("../outside/missing.txt")


@pytest.mark.parametrize("target", ["../outside/secret.txt", "../outside", "../outside/missing.txt"])
def test_a_link_out_of_a_root_is_refused(inside: Path, target: str) -> None:
    (inside / "link").symlink_to(inside / target)
    with pytest.raises(ContextError, match="is outside"):
        Roots([inside]).file("link")


def test_a_path_through_a_link_to_a_folder_outside_is_refused(inside: Path) -> None:
    (inside / "link").symlink_to(inside.parent / "outside")
    with pytest.raises(ContextError, match="is outside"):
        Roots([inside]).file("link/secret.txt")


def test_a_link_within_a_root_is_followed(inside: Path) -> None:
    (inside / "link").symlink_to(inside / "deep/a.txt")
    assert Roots([inside]).file("link") == inside / "deep/a.txt"


def test_a_root_whose_name_begins_like_another_folder_does_not_hold_it(inside: Path) -> None:
    (inside.parent / "inside-too").mkdir()
    with pytest.raises(ContextError, match="is outside"):
        Roots([inside]).file(str(inside.parent / "inside-too"))


def test_a_root_that_is_a_link_is_its_target(inside: Path) -> None:
    link = inside.parent / "named"
    link.symlink_to(inside)
    assert Roots([link]).file("deep/a.txt") == inside / "deep/a.txt"


def test_a_root_that_is_a_file_admits_that_file_only(inside: Path) -> None:
    roots = Roots([inside / "deep/a.txt"])
    assert roots.file(str(inside / "deep/a.txt")) == inside / "deep/a.txt"
    with pytest.raises(ContextError, match="is outside"):
        roots.file(str(inside / "deep"))


def test_what_does_not_exist_is_said_so(inside: Path) -> None:
    with pytest.raises(ContextError, match="does not exist in"):
        Roots([inside]).file("missing.txt")


@pytest.mark.parametrize("name", [".env", "id_rsa", "prod.tfvars", ".aws/credentials"])
def test_a_file_that_holds_secrets_by_its_name_is_refused_unless_the_user_names_it(
    inside: Path, name: str
) -> None:
    file = inside / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("KEY=1")
    (inside / "link.txt").symlink_to(file)
    for named in (name, "link.txt"):
        with pytest.raises(ContextError, match="holds secrets, by its name"):
            Roots([inside]).file(named)
    assert Roots([inside, file]).file(name) == file


def test_a_named_pipe_is_refused(inside: Path) -> None:
    os.mkfifo(inside / "pipe")
    with pytest.raises(ContextError, match="neither a file nor a folder"):
        Roots([inside]).file("pipe")


@pytest.mark.parametrize("named", ["a\0b", "x" * 5_000, "\udcff"])
def test_a_name_that_no_file_can_have_is_refused(inside: Path, named: str) -> None:
    with pytest.raises(ContextError) as refused:
        Roots([inside]).file(named)
    assert len(str(refused.value)) < 1_000


def test_without_roots_no_path_is_read() -> None:
    with pytest.raises(ContextError, match="--root FOLDER"):
        Roots([]).file("a.txt")


def test_a_root_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be a root"):
        Roots([tmp_path / "missing"])


def test_named_roots_replace_the_sources(inside: Path) -> None:
    assert roots_of([str(inside / "deep")], [str(inside)]).shown == (str(inside / "deep"),)


def test_the_sources_of_corpora_are_roots_and_globs_are_not(inside: Path) -> None:
    assert roots_of([], [str(inside), str(inside / "*.md")]).shown == (str(inside),)


def test_without_anything_the_current_folder_is_the_root(
    inside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(inside)
    assert roots_of([], []).shown == (str(inside),)


def test_a_home_folder_is_no_root_unless_it_is_named(inside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(inside))
    monkeypatch.chdir(inside)
    with pytest.raises(ConfigError, match="everything in it could be read"):
        roots_of([], [])
    assert roots_of([str(inside)], [])


def test_the_top_folder_is_no_root_unless_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    with pytest.raises(ConfigError, match="everything in it could be read"):
        roots_of([], [])


def test_a_source_in_the_home_folder_is_a_root(inside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(inside.parent))
    assert roots_of([], ["~/inside"]).shown == (str(inside),)
    assert Roots([inside]).file("~/inside/deep/a.txt") == inside / "deep/a.txt"
