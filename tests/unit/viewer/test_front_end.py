"""The front end: its own tests, and that what is committed is what its source builds to."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from tests.support.browser import HOW_NODE, NODE_MODULES

SOURCE = NODE_MODULES.parent
ASSETS = Path(str(files("harlm.viewer") / "assets"))
_MOST_KB = 400

needs_node = pytest.mark.skipif(shutil.which("node") is None or not NODE_MODULES.exists(), reason=HOW_NODE)


def node(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(NODE_MODULES / ".bin" / program), *arguments],
        cwd=SOURCE, env={**os.environ, "NO_COLOR": "1", **environment}, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip


@needs_node
def test_what_is_committed_is_what_the_source_builds_to(tmp_path: Path) -> None:
    done = node("vite", "build", HARLM_VIEWER_OUT=str(tmp_path / "assets"))
    assert done.returncode == 0, done.stderr
    built = {path.name: path.read_bytes() for path in (tmp_path / "assets").iterdir()}
    committed = {path.name: path.read_bytes() for path in ASSETS.iterdir()}
    assert built == committed, "run `npm run build` in viewer/"


@needs_node
def test_the_types_hold() -> None:
    done = node("tsc", "--noEmit")
    assert done.returncode == 0, done.stdout


@needs_node
def test_its_own_tests_pass() -> None:
    done = node("vitest", "run")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_is_small_and_complete() -> None:
    sizes = {path.name: path.stat().st_size for path in ASSETS.iterdir()}
    assert sizes.keys() == {"index.html", "viewer.js", "viewer.css", "LICENSES.txt"}
    assert sum(sizes.values()) < _MOST_KB * 1_000


def test_every_package_that_is_bundled_has_its_licence() -> None:
    licences = (ASSETS / "LICENSES.txt").read_text(encoding="utf-8")
    for package in ("@dagrejs/dagre", "preact", "uplot"):
        assert f"\n{package} " in licences
    assert licences.count("Permission is hereby granted") == 3


def test_the_page_makes_elements_only_from_text() -> None:
    for file in (SOURCE / "src").rglob("*.ts*"):
        source = file.read_text(encoding="utf-8")
        for way in (
            "dangerouslySetInnerHTML",
            "innerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "srcdoc",
        ):
            assert way not in source, f"{file.name}: {way}"


def test_nothing_is_asked_of_another_machine() -> None:
    script = (ASSETS / "viewer.js").read_text(encoding="utf-8")
    addresses = {
        found.split('"')[0].split("`")[0].split("'")[0]
        for found in script.split("http")[1:]
        if found.startswith(("://", "s://"))
    }
    assert {each for each in addresses if "www.w3.org" not in each} == set()
