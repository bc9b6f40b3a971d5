"""A paid answer is never lost, whatever becomes of the place that it was sent to and of the trace (F23)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from harlm.testing import Request, ScriptedServer
from tests.support.cli import in_shell


@pytest.fixture(autouse=True)
def document(clean_environment: Path) -> None:
    Path("a.txt").write_text("text")


def _harms(harm: str) -> None:
    """What happens to the folders while the model answers."""
    runs = Path(os.environ["HARLM_HOME"]) / "runs"
    if "trace" in harm:
        shutil.rmtree(runs)
        runs.touch()
    if "output" in harm:
        shutil.rmtree("out")


def _ask(redirection: str, *, harm: str = "", before: str = "") -> tuple[int, str, str]:
    def reply(request: Request) -> str:
        _harms(harm)
        return "the paid answer"

    Path("out").mkdir()
    with ScriptedServer(reply) as server:
        ran = in_shell(
            f"{before} harlm ask What? a.txt -q --mode direct -m openai/x@{server.base_url} {redirection}"
        )
    return ran.code, ran.out, ran.err


@pytest.mark.parametrize("output", ["/dev/full", "out/gone.txt"])
def test_f23_a_file_that_does_not_take_it_leaves_it_on_stdout(output: str) -> None:
    code, out, err = _ask(f"-o {output}", harm="output")
    assert (code, out) == (3, "the paid answer\n")
    assert "so it is printed on stdout; it is kept: harlm runs show 01" in err


@pytest.mark.parametrize("redirection", [">/dev/full", "-o /dev/full >&-"])
def test_f23_without_stdout_it_is_on_stderr(redirection: str) -> None:
    code, _, err = _ask(redirection)
    assert code == 3
    assert err.startswith("the paid answer\n")
    assert "so it is printed on stderr; it is kept: harlm runs show 01" in err


@pytest.mark.parametrize(
    ("redirection", "place"),
    [("-o out/gone.txt", "stdout"), (">/dev/full", "stderr"), ("| true; exit ${PIPESTATUS[0]}", "stderr")],
)
def test_f23_it_is_not_said_to_be_kept_if_the_trace_is_lost_too(redirection: str, place: str) -> None:
    code, out, err = _ask(redirection, harm="trace and output")
    assert code == 3
    assert "the paid answer" in (out if place == "stdout" else err)
    assert f"so it is printed on {place}; the run could not be stored" in err
    assert "kept" not in err


def test_f23_no_disk_takes_anything() -> None:
    code, out, err = _ask("-o out/x.txt", before="ulimit -f 0;")
    assert (code, out) == (3, "the paid answer\n")
    assert "kept" not in err
    assert not list(Path("out").iterdir())


def test_calls_are_not_said_to_be_kept_if_they_are_not() -> None:
    def reply(request: Request) -> str:
        if request.number:
            raise RuntimeError("status 500")
        _harms("trace")
        return "```repl\nprint(1)\n```"

    with ScriptedServer(reply) as server:
        ran = in_shell(
            f"harlm ask What? a.txt --mode repl -m openai/x@{server.base_url}", {"HARLM_TIMEOUT": "3s"}
        )
    assert ran.code in (4, 5)
    assert "1 answered call(s)" not in ran.err
