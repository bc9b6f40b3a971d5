"""What a cloned folder contains chooses no model, spends nothing, stops no run and is never imported (F3, F14, F29)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from harlm.cli.verbs.inspect import command
from harlm.errors import ConfigError, ContextError
from harlm.testing import ScriptedServer
from tests.support.cli import harlm

KEY = "sk-of-the-user-0123456789"


@pytest.fixture(autouse=True)
def document(clean_environment: Path) -> None:
    Path("a.txt").write_text("The code is 4711.\n")


@pytest.mark.parametrize(
    ("role", "model", "file"),
    [
        ("root", "openai/gpt-5", "harlm.toml"),
        ("sub", "openrouter/x/y", "pyproject.toml"),
        ("economy", "openai/gpt-5@http://127.0.0.1:9/v1", "harlm.toml"),
    ],
)
def test_f3_a_folder_chooses_no_model(role: str, model: str, file: str) -> None:
    section = "[models]" if file == "harlm.toml" else "[tool.harlm.models]"
    Path(file).write_text(f'{section}\n{role} = "{model}"\n')
    with ScriptedServer(lambda request: "4711") as server:
        ran = harlm(
            "ask", "What is the code?", "a.txt",
            environment={"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.base_url, "OLLAMA_HOST": server.base_url},
        )  # fmt: skip
    assert (ran.code, ran.out, server.requests) == (3, "", [])
    assert f"{file} sets models.{role}; a project file may not" in ran.err
    assert KEY not in ran.err


def test_f14_a_folder_deletes_no_memory() -> None:
    assert harlm("ask", "What is the code?", "a.txt", "--mode", "full", "-q").code == 0
    home = Path(os.environ["HARLM_HOME"])
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*.db")}
    Path("harlm.toml").write_text("[memory]\nmax_mb = 1\n")
    for verb in (["ask", "What is the code?", "a.txt"], ["cache", "clear"]):
        assert harlm(*verb).code == 3
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*.db")} == before


def _file(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def _hole(path: Path) -> None:
    with path.open("wb") as opened:
        opened.truncate(100 << 20)


_HOSTILE: dict[str, Callable[[Path], object]] = {
    "nested": _file(b"a = " + b"[" * 100_000),
    "nested tables": _file(b"a = " + b"{a = " * 100_000),
    "long key": _file(b"a." * 100_000 + b"b = 1"),
    "long table": _file(b"[" + b"a." * 100_000 + b"b]\n" + b"c = 1\n" * 1_000),
    "100 MB": _hole,
    "pipe": os.mkfifo,
    "folder": Path.mkdir,
    "link to a device": lambda path: path.symlink_to("/dev/zero"),
    "link to a file": lambda path: path.symlink_to("a.txt"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "binary": _file(bytes(range(256)) * 9),
    "NUL": _file(b'[engine]\nmode = "\0"'),
    "huge integer": _file(b"[engine]\nmax_turns = " + b"9" * 100_000),
    "hexadecimal": _file(b"[loading]\nexclude = 0x" + b"f" * 100_000),
    "nan": _file(b"[models]\ntimeout_s = nan"),
    "inf": _file(b"[engine]\nstrict = inf"),
    "date": _file(b"[loading]\nexclude = 1979-05-27"),
    "twice": _file(b"[engine]\nstrict = true\nstrict = true"),
    "no section": _file(b"strict = true"),
    "controls": _file(b'["\\u001b]0;x\\u0007"]\n"\\u202e" = 1'),
    "long name": _file(b"[engine]\n" + b"a" * 200_000 + b" = 1"),
    "invalid pattern": _file(b'[loading]\nexclude = ["!"]'),
    "long value": _file(b'[engine]\nstrict = "' + b"x" * 200_000 + b'"'),
}


@pytest.mark.parametrize("what", _HOSTILE)
def test_f29_no_project_file_is_an_internal_error_or_a_hang(what: str) -> None:
    _HOSTILE[what](Path("harlm.toml"))
    ran = CliRunner().invoke(command, ["."])
    assert isinstance(ran.exception, ConfigError | ContextError)
    assert len(str(ran.exception)) < 1_000
    assert "harlm.toml" in str(ran.exception) or what == "invalid pattern"


def test_f29_the_error_is_one_line_that_controls_no_terminal() -> None:
    _HOSTILE["controls"](Path("harlm.toml"))
    ran = harlm("ask", "What is the code?", "a.txt")
    assert (ran.code, len(ran.err.splitlines())) == (3, 1)
    assert ran.err.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "what", ["nested", "100 MB", "pipe", "folder", "link to a device", "binary", "twice"]
)
def test_f29_a_pyproject_of_other_tools_stops_no_run(what: str) -> None:
    _HOSTILE[what](Path("pyproject.toml"))
    assert CliRunner().invoke(command, ["a.txt"]).exit_code == 0


def test_what_a_project_file_set_is_said_and_only_leaves_files_out() -> None:
    Path("b.txt").write_text("The other code is 4712.\n")
    Path("harlm.toml").write_text('[loading]\nexclude = ["a.txt"]\n')
    ran = harlm("inspect", ".", "--all")
    assert f"{Path.cwd()}/harlm.toml sets loading.exclude = ['a.txt']" in ran.err
    assert "2 documents" in ran.out
    assert "a.txt" in ran.out.partition("Skipped")[2]
    back = harlm("inspect", ".", "--exclude", "!a.txt")
    assert "3 documents" in back.out


_SHADOWED = (
    "json pypdfium2 click msgspec asyncio aiohttp sqlite3 ssl pathspec docx zipfile html numpy rich".split()
)


def _plant(name: str) -> None:
    Path(name).write_text(
        f"import os\nos.open({str(Path('planted').resolve())!r}, os.O_CREAT)\nraise SystemExit(99)\n"
    )


def _unplanted(*started: str) -> None:
    done = subprocess.run(started, capture_output=True, timeout=120, check=False, stdin=subprocess.DEVNULL)
    assert not Path("planted").exists()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("names", [_SHADOWED, ["harlm", "typing", "runpy", "sitecustomize", "usercustomize"]])
def test_nothing_in_the_folder_is_imported(names: list[str]) -> None:
    for name in names:
        _plant(f"{name}.py")
    Path("page.html").write_text("<p>The code is 4711.</p>")
    Path(".netrc").write_text("default login x password y\n")
    Path(".env").write_text("HARLM_MODEL=openai/x\nOPENAI_API_KEY=y\n")
    arguments = ["ask", "What is the code?", "a.txt", "page.html", "--mode", "full", "-q"]
    _unplanted(str(Path(sys.executable).with_name("harlm")), *arguments)
    if "json" in names:  # what Python itself imports for -m is out of reach
        _unplanted(sys.executable, "-m", "harlm", *arguments)
