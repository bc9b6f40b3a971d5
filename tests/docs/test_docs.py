"""The code in README and docs is run, and prints what the page says that it prints.

A ``console`` block holds commands after ``$``, with their here-documents, and what they print on stdout; ``…`` stands for any text. A ``python`` block
is run in the namespace of its page; a ``text`` block right after it is what it prints. Providers are a server on loopback.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harlm.testing import ScriptedServer
from tests.support.page_models import reply
from tests.support.pages import PAGES, ROOT, blocks, name

_HERE_DOCUMENT = re.compile(
    r"(?P<command>.* <<'(?P<end>\w+)'\n[\s\S]*?^(?P=end)$)\n?(?P<printed>[\s\S]*)", re.MULTILINE
)
_LINK = re.compile(r"\]\((?P<target>[^)#\s]+)[^)]*\)")

WITH_CODE = [
    page
    for page in PAGES
    if any(block.kind in ("console", "python") for block in blocks(page.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize("page", WITH_CODE, ids=name)
def test_the_code_of_a_page_does_what_the_page_says(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("docs").mkdir()
    Path("docs/tls.md").write_text("Only billing still uses TLS 1.1.\n", encoding="utf-8")
    with ScriptedServer(reply) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-loopback")
        monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        names: dict[str, object] = {}
        printed = ""
        for block in blocks(page.read_text(encoding="utf-8")):
            if block.kind == "console":
                run_console(
                    block.body.replace("http://127.0.0.1:8000/v1", server.base_url).replace(".venv/bin/", "")
                )
            elif block.kind == "python":
                with contextlib.redirect_stdout(io.StringIO()) as out:
                    exec(compile(block.body, name(page), "exec"), names)
                printed = out.getvalue()
            elif printed:
                assert matches(block.body, printed), printed
                printed = ""


def run_console(body: str) -> None:
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        if found := _HERE_DOCUMENT.fullmatch(part):
            command, expected = found["command"], found["printed"]
        done = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        if expected.strip():
            assert matches(expected, done.stdout), f"{command} printed:\n{done.stdout}"


def matches(expected: str, printed: str) -> bool:
    """Whether the text is as expected, with anything where the page has an ellipsis on a line of its own or at an end."""
    pattern = r"[\s\S]*".join(
        re.escape(part.strip()) for part in re.split(r"^\s*…$", expected, flags=re.MULTILINE)
    )
    return re.fullmatch(pattern, printed.strip()) is not None


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for match in _LINK.finditer(page.read_text(encoding="utf-8")):
        if "://" not in match["target"]:
            assert (page.parent / match["target"]).exists(), match["target"]


def test_make_has_the_targets_that_the_pages_name() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {
        target
        for page in PAGES
        for target in re.findall(r"`?\bmake (\w+)`", page.read_text(encoding="utf-8"))
    }
    assert named >= {"demo", "test", "check"}
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_setting_and_flag_is_in_the_reference() -> None:
    from harlm.cli.verbs.ask import command
    from harlm.config import setting_names

    settings = (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8")
    for setting in setting_names():
        assert f"`{setting}`" in settings, setting
    flags = (ROOT / "docs/reference/command-line.md").read_text(encoding="utf-8")
    for parameter in command.params:
        for option in parameter.opts:
            if option.startswith("-"):
                assert f"`{option}" in flags or f"/{option}" in flags, option


def test_every_verb_is_in_the_reference() -> None:
    from harlm.cli import _VERBS
    from harlm.cli import harlm as cli

    page = (ROOT / "docs/reference/command-line.md").read_text(encoding="utf-8")
    context = cli.make_context("harlm", ["models"], resilient_parsing=True)
    for verb in _VERBS:
        command = cli.get_command(context, verb)
        below = getattr(command, "commands", {})
        for each in [f"{verb} {one}" for one in below] or [verb]:
            assert re.search(rf"`(harlm )?{each}\b", page), each
