"""The limits of the installation: packages are counted here, and what is measured is compared with its limit."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.unit.test_locks import ENVIRONMENTS, GROUPS, PROJECT, asked, locked
from tools import gates

BUILD = {"editables", "hatchling", "packaging", "pluggy", "tomlkit", "trove-classifiers"}
"""What only builds the project."""


def core(environment: dict[str, str]) -> set[str]:
    """The packages of the core lock but those that only build the project."""
    return locked("core", environment).keys() - BUILD


def test_what_builds_the_project_is_not_what_it_needs() -> None:
    needed = {each.name for each in asked(PROJECT["project"]["dependencies"], ENVIRONMENTS[0])}
    assert not needed & BUILD
    assert {each.partition(">")[0] for each in GROUPS["build"]} <= BUILD


@pytest.mark.parametrize(
    "environment", ENVIRONMENTS, ids=lambda each: f"{each['python_version']}-{each['sys_platform']}"
)
def test_the_core_is_small(environment: dict[str, str]) -> None:
    assert len(core(environment)) + 1 <= gates.MOST_PACKAGES


def test_sizes_follow_what_a_package_needs_and_no_extras() -> None:
    sizes = gates.installed("rich")
    assert sizes.keys() == {"rich", "markdown-it-py", "mdurl", "pygments"}
    assert all(size > 0 for size in sizes.values())


def test_each_limit_that_is_passed_is_named() -> None:
    assert gates.passed({"harlm": 1.0, "a": gates.MOST_MB - 1}, gates.MOST_IMPORT_MS) == []
    many = {f"p{number}": 2.0 for number in range(26)}
    assert gates.passed({**many, "harlm": 1.0}, 121) == [
        "27 packages, and at most 25 are allowed",
        "53.0 MB, and at most 40 are allowed",
        "`import harlm` takes 121 ms, and at most 120 are allowed",
    ]


def test_the_import_is_timed_in_a_process_of_its_own() -> None:
    assert gates.import_ms(Path(sys.executable), "sum(range(3_000_000))") > gates.import_ms(
        Path(sys.executable), "pass"
    )
