"""The example packages of ``examples/packages``, built, installed and used as a stranger would: by the command line, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harlm.testing import ScriptedServer
from tests.support.cli import Ran, harlm
from tests.support.installed import install

ROOT = Path(__file__).parents[2]
PACKAGES = sorted((ROOT / "examples/packages").iterdir())
KINDS = {"models", "embedders", "routers", "strategies", "readers", "tools"}

TALK = """\
1
00:00:01,000 --> 00:00:04,000
The bridge was <i>opened</i> in 1883.

2
00:01:05,500 --> 00:01:09,000
It cost 15 million dollars.
"""
QUESTION = "What is the first paragraph of each document?"

Run = Callable[..., Ran]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of installed packages: a wheel of each example, built with hatchling and unpacked. No index is asked."""
    folder = tmp_path_factory.mktemp("installed")
    flags = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", *flags, "--target", str(folder), *map(str, PACKAGES)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def path(target: Path) -> str:
    """The folders from which Python imports, with the installed packages first."""
    return os.pathsep.join(filter(None, [str(target), os.environ.get("PYTHONPATH")]))


@pytest.fixture
def run(path: str) -> Run:
    """``harlm``, with the packages installed."""

    def ran(*arguments: str | Path, **environment: str) -> Ran:
        return harlm(*arguments, environment={"PYTHONPATH": path, **environment})

    Path("talk.srt").write_text(TALK, encoding="utf-8")
    Path("letters").mkdir()
    for name in ("Ada", "Bob"):
        Path(f"letters/{name}.txt").write_text(f"Dear {name},\n\nHello.\n", encoding="utf-8")
    return ran


def test_there_is_one_for_each_kind() -> None:
    text = "".join((each / "pyproject.toml").read_text(encoding="utf-8") for each in PACKAGES)
    assert [kind for kind in KINDS if f'entry-points."harlm.{kind}"' not in text] == []


def test_their_own_tests_pass_with_the_settings_of_a_stranger(path: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", str(tmp_path), "-p", "no:cacheprovider",
         *(str(each / "tests") for each in PACKAGES)],
        capture_output=True, text=True, timeout=100, check=False, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert "skipped" not in done.stdout


def test_doctor_and_models_list_them(run: Run) -> None:
    told = run("doctor").out
    for what in (
        "model provider 'program'",
        "embedder 'ngrams'",
        "store 'lines'",
        "router 'shelves'",
        "strategy 'openings'",
        "reader 'srt'",
        "tool 'convert'",
    ):
        assert f"ok    extension: {what} of the package harlm-" in told
    assert "program/NAME" in run("models").out


def test_a_program_answers_as_a_model(run: Run) -> None:
    Path("model.py").write_text(
        "import sys\nsys.stdin.read()\nprint('It opened in 1883.')\n", encoding="utf-8"
    )
    model = f"program/{sys.executable} -Ss model.py"
    ran = run("ask", "When did the bridge open?", "letters", "--mode", "direct", "-m", model, "-q")
    assert (ran.code, ran.out.strip()) == (0, "It opened in 1883."), ran.err
    ran = run("ask", "When?", "letters", "-m", "program/no-such-program")
    assert (ran.code, ran.out) == (3, "")
    assert "there is no such program" in ran.err


def test_a_strategy_answers_where_it_is_named_and_proposes_where_it_is_not(run: Run) -> None:
    ran = run("ask", QUESTION, "letters", "--strategy", "openings", "-q")
    assert (ran.code, ran.out) == (0, "letters/Ada.txt: Dear Ada,\nletters/Bob.txt: Dear Bob,\n"), ran.err
    ran = run("plan", QUESTION, "letters", "-m", "openai/gpt-5")
    assert ran.out.startswith("strategy openings"), ran.out + ran.err
    ran = run("plan", "Who wrote to Ada?", "letters", "-m", "openai/gpt-5")
    assert "openings" not in ran.out


def test_subtitles_are_read_with_their_numbers_in_the_confined_process(run: Run) -> None:
    ran = run("search", "what did it cost", "talk.srt", "letters")
    assert "talk.srt:paragraph 2: [00:01:05] It cost 15 million dollars." in ran.out, ran.err
    Path("broken.srt").write_text("no times\n", encoding="utf-8")
    ran = run("search", "cost", "broken.srt")
    assert (ran.code, "has no subtitles" in ran.err) == (8, True)


def test_a_router_and_an_embedder_are_settings(run: Run) -> None:
    Path("code").mkdir()
    Path("code/a.py").write_text("def open_bridge():\n    return 1883\n", encoding="utf-8")
    assert run("config", "set", "router.kind", "shelves").code == 0
    ran = run("router", "explain", "Which functions are never called?", "code", "-m", "openai/gpt-5")
    assert "100% of the documents are code" in ran.out, ran.err
    assert run("config", "set", "memory.embedder", "ngrams/4").code == 0
    ran = run("ask", "When did the bridge open?", "talk.srt", "--offline", "-q")
    assert (ran.code, "1883" in ran.out) == (0, True), ran.err
    ran = harlm("ask", "When did the bridge open?", "letters")
    assert (ran.code, "router.kind = 'shelves': there is none of this name" in ran.err) == (3, True)


def test_a_tool_is_offered_only_where_it_is_named(run: Run) -> None:
    cell = "```repl\nFINAL(convert(2, 'mi', 'km'))\n```"
    with ScriptedServer(lambda asked: cell) as server:
        provider = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "sk-loopback"}
        question = (
            "ask",
            "How long is the walk in km?",
            "letters",
            "-m",
            "openai/gpt-5",
            "-q",
            "--mode",
            "full",
        )
        ran = run(*question, "--tool", "convert", **provider)
        assert (ran.code, ran.out.strip()) == (0, "3.218688"), ran.err
        assert "convert(amount: float" in str(server.requests[0].messages)
        before = len(server.requests)
        run(*question, "--max-calls", "3", **provider)
        assert "convert(amount" not in str(server.requests[before].messages)
    ran = run("ask", "How long is the walk?", "letters", "--tool", "converts")
    assert (ran.code, "no installed package brings the tool 'converts'" in ran.err) == (3, True)


def test_a_folder_of_a_stranger_brings_nothing(run: Run) -> None:
    points = {"strategies": {"evil": "made"}, "readers": {"txt2": "made"}, "verbs": {"evil": "made"}}
    install(Path.cwd(), "evil", "raise SystemExit('it ran')\n", points)
    Path("a.txt2").write_text("The bridge opened in 1883.\n", encoding="utf-8")
    ran = run("ask", "When did the bridge open?", ".", "-q")
    assert (ran.code, "1883" in ran.out) == (0, True), ran.err
    assert "evil" not in run("doctor").out + run("--help").out
    Path("harlm.toml").write_text('[router]\nkind = "shelves"\n', encoding="utf-8")
    ran = run("ask", "When did the bridge open?", "talk.srt")
    assert (ran.code, "a project file may not" in ran.err) == (3, True)


def test_a_store_keeps_paid_calls_at_its_address(run: Run, tmp_path: Path) -> None:
    with ScriptedServer(lambda asked: "It opened in 1883.") as server:
        environment = {
            "OPENAI_BASE_URL": server.base_url,
            "OPENAI_API_KEY": "sk-loopback",
            "HARLM_STORE": f"lines://{tmp_path}/shared",
        }
        for home in ("one", "two"):
            asked = (
                "ask",
                "When did the bridge open?",
                "letters",
                "-m",
                "openai/gpt-5",
                "--mode",
                "direct",
                "-q",
            )
            ran = run(*asked, **environment, HARLM_HOME=str(tmp_path / home))
            assert (ran.code, ran.out.strip()) == (0, "It opened in 1883."), ran.err
        assert len(server.requests) == 1
    kept = "".join(
        each.read_text(encoding="utf-8") for each in (tmp_path / "shared").rglob("*") if each.is_file()
    )
    assert "It opened in 1883." in kept
    ran = run("ask", "When?", "letters", HARLM_STORE="nowhere://here")
    assert (ran.code, "there are stores for postgresql://, lines:// only" in ran.err) == (3, True), ran.err
