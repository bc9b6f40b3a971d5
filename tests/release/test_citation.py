"""CITATION.cff and CHANGELOG.md have the fields and the form that their readers expect."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import harlm

yaml = pytest.importorskip("yaml", reason="pip install pyyaml")

ROOT = Path(__file__).parents[2]


def test_the_citation_names_this_version_and_has_what_the_format_asks_for() -> None:
    cited: dict[str, Any] = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= cited.keys()
    assert (cited["type"], cited["license"], cited["version"]) == ("software", "MIT", harlm.__version__)
    for entry in (cited, *cited["references"]):
        assert all(
            {"name"} <= author.keys() or {"family-names", "given-names"} <= author.keys()
            for author in entry["authors"]
        )


def test_the_changelog_keeps_its_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert text.startswith("# Changelog\n")
    releases = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert releases[0] == "[Unreleased]"
    assert [
        each for each in releases[1:] if not re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", each)
    ] == []
    kinds = re.findall(r"^### (.+)$", text, re.MULTILINE)
    assert set(kinds) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    for release in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        inside = re.findall(r"^### (.+)$", release, re.MULTILINE)
        assert len(inside) == len(set(inside)), "one heading of a kind in a release"
