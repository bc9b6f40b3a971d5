"""What installed packages bring, as entry points of a folder on the path."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harlm.errors import ConfigError, ModelError
from harlm.extensions import Extension, extension, installed, made, names, wrong
from tests.support.installed import install, site

__all__ = ["site"]


def test_what_a_package_brings_is_found_by_its_name(site: Path) -> None:
    install(site, "found_by_name", "made = 'a router'\n", acme="made")
    assert "acme" in names("routers")
    assert extension("routers", "acme") == "a router"


def test_what_nothing_brings_is_none(site: Path) -> None:
    assert extension("routers", "nothing-brings-this") is None
    assert made("routers", "nothing-brings-this") is None


def test_names_and_packages_are_listed_without_an_import(site: Path) -> None:
    install(site, "broken_when_listed", "raise RuntimeError('imported')\n", acme="made")
    assert "acme" in names("routers")
    known = Extension(
        kind="routers", name="acme", package="broken_when_listed", value="broken_when_listed:made"
    )
    assert known in installed()
    assert known in installed("routers")
    assert known not in installed("models")
    assert "broken_when_listed" not in sys.modules


@pytest.mark.parametrize(
    "code",
    [
        "raise RuntimeError('no such file')\n",
        "made_otherwise = 1\n",
        "syntax error\n",
        "import sys; sys.exit(5)\n",
    ],
)
def test_an_extension_that_cannot_be_imported_is_named(site: Path, code: str) -> None:
    install(site, "broken_at_import", code, acme="made")
    with pytest.raises(ConfigError, match="'acme' of the package broken_at_import cannot be imported"):
        extension("routers", "acme")


def test_two_packages_that_bring_one_name_are_both_named(site: Path) -> None:
    install(site, "one_of_two", "made = 1\n", acme="made")
    install(site, "two_of_two", "made = 2\n", acme="made")
    with pytest.raises(ConfigError, match=r"'acme' is brought by one_of_two and two_of_two"):
        extension("routers", "acme")


def test_its_function_is_called(site: Path) -> None:
    install(site, "a_function", "def made(one, other): return one + other\n", acme="made")
    assert made("routers", "acme", 1, 2) == 3


def test_what_is_no_function_or_fails_is_named(site: Path) -> None:
    code = "from harlm.errors import ModelError\nnumber = 3\ndef fails(): 1 / 0\ndef says(): raise ModelError('why', model='m')\n"
    install(site, "not_right", code, number="number", fails="fails", says="says")
    with pytest.raises(ConfigError, match=r"'number' of the package not_right .*is a int"):
        made("routers", "number")
    with pytest.raises(ConfigError, match=r"'fails' of the package not_right .*failed \(ZeroDivisionError"):
        made("routers", "fails")
    with pytest.raises(ModelError, match="why"):
        made("routers", "says")
    assert "leave 'gone' out" in str(wrong("routers", "gone", "is gone"))


def test_a_package_that_lies_in_the_current_folder_is_not_installed(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook, or ``python -c``, looks for packages there, and the folder may be a stranger's."""
    install(site, "of_a_stranger", "raise RuntimeError('ran')\n", acme="made")
    monkeypatch.chdir(site)
    assert "acme" not in names("routers")
    assert extension("routers", "acme") is None
