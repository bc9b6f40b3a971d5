"""``harlm runs replay``, ``export`` and ``import``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.cli import harlm


@pytest.fixture
def run(clean_environment: Path) -> str:
    """The id of a run over a file."""
    Path("a.txt").write_text("The code is 4711.", encoding="utf-8")
    assert harlm("ask", "What is the code?", "a.txt", "-q").code == 0
    (folder,) = (clean_environment / "runs").iterdir()
    return folder.name


@pytest.fixture
def elsewhere(tmp_path: Path) -> dict[str, str]:
    """Another machine."""
    return {"HARLM_HOME": str(tmp_path / "elsewhere")}


def test_a_run_is_the_same_from_anywhere(run: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = harlm("runs", "replay", run[:10])
    assert (ran.code, ran.out.partition(":")[0]) == (0, "the same"), ran.err
    as_json = json.loads(harlm("runs", "replay", "last", "--json").out)
    assert as_json == {"run": run, "difference": None}


def test_a_run_that_was_moved_is_replayed_and_shown_there_with_its_documents(
    run: str, tmp_path: Path, elsewhere: dict[str, str]
) -> None:
    file = tmp_path / "x.harlm"
    ran = harlm("runs", "export", "last", "-o", file)
    assert (ran.code, ran.err.startswith(f"{run} is in {file} (")) == (0, True), ran.err
    Path("a.txt").unlink()
    assert harlm("runs", "replay", file, environment=elsewhere).out.startswith("the same:")
    ran = harlm("runs", "import", file, environment=elsewhere)
    assert ran.err == f"{run} is added\n"
    assert run in harlm("runs", "list", environment=elsewhere).out
    assert harlm("runs", "replay", "last", environment=elsewhere).code == 0
    again = harlm("runs", "import", file, environment=elsewhere)
    assert (again.code, "already" in again.err) == (8, True)


def test_without_its_documents_they_must_be_named(
    run: str, tmp_path: Path, elsewhere: dict[str, str]
) -> None:
    harlm("runs", "export", "last", "--no-documents")
    file = Path(f"{run}.harlm")
    assert file.exists()
    assert harlm("runs", "import", file, environment=elsewhere).code == 0
    copy = tmp_path / "b" / "a.txt"
    copy.parent.mkdir()
    Path("a.txt").rename(copy)
    assert "name them after the run" in harlm("runs", "replay", "last", environment=elsewhere).err
    os.chdir(copy.parent)
    assert harlm("runs", "replay", "last", "a.txt", environment=elsewhere).code == 0


def test_another_run_is_compared_and_the_first_difference_shown(run: str) -> None:
    assert harlm("runs", "replay", "last", "--against", run).out == f"the same: {run} and {run}\n"
    Path("a.txt").write_text("The code is 4712.", encoding="utf-8")
    harlm("ask", "What is the code?", "a.txt", "-q")
    ran = harlm("runs", "replay", run, "--against", "last")
    assert ran.code == 1
    assert ran.out.startswith(
        "the first difference is the answer\n--- stored\nThe code is 4711.\n\n[a.txt:1]\n--- last\nThe code is 4712."
    )


def test_a_file_that_is_no_run_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.harlm").write_text("no run")
    for arguments in (
        ("import", tmp_path / "x.harlm"),
        ("replay", tmp_path / "x.harlm"),
        ("replay", "x.harlm"),
        ("export", "last"),
    ):
        ran = harlm("runs", *arguments)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (8, "", 1), ran.err
        assert "Traceback" not in ran.err


def test_an_imported_run_cannot_make_this_machine_run_or_read_what_its_sender_named(
    run: str, tmp_path: Path, elsewhere: dict[str, str], clean_environment: Path
) -> None:
    """Its request names a file of tools, a program as a server, a path of this machine, and no sandbox."""
    ran = tmp_path / "ran"
    (tmp_path / "tools.py").write_text(f"open({str(ran)!r}, 'w')", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("mine", encoding="utf-8")
    request = next((clean_environment / "runs").glob("*/request.json"))
    told = json.loads(request.read_bytes())
    told["origin"] = {
        "paths": [str(tmp_path / "secret.txt")],
        "folder": str(tmp_path),
        "tool_files": [str(tmp_path / "tools.py")],
        "servers": [f"touch {ran}"],
    }
    told["settings"]["sandbox"] |= {"tier": "s0", "allow_unsafe": True}
    request.write_text(json.dumps(told), encoding="utf-8")
    (request.parent / "result.json").unlink()
    assert harlm("runs", "export", run, "-o", "x.harlm", "--no-documents").code == 0
    assert harlm("runs", "import", "x.harlm", environment=elsewhere).code == 0
    resumed = harlm("runs", "resume", run, environment=elsewhere)
    assert (resumed.code, "was imported" in resumed.err) == (8, True)
    replayed = harlm("runs", "replay", run, environment=elsewhere)
    assert (replayed.code, "not in its export" in replayed.err) == (8, True)
    assert harlm("runs", "replay", "x.harlm", environment=elsewhere).code == 8
    assert not ran.exists()
