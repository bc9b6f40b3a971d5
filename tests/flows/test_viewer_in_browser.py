"""The viewer in a real browser: every view, live runs, hostile texts, damaged runs, accessibility."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import cast

import pytest

from harlm.redact import Redactor
from harlm.tracing.jsonl import list_runs
from tests.support.browser import HOW, HOW_NODE, NODE_MODULES, browser_python, in_browser, viewing
from tests.support.cli import harlm
from tests.support.hostile_texts import RUN, TEXTS, write_hostile_run
from tests.support.viewed_runs import QUESTION, viewed_run

pytestmark = pytest.mark.skipif(browser_python() is None, reason=HOW)
AXE = NODE_MODULES / "axe-core" / "axe.min.js"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-loopback")


def is_quiet(seen: dict[str, object]) -> bool:
    """Whether a page asked nothing but its own server, opened no dialog, and had no error."""
    return not (seen["dialogs"] or seen["outside"] or seen["errors"] or seen["console"])


def test_a_user_walks_through_a_run(tmp_path: Path) -> None:
    first = viewed_run(tmp_path)
    viewed_run(tmp_path, question="Which services still use TLS 1.1?")
    with viewing(first.run_id) as address:
        seen = in_browser("walk", address=address, words="still uses TLS 1.1")
    tabs = cast("dict[str, str]", seen["tabs"])
    assert is_quiet(seen), seen
    assert "token" not in str(seen["address"])
    assert QUESTION in str(seen["head"])
    assert "Billing (Ada) and media (Grace)" in str(seen["head"])
    assert "Who owns billing?" in tabs["Tree"]
    assert "llm_query" in tabs["Graph"]
    assert "Is this old?" in str(seen["cells"])
    assert "sub call" in tabs["Calls"]
    assert "left of 100" in tabs["Budget"]
    assert "Searches" in tabs["Memory"]
    assert "price of openai/root is unknown" in tabs["Route"]
    assert "billing.md:3" in tabs["Sources"]
    assert (seen["quote"], seen["line"], seen["closed"]) == ("billing still uses TLS 1.1", "3", True)
    assert str(seen["found"]).lower() == "still uses tls 1.1"
    assert "sub call" in str(seen["call"])
    assert "still uses TLS" in str(seen["call"])
    assert seen["bar"] == "Node 0"
    assert "Keyboard" in str(seen["help"])
    assert "Parallelism" in str(seen["compared"])
    assert seen["listed"] == 2
    assert str(seen["second"]).endswith(f"#/run/{first.run_id}")


def test_a_run_is_followed_while_it_works(tmp_path: Path) -> None:
    with viewing() as address:
        asking = threading.Thread(target=viewed_run, args=(tmp_path,), kwargs={"slow": 12})
        asking.start()
        try:
            seen = in_browser("live", address=address)
        finally:
            asking.join()
    assert is_quiet(seen), seen
    assert 0 < cast("int", seen["early"]) < cast("int", seen["late"])
    assert seen["loads"] == 1
    assert "Billing (Ada)" in str(seen["head"])


@pytest.mark.parametrize("form", ["page", "report"])
def test_hostile_texts_are_shown_and_do_nothing(form: str, clean_environment: Path, tmp_path: Path) -> None:
    write_hostile_run(clean_environment / "runs")
    if form == "page":
        with viewing(RUN) as address:
            seen = in_browser("hostile", address=address, steps=18)
    else:
        file = tmp_path / "report.html"
        assert harlm("report", RUN, "--html", "-o", file).code == 0
        seen = in_browser("hostile", address=file.as_uri(), steps=18)
    assert len(TEXTS) >= 50
    assert seen["ran"] == []
    assert seen["elements"] == []
    assert is_quiet({**seen, "console": []})
    # The page may say that a source cannot be read (404), but no policy was violated.
    assert not [
        said
        for said in cast("list[str]", seen["console"])
        if "Content Security Policy" in said or "refused" in said.lower()
    ]
    text = str(seen["text"])
    for each in ("<script>pwned('script')</script>", "<img src=x onerror=pwned('img')>", "\\u{202e}gnp.exe"):
        assert each in text
    assert "\u202e" not in text


@pytest.mark.skipif(not AXE.exists(), reason=HOW_NODE)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(theme: str, tmp_path: Path) -> None:
    left, right = viewed_run(tmp_path), viewed_run(tmp_path)
    with viewing("last") as address:
        seen = in_browser(
            "axe", address=address, theme=theme, axe=str(AXE), left=left.run_id, right=right.run_id
        )
    found = cast("list[dict[str, object]]", seen["found"])
    assert [each for each in found if each["impact"] in ("serious", "critical")] == []


def test_damaged_and_foreign_runs_are_said_to_be_so(clean_environment: Path, tmp_path: Path) -> None:
    answered = viewed_run(tmp_path).run_id
    runs = clean_environment / "runs"
    lines = (runs / answered / "events.jsonl").read_bytes().splitlines(keepends=True)
    newer = json.loads(lines[3]) | {"v": 99, "kind": "teleported"}
    damaged = {
        "01J0000000000000000000AAAA": b"".join([*lines[:5], b"{not json\n", *lines[6:]]),
        "01J0000000000000000000BBBB": b"".join([*lines[:3], json.dumps(newer).encode() + b"\n", *lines[4:]]),
        "01J0000000000000000000CCCC": b"".join(lines[:8]) + lines[8][:40],
        "01J0000000000000000000DDDD": b"\x00" * 4096,
    }
    for name, data in damaged.items():
        (runs / name).mkdir()
        (runs / name / "run.json").write_bytes((runs / answered / "run.json").read_bytes())
        (runs / name / "events.jsonl").write_bytes(data)
    with viewing() as address:
        seen = in_browser(
            "trouble", address=address, runs=[*damaged, "01J0000000000000000000EEEE", "..%2f..%2fetc"]
        )
    said = cast("dict[str, str]", seen["said"])
    first, second, third, fourth, gone, odd = said.values()
    assert "1 events are damaged" in first
    assert "newer HARLM (format 99" in second
    assert "no answer" in third
    assert "no events" in fourth or "damaged" in fourth
    assert "no run" in gone
    assert "no id of a run" in odd
    assert not seen["errors"]
    assert len(list_runs(runs)) == 5


def test_the_texts_survive_their_way_into_a_trace(clean_environment: Path) -> None:
    folder = write_hostile_run(clean_environment / "runs")
    assert "pwned('script')" in (folder / "events.jsonl").read_text(encoding="utf-8")
    assert Redactor([]).clean(b"pwned") == b"pwned"
