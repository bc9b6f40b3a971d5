"""The workflows of GitHub: pinned by hash, without secrets, with the least rights; what they call exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml", reason="pip install pyyaml")

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def read(file: Path) -> dict[object, Any]:
    made: dict[object, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return made


def steps(file: Path) -> Iterator[dict[str, Any]]:
    for job in read(file)["jobs"].values():
        yield from job["steps"]


def commands(file: Path) -> Iterator[list[str]]:
    for step in steps(file):
        for line in step.get("run", "").splitlines():
            yield shlex.split(line, comments=True)


def test_there_is_one_for_changes_one_for_each_week_and_one_for_releases() -> None:
    assert [file.stem for file in FILES] == ["ci", "release", "weekly"]
    assert read(ROOT / ".github/workflows/weekly.yml")[True]["schedule"]  # YAML reads the word `on` as true


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_actions_are_pinned_by_hash_with_their_version_beside(file: Path) -> None:
    used = re.findall(r"uses: *(.+)", file.read_text(encoding="utf-8"))
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)] == []
    pins: dict[str, set[str]] = {}
    for each in (
        line
        for other in FILES
        for line in re.findall(r"uses: *(\S+)@(\S+)", other.read_text(encoding="utf-8"))
    ):
        pins.setdefault(each[0], set()).add(each[1])
    assert [action for action, hashes in pins.items() if len(hashes) > 1] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_rights_are_least_and_no_secret_is_used(file: Path) -> None:
    workflow, text = read(file), file.read_text(encoding="utf-8")
    assert workflow["permissions"] == {"contents": "read"}
    assert "secrets." not in text
    assert "pull_request_target" not in text
    for name, job in workflow["jobs"].items():
        wanted = {"id-token": "write"} if (file.stem, name) == ("release", "publish") else None
        assert job.get("permissions") == wanted, name
        assert job["timeout-minutes"] <= 60
    for step in steps(file):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
        assert "${{" not in step.get("run", ""), "what others write must not become a command"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_a_workflow_calls_exists(file: Path) -> None:
    for words in commands(file):
        if words[:1] == ["make"]:
            assert set(words[1:]) <= TARGETS, words
        for word in words:
            if word.startswith(("locks/", "@tests/", "tests/")):
                assert (ROOT / word.removeprefix("@")).exists(), word
        if words[:2] == ["python", "-m"] and words[2].startswith("tools."):
            assert (ROOT / f"{words[2].replace('.', '/')}.py").exists()
        if "--lock" in words:
            assert (ROOT / f"locks/{words[words.index('--lock') + 1]}.txt").exists()


def test_every_system_and_python_is_tried() -> None:
    jobs = read(ROOT / ".github/workflows/ci.yml")["jobs"]
    classifiers = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    pythons = re.findall(r"Python :: (3\.\d+)\"", classifiers)
    assert jobs["test"]["strategy"]["matrix"]["python"] == pythons
    assert jobs["portable"]["strategy"]["matrix"] == {
        "system": ["macos-latest", "windows-latest"],
        "python": pythons,
    }
    called = {" ".join(words) for words in commands(ROOT / ".github/workflows/ci.yml")}
    assert {
        "make check",
        "make test",
        "make test-lowest",
        "make test-latest",
        "make gates",
        "make smoke",
        "make docs",
    } <= called


def test_a_release_is_built_without_the_right_to_publish_it() -> None:
    jobs = read(ROOT / ".github/workflows/release.yml")["jobs"]
    assert read(ROOT / ".github/workflows/release.yml")[True] == {"push": {"tags": ["v*"]}}
    publish = jobs["publish"]
    assert (publish["needs"], publish["environment"]) == ("build", "pypi")
    used = [step["uses"].partition("@")[0] for step in publish["steps"]]
    assert used == ["actions/download-artifact", "pypa/gh-action-pypi-publish"], (
        "nothing else sees the identity"
    )
    assert publish["steps"][-1]["with"] == {"attestations": True}


def named(line: str) -> str:
    """The file that a line of the list names: what is run, or what is left out."""
    return line.removeprefix("--ignore=").removeprefix("--deselect=").partition("::")[0]


def test_the_portable_tests_exist() -> None:
    listed = (ROOT / "tests/portable.txt").read_text(encoding="utf-8").split()
    assert listed
    assert [each for each in listed if not (ROOT / named(each)).exists()] == []
