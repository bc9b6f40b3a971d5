"""``harlm ask`` as a user sees it: answers, errors and exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aiohttp import web

from harlm.home import user_config_file
from harlm.testing import Request, ScriptedServer
from tests.support.busy import eventually
from tests.support.cli import harlm
from tests.support.processes import descendants, is_running


def set_by_user(settings: str) -> None:
    """Write the user's own settings file."""
    file = user_config_file()
    file.parent.mkdir(parents=True)
    file.write_text(settings)


LOOK = "```repl\nprint(context[:100])\n```"


def test_only_the_answer_goes_to_stdout() -> None:
    ran = harlm("ask", "What is the vault code?", "-", stdin=b"The vault code is 4711.\n")
    assert ran.code == 0
    assert ran.out == "The vault code is 4711.\n\n[<stdin>:1]\n"
    assert "does not reason" in ran.err
    assert "run 01" in ran.err


def test_json_is_one_object_with_the_promised_fields() -> None:
    ran = harlm("ask", "What is the vault code?", "-", "--format", "json", stdin=b"The vault code is 4711.\n")
    answer = json.loads(ran.out)
    assert answer.keys() >= {
        "answer",
        "citations",
        "status",
        "mode",
        "route",
        "usage",
        "latency",
        "memory",
        "sandbox",
        "run",
    }
    assert answer["citations"][0].keys() >= {"source", "start", "end", "line", "page", "quote"}
    assert answer["route"].keys() >= {"mode", "probabilities", "reasons"}
    assert answer["usage"].keys() >= {
        "calls",
        "input_tokens",
        "output_tokens",
        "cached_tokens",
        "cost_usd",
        "by_model",
    }
    assert answer["latency"].keys() == {"wall_s", "critical_path_s", "parallelism"}
    assert answer["sandbox"] == {"tier": None, "warning": None}


def test_markdown_has_its_sources() -> None:
    ran = harlm("ask", "What is the code?", "-", "--format", "md", stdin=b"The code is 4711.")
    assert "**Sources**\n\n- `<stdin>:1`: “The code is 4711.”" in ran.out


def test_events_are_printed_as_json_lines() -> None:
    ran = harlm("ask", "What is the code?", "-", "--json", "-q", stdin=b"The code is 4711.")
    told = [json.loads(line) for line in ran.out.splitlines()]
    assert told[0]["kind"] == "run_started"
    assert told[-1]["kind"] == "answer"
    assert ran.err == ""


def test_the_answer_can_go_to_a_file(tmp_path: Path) -> None:
    ran = harlm(
        "ask", "What is the code?", "-", "-o", tmp_path / "answer.txt", "-q", stdin=b"The code is 4711."
    )
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert "4711" in (tmp_path / "answer.txt").read_text()


def test_a_route_is_explained() -> None:
    ran = harlm("ask", "What is the code?", "-", "--explain", stdin=b"The code is 4711.")
    assert "route: direct (direct 9" in ran.err


def test_files_are_cited_by_their_path_from_the_current_folder() -> None:
    Path("docs").mkdir()
    Path("docs/tls.md").write_text("# TLS\n\nTLS 1.1 is disabled on the edge servers.\n")
    Path("docs/dns.md").write_text("# DNS\n\nThe name servers are in Lyon.\n")
    ran = harlm("ask", "Where are the name servers?", "docs", "-q")
    assert "[docs/dns.md:3]" in ran.out


# -- bad input --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["ask", "", "."], 2, "the question is empty"),
        (["ask"], 2, "the question is missing; ask something"),
        (["ask", "What?"], 8, "standard input is empty"),
        (["ask", "What?", "missing.txt"], 8, "'missing.txt' does not exist"),
        (["ask", "What?", "*.nope"], 8, "matches no file"),
        (["ask", "What?", "http://127.0.0.1:9/x"], 8, "which is not a public address"),
        (["ask", "What?", "ftp://example.org/x"], 8, "is a URL that is not read here"),
        (["ask", "What?", "empty"], 8, "'empty' holds no text that can be read"),
        (["ask", "What?", "zero.txt"], 8, "'zero.txt' is empty"),
        (["ask", "What?", "binary.dat"], 8, "'binary.dat' is binary"),
        (["ask", "What?", "broken.pdf"], 8, "'broken.pdf' is not a PDF"),
        (["ask", "What?", "broken.zip"], 8, "'broken.zip' is not an archive"),
        (["ask", "What?", "-"], 8, "standard input is empty"),
        (["ask", "What?", "a.txt", "-m", "gpt-5"], 3, "model 'gpt-5' cannot be used"),
        (["ask", "What?", "a.txt", "-m", "openai/gpt-5"], 3, "set OPENAI_API_KEY"),
        (["ask", "What?", "a.txt", "-m", "openai/x", "--offline"], 3, "needs a network"),
        (
            ["ask", "What?", "a.txt", "-m", "http://127.0.0.1:9/v1#x"],
            5,
            "cannot be reached at http://127.0.0.1:9/v1",
        ),
        (
            ["ask", "What?", "a.txt", "-m", "http://nowhere.invalid/v1#x"],
            5,
            "cannot be reached at http://nowhere.invalid/v1",
        ),
        (["ask", "What?", "a.txt", "--mode", "fast"], 2, "'fast' is not one of"),
        (["ask", "What?", "a.txt", "-j", "0"], 2, "0 is not in the range"),
        (["ask", "What?", "a.txt", "--seed", "9" * 30], 2, "is not in the range"),
        (["ask", "What?", "a.txt", "-o", "no/such/folder/x"], 3, "cannot be written to"),
        (
            ["ask", "Who flew to Mars in a teapot?", "a.txt", "--strict"],
            6,
            "nothing in the context supports an answer",
        ),
        (["runs", "show", "01ZZ"], 8, "no single run"),
        (["surprise"], 2, "No such command 'surprise'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_gives_one_clear_line_and_the_right_exit_code(
    arguments: list[str], code: int, said: str
) -> None:
    Path("empty").mkdir()
    Path("a.txt").write_text("Some text about bridges.")
    Path("zero.txt").touch()
    Path("binary.dat").write_bytes(b"\x00\x01\x02\xff" * 100)
    Path("broken.pdf").write_bytes(b"%PDF-1.7 nonsense")
    Path("broken.zip").write_bytes(b"nonsense")
    ran = harlm(*arguments)
    assert ran.code == code, ran.err
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""
    if code != 2:
        assert ran.err.splitlines()[-1].startswith("harlm: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read every file")
def test_a_file_without_read_permission_is_named() -> None:
    Path("secret.txt").write_text("x")
    Path("secret.txt").chmod(0)
    ran = harlm("ask", "What?", "secret.txt")
    assert ran.code == 8
    assert "check its permissions" in ran.err


def test_a_file_in_an_odd_encoding_is_read() -> None:
    Path("latin.txt").write_bytes(
        "Die Brücke wurde im Jahr 1883 eröffnet, sagt das Archiv der Stadt.".encode("latin-1")
    )
    assert "1883" in harlm("ask", "Die Brücke wurde eröffnet: what year?", "latin.txt", "-q").out


def test_verbose_shows_the_traceback() -> None:
    assert "Traceback" in harlm("ask", "What?", "missing.txt", "-v").err


@pytest.mark.parametrize(
    ("body", "status", "code", "said"),
    [
        ("<html>hello</html>", 200, 5, "is not a completion"),
        ('{"error": {"message": "bad key"}}', 401, 3, "refused the key (401: bad key) at http://127.0.0.1"),
        ('{"error": {"message": "slow down"}}', 429, 5, "is rate limited"),
        ("oops", 500, 5, "is not available (500: oops)"),
        ('{"error": {"message": "no such model"}}', 404, 5, "was not found"),
    ],
)
def test_bad_replies_of_a_server_are_explained(body: str, status: int, code: int, said: str) -> None:
    set_by_user("[models]\nretries = 3\n")
    with ScriptedServer(lambda request: web.Response(text=body, status=status)) as server:
        ran = harlm("ask", "What?", "-", "-m", f"openai/x@{server.base_url}", stdin=b"text")
    assert ran.code == code
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_what_was_found_is_printed_and_stored_when_the_provider_fails() -> None:
    def reply(request: Request) -> str | web.Response:
        return LOOK if request.number == 0 else web.Response(status=503, text="gone")

    set_by_user("[models]\nretries = 3\n")
    with ScriptedServer(reply) as server:
        ran = harlm(
            "ask", "What?", "-", "-m", f"openai/x@{server.base_url}", "--mode", "repl", stdin=b"the text"
        )
    assert ran.code == 5
    assert ran.out.startswith("No answer was reached: openai/x is not available")
    assert "the text" in ran.out
    assert "this answer is partial: a failure ended the run" in ran.err
    assert "run 01" in ran.err
    assert ran.err.splitlines()[-1].startswith("harlm: openai/x is not available")
    shown = harlm("runs", "show", "last", "--cells")
    assert "print(context[:100])" in shown.out
    assert "No answer was reached: openai/x is not available" in shown.out


def test_a_failure_before_anything_was_found_prints_no_answer() -> None:
    set_by_user("[models]\nretries = 0\n")
    with ScriptedServer(lambda request: web.Response(status=503, text="gone")) as server:
        ran = harlm("ask", "What?", "-", "-m", f"openai/x@{server.base_url}", stdin=b"the text")
    assert (ran.code, ran.out) == (5, "")


def test_an_interrupt_keeps_paid_calls_and_leaves_no_process() -> None:
    with ScriptedServer(
        lambda request: "```repl\nimport time\nprint('looked', flush=True)\ntime.sleep(30)\n```"
    ) as server:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "harlm",
                "ask",
                "What?",
                "-",
                "-m",
                f"openai/x@{server.base_url}",
                "--mode",
                "repl",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stdin is not None
        process.stdin.write(b"text")
        process.stdin.close()
        process.stdin = None
        for _ in range(200):
            if server.requests:
                break
            time.sleep(0.05)
        assert eventually(lambda: bool(descendants(process.pid)))
        time.sleep(1.0)
        below = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130, err.decode()
    assert out == b""
    assert b"1 answered call(s) are kept" in err
    assert b"interrupted" in err
    assert b"Traceback" not in err
    assert "failed" in harlm("runs", "list").out
    assert below
    assert eventually(lambda: not any(map(is_running, below)))


def test_a_closed_pipe_is_not_an_error() -> None:
    Path("a.txt").write_text("The code is 4711. " * 10)
    script = f"{sys.executable} -m harlm ask 'What is the code?' a.txt --format json | head -c 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.stdout.strip().endswith("0")


# -- the sandbox and settings ----------------------------------------------------------------------------


def test_a_tier_that_cannot_be_built_ends_with_7_and_says_what_to_do() -> None:
    Path("a.txt").write_text("The port is 4711.")
    ran = harlm("ask", "--mode", "full", "--sandbox", "seatbelt", "Which port?", "a.txt")
    assert ran.code == 7
    assert "tier seatbelt cannot be built here" in ran.err
    assert "use macOS" in ran.err


def test_the_unsafe_tier_must_be_allowed_and_prints_a_warning() -> None:
    Path("a.txt").write_text("The port is 4711.")
    refused = harlm("ask", "--mode", "full", "--sandbox", "s0", "Which port?", "a.txt")
    assert refused.code == 7
    assert "--allow-unsafe-sandbox" in refused.err
    allowed = harlm(
        "ask", "--mode", "full", "--sandbox", "s0", "--allow-unsafe-sandbox", "Which port?", "a.txt"
    )
    assert allowed.code == 0, allowed.err
    assert "WARNING: model-written code ran on tier s0" in allowed.err
    told = harlm(
        "ask", "--mode", "full", "--format", "json", "Which port?", "a.txt",
        environment={"HARLM_SANDBOX": "auto"},
    )  # fmt: skip
    assert json.loads(told.out)["sandbox"]["warning"] is None


def test_a_project_file_cannot_weaken_the_sandbox() -> None:
    Path("a.txt").write_text("The port is 4711.")
    Path("harlm.toml").write_text('[sandbox]\ntier = "s0"\nallow_unsafe = true\n')
    ran = harlm("ask", "Which port?", "a.txt")
    assert ran.code == 3
    assert "sets sandbox.tier; a project file may not" in ran.err


def test_an_invalid_address_is_named() -> None:
    ran = harlm("ask", "What?", "-", stdin=b"x", environment={"HARLM_BASE_URL": "garbage"})
    assert ran.code == 3
    assert "env HARLM_BASE_URL: models.base_url = 'garbage'" in ran.err


def test_a_hostile_project_file_is_refused() -> None:
    Path("harlm.toml").write_text("[models]\nbase_url = 'http://evil'\n")
    ran = harlm("ask", "What?", "-", stdin=b"x")
    assert ran.code == 3
    assert "a project file may not" in ran.err


def test_help_and_version() -> None:
    shown = harlm("--help").out
    assert "Ask a question over files and folders." in shown
    assert '    harlm ask "Which services still use TLS 1.1?" ./docs\n    harlm demo\n' in shown
    assert "\\b" not in shown
    assert harlm("--version").out.startswith("harlm 0.")
    assert "--sub-model" in harlm("ask", "-h").out
