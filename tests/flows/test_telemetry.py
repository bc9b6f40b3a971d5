"""Telemetry of whole runs of the command, with a real collector, with none, and with one that never answers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from harlm.testing import Request, ScriptedServer
from harlm.tracing.otel import names
from tests.support.busy import eventually
from tests.support.collector import HOW, Received, attributes, receiver, rotel, rotel_agent, silent

KEY = "sk-planted-9f8e7d6c5b4a"
CELL = "```repl\nfound = [llm_query(f'item {at}') for at in range(4)]\nprint(found)\n```"
_ERROR = 2  # the code of a status in the protocol


def reply(request: Request) -> str:
    if request.model == "sub":
        return f"the key is {KEY}"
    answered = sum(role == "assistant" for role, _ in request.messages)
    return "```repl\nFINAL('planted answer')\n```" if answered else CELL


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(reply) as started:
        yield started


def ask(server: ScriptedServer, collector: str, **more: str) -> subprocess.CompletedProcess[str]:
    """``harlm ask`` with telemetry on."""
    Path("a.txt").write_text("planted context", encoding="utf-8")
    environment = os.environ | {
        "HARLM_OTEL": "1",
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": server.base_url,
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
    }
    return subprocess.run(
        [sys.executable, "-m", "harlm", "ask", "planted question?", "a.txt", "--mode", "full", "--no-cache",
         "-m", "openai/root", "--sub-model", "openai/sub"],
        env=environment | more, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip


def is_whole(received: Received) -> bool:
    return any(span.name == "invoke_workflow harlm" for span in received.spans())


@pytest.mark.skipif(rotel_agent() is None, reason=HOW)
def test_a_real_collector_takes_all_spans_and_metrics(server: ScriptedServer, tmp_path: Path) -> None:
    with receiver() as received, rotel(received.address, tmp_path) as collector:
        done = ask(server, collector)
        assert done.returncode == 0, done.stderr
        assert eventually(lambda: is_whole(received) and bool(received.metrics()), 30)
    assert "telemetry" not in done.stderr
    spans = received.spans()
    assert len({span.trace_id for span in spans}) == 1
    ids = {span.span_id for span in spans}
    assert [span.name for span in spans if span.parent_span_id not in ids] == ["invoke_workflow harlm"]
    kinds = Counter(span.name.partition(" ")[0] for span in spans)
    assert kinds["chat"] == 6
    assert kinds["execute_tool"] == 2
    (root,) = (attributes(span.attributes) for span in spans if span.name == "invoke_workflow harlm")
    calls = [attributes(span.attributes) for span in spans if span.name.startswith("chat")]
    assert root[names.RUN_CALLS] == len(calls)
    for of_run, of_call in ((names.RUN_INPUT, names.INPUT_TOKENS), (names.RUN_OUTPUT, names.OUTPUT_TOKENS)):
        assert root[of_run] == sum(int(str(call[of_call])) for call in calls)
    assert {call[names.PROVIDER] for call in calls} == {"openai"}
    assert received.metrics() >= {"gen_ai.client.token.usage", "gen_ai.client.operation.duration"}
    assert received.resource()["service.name"] == "harlm"
    told = b"".join(body for _, body in received.bodies)
    assert b"planted" not in told


def test_content_is_sent_without_the_key(server: ScriptedServer) -> None:
    with receiver() as received:
        done = ask(server, received.address, HARLM_OTEL_CONTENT="1")
        assert done.returncode == 0, done.stderr
        assert eventually(lambda: is_whole(received), 30)
    told = b"".join(body for _, body in received.bodies)
    assert b"planted question?" in told
    assert b"planted answer" in told
    assert b"[redacted]" in told
    assert KEY.encode() not in told


def test_the_newest_names_are_sent_if_the_environment_asks_for_them(server: ScriptedServer) -> None:
    with receiver() as received:
        ask(server, received.address, OTEL_SEMCONV_STABILITY_OPT_IN="http,gen_ai_latest_experimental")
        assert eventually(lambda: is_whole(received) and bool(received.metrics()), 30)
    assert "gen_ai.client.inference.duration" in received.metrics()
    (root,) = (
        attributes(each.attributes) for each in received.spans() if each.name == "invoke_workflow harlm"
    )
    assert root[names.SEMCONV] == "semantic-conventions-genai 0.1.0"
    assert root["gen_ai.agent.name"] == "harlm"


def test_a_run_that_fails_is_told_as_an_error(server: ScriptedServer) -> None:
    with receiver() as received:
        done = ask(server, received.address, OPENAI_BASE_URL="http://127.0.0.1:9/v1", HARLM_TIMEOUT="60s")
        assert done.returncode == 5
        assert eventually(lambda: is_whole(received), 30)
    (root,) = (span for span in received.spans() if span.name == "invoke_workflow harlm")
    assert root.status.code == _ERROR
    assert attributes(root.attributes)[names.ERROR_TYPE] == "ModelUnavailable"


def test_a_collector_that_is_away_is_one_line(server: ScriptedServer) -> None:
    done = ask(server, "http://127.0.0.1:9")
    assert (done.returncode, done.stdout.strip()) == (0, "planted answer")
    (line,) = (line for line in done.stderr.splitlines() if "telemetry" in line)
    assert line.startswith("note: telemetry does not reach http://127.0.0.1:9: nothing listens there")
    assert "Traceback" not in done.stderr
    assert "opentelemetry" not in done.stderr.lower()


def test_a_collector_that_never_answers_delays_the_end_by_a_bounded_time(server: ScriptedServer) -> None:
    with silent() as collector:
        began = time.monotonic()
        done = ask(server, collector)
        took = time.monotonic() - began
    assert (done.returncode, done.stdout.strip()) == (0, "planted answer")
    (line,) = (line for line in done.stderr.splitlines() if "telemetry" in line)
    assert "it does not answer" in line
    assert took < 60  # without a bound it would be ten seconds for each of several attempts


def test_an_endpoint_that_is_no_address_is_refused_before_anything_is_asked(server: ScriptedServer) -> None:
    done = ask(server, "collector:4318")
    assert done.returncode == 3
    assert "OTEL_EXPORTER_OTLP_ENDPOINT is not an http or https URL" in done.stderr
    assert server.requests == []


def test_a_project_file_cannot_turn_it_on(server: ScriptedServer) -> None:
    Path("harlm.toml").write_text("[tracing]\notel = true\n", encoding="utf-8")
    done = ask(server, "http://127.0.0.1:9", HARLM_OTEL="")
    assert done.returncode == 3
    assert "sets tracing.otel; a project file may not" in done.stderr
