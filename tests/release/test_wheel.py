"""What is in the wheel and in the source archive, and what is not."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

import pytest

from tests.release.conftest import ROOT, Built

_STRAY = re.compile(r"(^|/)(tests?|node_modules|__pycache__|\.[^/]+)(/|$)|\.(pyc|pth|so|orig|rej|log|db)$")


def contents(wheel: Path) -> dict[str, str]:
    """The files of a wheel, each with its hash."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode())


def test_the_wheel_holds_the_three_packages_and_nothing_stray(built: Built) -> None:
    names = contents(built.wheel)
    assert {name.partition("/")[0] for name in names} == {
        "harlm", "harlm_bench", "harlm_train", f"harlm-{metadata(built.wheel)['Version']}.dist-info",
    }  # fmt: skip
    assert [name for name in names if _STRAY.search(name)] == []
    kinds = {Path(name).suffix for name in names if ".dist-info/" not in name}
    assert kinds == {".py", ".typed", ".json", ".txt", ".html", ".css", ".js", ".toml"}


def test_every_file_of_the_source_that_git_knows_is_in_the_wheel(built: Built) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    listed = subprocess.run(
        ["git", "ls-files", "src"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    untracked = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard", "src"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    packed = {f"src/{name}" for name in contents(built.wheel) if ".dist-info/" not in name}
    there = {name for name in [*listed, *untracked] if (ROOT / name).is_file()}
    assert packed == there


@pytest.mark.parametrize(
    "name",
    [
        "harlm/py.typed",
        "harlm/budget/prices.json",
        "harlm/router/shipped.json",
        "harlm/schemas/event.json",
        "harlm/schemas/result.json",
        "harlm/schemas/answer.json",
        "harlm/viewer/assets/index.html",
        "harlm/viewer/assets/viewer.js",
        "harlm/viewer/assets/viewer.css",
        "harlm/viewer/assets/LICENSES.txt",
        "harlm_bench/prices.toml",
    ],
)
def test_what_is_read_at_run_time_is_in_the_wheel(built: Built, name: str) -> None:
    assert name in contents(built.wheel)


def test_the_licence_and_the_commands_are_in_the_wheel(built: Built) -> None:
    folder = f"harlm-{metadata(built.wheel)['Version']}.dist-info"
    assert f"{folder}/licenses/LICENSE" in contents(built.wheel)
    with zipfile.ZipFile(built.wheel) as archive:
        commands = archive.read(f"{folder}/entry_points.txt").decode()
    assert "harlm = harlm.cli:main" in commands
    assert "bench = harlm_bench.cli:bench" in commands


def test_the_metadata_says_what_a_stranger_asks(built: Built) -> None:
    about = metadata(built.wheel)
    assert about["Name"] == "harlm"
    assert about["License-Expression"] == "MIT"
    assert about["Requires-Python"] == ">=3.11"
    assert about["Summary"]
    assert about["Description-Content-Type"] == "text/markdown"
    assert str(about.get_payload()).startswith("# HARLM")
    classifiers = set(about.get_all("Classifier", []))
    assert {
        "Typing :: Typed",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in (11, 12, 13, 14)),
    } <= classifiers
    from trove_classifiers import classifiers as known

    assert classifiers <= known
    for url in about.get_all("Project-URL", []):
        assert re.fullmatch(r"[^,]+, https://\S+", url)


def test_the_source_archive_builds_the_same_wheel(built: Built, tmp_path: Path) -> None:
    with tarfile.open(built.archive) as archive:
        names = archive.getnames()
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    inside = {name.partition("/")[2] for name in names}
    assert [
        name
        for name in inside
        if re.search(r"(^|/)(node_modules|__pycache__|\.venv[^/]*)(/|$)|\.(pyc|pth)$", name)
    ] == []
    assert {
        "LICENSE",
        "CHANGELOG.md",
        "SECURITY.md",
        "CITATION.cff",
        "locks/core.txt",
        "mkdocs.yml",
        "tests/conftest.py",
    } <= inside
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "again")],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    (again,) = (tmp_path / "again").glob("*.whl")
    assert contents(again) == contents(built.wheel)
