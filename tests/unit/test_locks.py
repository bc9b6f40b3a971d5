"""The files in ``locks/`` hold what pyproject.toml asks for, on every Python and system that it names."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS: Mapping[str, Sequence[str]] = PROJECT["project"]["optional-dependencies"]
GROUPS: Mapping[str, Sequence[str]] = PROJECT["dependency-groups"]

NOT_LOCKED = {"encoder", "int8"}
"""Extras of several gigabytes, of which most people choose a build for their own processor: no lock holds them."""

SETS: Mapping[str, Sequence[str]] = {
    "core": ["harlm"],
    "bench": ["harlm[bench]"],
    "test": ["harlm[test]"],
    "check": ["harlm[check,test]"],
    "all": [f"harlm[{','.join(each for each in EXTRAS if each not in NOT_LOCKED)}]"],
    "lowest": ["harlm[test]"],
    "servers": GROUPS["servers"],
    "clients": ["harlm", *GROUPS["clients"]],
    "docs": GROUPS["docs"],
    "uv": GROUPS["uv"],
}
"""What each lock is made for, besides what builds the project."""

ENVIRONMENTS = [
    {
        "python_version": version,
        "python_full_version": f"{version}.0",
        "sys_platform": system,
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "os_name": "nt" if system == "win32" else "posix",
    }
    for version in re.findall(r"Python :: (3\.\d+)\b", "\n".join(PROJECT["project"]["classifiers"]))
    for system, machine in (
        ("linux", "x86_64"),
        ("linux", "aarch64"),
        ("darwin", "arm64"),
        ("win32", "AMD64"),
    )
]

Environment = Mapping[str, str]


class Pin(NamedTuple):
    """One line of a lock."""

    requirement: Requirement
    hashes: Sequence[str]

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> Version:
        return Version(str(self.requirement.specifier).removeprefix("=="))


def lines(lock: str) -> list[str]:
    """Its lines without comments; one that continues on the next is one."""
    text = (ROOT / "locks" / f"{lock}.txt").read_text(encoding="utf-8")
    joined = re.sub(r" *#.*", "", text).replace("\\\n", "")
    return [line for each in joined.splitlines() if (line := " ".join(each.split()))]


def pins(lock: str) -> list[Pin]:
    """What a lock names. Fails for a line that is anything else."""
    made = []
    for line in lines(lock):
        if line == "--only-binary :all:":
            continue
        requirement, *hashes = line.split(" --hash=")
        made.append(Pin(Requirement(requirement), hashes))
    return made


def locked(lock: str, environment: Environment) -> dict[str, Version]:
    """The packages that a lock installs in an environment."""
    there = [pin for pin in pins(lock) if _applies(pin.requirement, environment)]
    versions = {pin.name: pin.version for pin in there}
    assert len(versions) == len(there), "a package is named twice for one environment"
    return versions


def asked(requirements: Sequence[str], environment: Environment) -> Iterator[Requirement]:
    """What ``requirements`` and the extras that they name ask for in an environment."""
    for text in requirements:
        requirement = Requirement(text)
        if requirement.name == "harlm":
            yield from asked(PROJECT["project"]["dependencies"], environment)
            for extra in requirement.extras:
                yield from asked(EXTRAS[extra], environment)
        elif _applies(requirement, environment):
            yield requirement


def _applies(requirement: Requirement, environment: Environment) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(dict(environment))


def test_every_lock_is_known_here() -> None:
    assert {path.stem for path in (ROOT / "locks").iterdir()} == SETS.keys()
    assert {each["python_version"] for each in ENVIRONMENTS} >= {"3.11", "3.14"}


@pytest.mark.parametrize("lock", SETS)
def test_a_lock_names_exact_versions_by_hash_and_takes_wheels_only(lock: str) -> None:
    assert "--only-binary :all:" in lines(lock), "a source would be built with what is not locked"
    for requirement, hashes in pins(lock):
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), requirement
        assert requirement.url is None
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes), requirement


@pytest.mark.parametrize("lock", SETS)
def test_a_lock_names_no_host_and_no_folder_of_a_machine(lock: str) -> None:
    text = (ROOT / "locks" / f"{lock}.txt").read_text(encoding="utf-8")
    assert not re.search(r"://|\w\.(com|dev|io|net|org)\b|(^|\s)[~/]|--\S*index|find-links|trusted", text)


@pytest.mark.parametrize("lock", SETS)
def test_what_is_asked_for_is_locked_at_a_version_that_is_admitted(lock: str) -> None:
    for environment in ENVIRONMENTS:
        versions = locked(lock, environment)
        for requirement in asked([*SETS[lock], *GROUPS["build"]], environment):
            version = versions.get(canonicalize_name(requirement.name))
            assert version is not None, f"{requirement} is not locked for {environment}"
            assert version in requirement.specifier, f"{requirement}, but {version} is locked"


@pytest.mark.parametrize(("lock", "larger"), [("core", "test"), ("test", "check"), ("check", "all")])
def test_one_lock_goes_on_top_of_another(lock: str, larger: str) -> None:
    for environment in ENVIRONMENTS:
        assert locked(lock, environment).items() <= locked(larger, environment).items()


def test_the_lowest_versions_are_those_that_the_project_names() -> None:
    for environment in ENVIRONMENTS:
        versions = locked("lowest", environment)
        for requirement in asked([*SETS["lowest"], *GROUPS["build"]], environment):
            (bound,) = (each.version for each in requirement.specifier if each.operator == ">=")
            assert versions[canonicalize_name(requirement.name)] == Version(bound), requirement


def test_what_builds_the_project_is_locked() -> None:
    assert set(PROJECT["build-system"]["requires"]) <= set(GROUPS["build"])
