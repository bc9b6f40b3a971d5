"""What installed packages bring, as entry points of a folder on the path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harlm import extensions
from harlm.errors import ConfigError
from harlm.extensions import extension, names


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages."""
    monkeypatch.syspath_prepend(tmp_path)
    extensions.entries.cache_clear()
    yield tmp_path
    extensions.entries.cache_clear()


def install(folder: Path, package: str, code: str, **entries: str) -> None:
    (folder / f"{package}.py").write_text(code)
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = "".join(f"{name} = {package}:{value}\n" for name, value in entries.items())
    (info / "entry_points.txt").write_text(f"[harlm.routers]\n{lines}")


def test_an_extension_is_found_by_its_name(installed: Path) -> None:
    install(installed, "found_by_name", "made = 'a router'\n", acme="made")
    assert "acme" in names("routers")
    assert extension("routers", "acme") == "a router"


def test_what_nothing_brings_is_none(installed: Path) -> None:
    assert extension("routers", "nothing-brings-this") is None


def test_names_are_listed_without_an_import(installed: Path) -> None:
    install(installed, "broken_when_listed", "raise RuntimeError('imported')\n", acme="made")
    assert "acme" in names("routers")


@pytest.mark.parametrize(
    "code", ["raise RuntimeError('no such file')\n", "made_otherwise = 1\n", "syntax error\n"]
)
def test_an_extension_that_cannot_be_imported_is_named(installed: Path, code: str) -> None:
    install(installed, "broken_at_import", code, acme="made")
    with pytest.raises(ConfigError, match="'acme' of the package broken_at_import cannot be imported"):
        extension("routers", "acme")


def test_two_packages_that_bring_one_name_are_both_named(installed: Path) -> None:
    install(installed, "one_of_two", "made = 1\n", acme="made")
    install(installed, "two_of_two", "made = 2\n", acme="made")
    with pytest.raises(ConfigError, match=r"'acme' is brought by one_of_two and two_of_two"):
        extension("routers", "acme")
