from __future__ import annotations

import builtins
import sys
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from harlm import HARLM, events
from harlm.config import load
from harlm.errors import ConfigError
from harlm.testing import EventLog, ScriptedModel
from harlm.tracing.otel.telemetry import Telemetry
from tests.support.busy import eventually
from tests.support.collector import receiver
from tests.support.story import STORY


@pytest.fixture
def of_process(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """A tracer provider that an application has set up."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr("opentelemetry.trace._TRACER_PROVIDER", provider)
    return kept


def asked(*replies: str, **more: Any) -> None:
    HARLM(model=ScriptedModel(list(replies)), cache=False).ask("?", "text", mode="direct", **more)


def test_nothing_is_told_by_default(of_process: InMemorySpanExporter) -> None:
    asked("direct")
    assert of_process.get_finished_spans() == ()


def test_the_provider_and_the_span_of_an_application_are_used(
    monkeypatch: pytest.MonkeyPatch, of_process: InMemorySpanExporter
) -> None:
    monkeypatch.setenv("HARLM_OTEL", "1")
    with trace.get_tracer("application").start_as_current_span("request"):
        asked("direct")
    spans = {span.name: span for span in of_process.get_finished_spans()}
    parent = spans["invoke_workflow harlm"].parent
    assert parent is not None
    assert parent.span_id == spans["request"].context.span_id


async def test_so_they_are_where_a_loop_runs_already(
    monkeypatch: pytest.MonkeyPatch, of_process: InMemorySpanExporter
) -> None:
    monkeypatch.setenv("HARLM_OTEL", "1")
    with trace.get_tracer("application").start_as_current_span("request"):
        asked("direct")
    spans = {span.name: span for span in of_process.get_finished_spans()}
    assert spans["invoke_workflow harlm"].parent is not None


def test_an_own_provider_sends_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as received:
        monkeypatch.setenv("HARLM_OTEL", "1")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", received.address)
        asked("direct")
        assert eventually(
            lambda: {span.name for span in received.spans()} >= {"invoke_workflow harlm", "chat model"}, 30
        )


def test_a_collector_that_is_away_is_one_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARLM_OTEL", "1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "one note")
    log = EventLog()

    def told() -> list[str]:
        asked("direct", sinks=[log])
        return [each.message for each in log.of(events.Noted) if "telemetry" in each.message]

    assert eventually(lambda: bool(told()), 30)
    assert told() == [told()[0]]
    assert "nothing listens there" in told()[0]
    assert log.events[0].kind == "run_started"
    assert log.events[-1].kind == "answer"


def test_a_fault_of_telemetry_ends_telemetry_and_not_the_run() -> None:
    class Broken:
        def emit(self, event: events.Event) -> None:
            raise RuntimeError("a bug")

    log = EventLog()
    telemetry = Telemetry([Broken()], None, [log])
    for event in STORY:
        telemetry.emit(event)
    assert [each.message for each in log.of(events.Noted)] == [
        "telemetry has stopped (RuntimeError: a bug); the run continues"
    ]


def test_without_the_packages_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **more: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *arguments, **more)

    for name in [each for each in sys.modules if each.startswith("harlm.tracing.otel.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setenv("HARLM_OTEL", "1")
    with pytest.raises(ConfigError, match=r"pip install 'harlm\[otel\]'"):
        asked("direct")


@pytest.mark.parametrize(
    "setting", ["otel = true", "otel_content = true", 'otel_semconv = "default"', "notebook = false"]
)
def test_a_project_file_cannot_turn_it_on(tmp_path: Path, setting: str) -> None:
    (tmp_path / "harlm.toml").write_text(f"[tracing]\n{setting}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="a project file may not"):
        load(flags={}, environment={}, folder=tmp_path, user_file=tmp_path / "config.toml")


@pytest.mark.parametrize(("name", "value"), [("HARLM_OTEL", "maybe"), ("HARLM_OTEL_SEMCONV", "2099")])
def test_a_variable_with_another_value_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=name):
        HARLM()
