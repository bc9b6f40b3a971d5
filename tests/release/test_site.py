"""The site of the docs: each page stands in its navigation, links lead on, and `make docs` builds it strictly."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools import site

yaml = pytest.importorskip("yaml", reason="pip install pyyaml")

ROOT = Path(__file__).parents[2]
CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))


def pages(nav: object) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    children = nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else []
    return [page for child in children for page in pages(child)]


def test_the_navigation_has_every_page_once() -> None:
    there = [str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")]
    assert sorted(pages(CONFIG["nav"])) == sorted([*there, *site.PAGES.values()])


def test_the_navigation_is_in_the_readers_order() -> None:
    folders = [
        page.partition("/")[0].removesuffix(".md")
        for page in pages(CONFIG["nav"])
        if page != "architecture.md"
    ]
    assert list(dict.fromkeys(folders)) == [
        "index", "quickstart", "concepts", "how-to", "reference", "design", "results", "decisions", "glossary", "contributing",
        "security", "changelog",
    ]  # fmt: skip


def test_the_site_asks_no_other_host() -> None:
    assert CONFIG["theme"]["font"] is False
    assert not {"repo_url", "analytics"} & (CONFIG.keys() | CONFIG["extra"].keys())
    assert not [each for each in CONFIG.get("extra_javascript", []) if "://" in each]
    assert CONFIG["strict"] is True


def test_what_it_is_built_with_is_pinned_and_its_place_is_ignored_by_git() -> None:
    lock = (ROOT / "locks/docs.txt").read_text(encoding="utf-8")
    assert re.search(r"^mkdocs==1\.6\.1 ", lock, re.MULTILINE)
    assert re.search(r"^mkdocs-material==9\.8\.2 ", lock, re.MULTILINE)
    assert CONFIG["site_dir"].startswith("build/")
    assert "build/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("[s](../../SECURITY.md)", "design/sandbox.md", "[s](../security.md)"),
        ("[q](docs/quickstart.md#first)", "index.md", "[q](quickstart.md#first)"),
        ("![v](docs/images/viewer.png)", "index.md", "![v](images/viewer.png)"),
        ("[t](../../tests/wire/README.md)", "how-to/endpoints.md", "t"),
        ("[w](https://example.org/a)", "index.md", "[w](https://example.org/a)"),
        ("[a](#anchor)", "index.md", "[a](#anchor)"),
        ("```text\n[s](SECURITY.md)\n```", "index.md", "```text\n[s](SECURITY.md)\n```"),
    ],
)
def test_links_lead_to_pages_of_the_site(text: str, place: str, expected: str) -> None:
    assert site.led(text, place) == expected


def test_the_site_is_built_strictly(tmp_path: Path) -> None:
    mkdocs = ROOT / ".venv-docs/bin/mkdocs"
    if not mkdocs.exists():
        pytest.skip("make docs, which needs the package index, has not been run here")
    command = [str(mkdocs), "build", "--quiet", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    built = [page.read_text(encoding="utf-8") for page in (tmp_path / "site").rglob("index.html")]
    assert len(built) > 60
    loaded = [
        found
        for text in built
        for found in re.findall(r"<(?:script|link|img)\b[^>]*(?:src|href)=\"(https?:[^\"]+)", text)
    ]
    assert loaded == []
