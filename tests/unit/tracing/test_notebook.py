from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from harlm import HARLM, config, events
from harlm.testing import EventLog, ScriptedModel
from harlm.tracing.notebook import NotebookProgress, notebook_progress
from tests.support.busy import eventually
from tests.support.story import HOSTILE, STORY
from tests.unit.tracing.test_status import Clock


class Notebook:
    """A notebook that remembers what each of its places has shown."""

    def __init__(self) -> None:
        self.places: list[list[str]] = []

    def display(self, html: Any, display_id: bool = False) -> Any:
        assert display_id
        shown = [str(html)]
        self.places.append(shown)
        return SimpleNamespace(update=lambda html: shown.append(str(html)))


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """This process is the kernel of a notebook."""
    notebook = Notebook()
    package, display = ModuleType("IPython"), ModuleType("IPython.display")
    package.get_ipython = lambda: SimpleNamespace(kernel=object())  # type: ignore[attr-defined]
    display.HTML, display.display = str, notebook.display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return notebook


def ask(seconds: float = 0.0, **more: Any) -> str:
    model = ScriptedModel(lambda messages: "direct", latency_s=seconds)
    return (
        HARLM(model=model, cache=False, **more.pop("settings", {})).ask("?", "x", mode="direct", **more).text
    )


def progress() -> tuple[NotebookProgress, list[str], Clock]:
    clock, shown = Clock(), list[str]()

    def page(html: str) -> Any:
        shown.append(html)
        return SimpleNamespace(update=shown.append)

    return NotebookProgress(page, clock), shown, clock


def test_a_line_changes_and_is_gone_at_the_end() -> None:
    told, shown, clock = progress()
    for event in STORY[:5]:
        told.emit(event)
    told.draw()
    clock.seconds += 61
    told.draw()
    told.draw()
    told.close()
    assert len(shown) >= 2
    assert "1 done" in shown[0]
    assert any("1:01" in html for html in shown)
    assert shown[-1] == ""


def test_warnings_stay_and_nothing_of_them_becomes_a_tag() -> None:
    told, shown, _ = progress()
    told.emit(STORY[0])
    told.emit(events.Noted(message=f"<script>{HOSTILE}"))
    told.close()
    told.draw()
    kept = shown[-1] if shown else ""
    assert "<script" not in kept
    assert "\x1b" not in kept


def test_a_notebook_that_cannot_show_it_ends_nothing() -> None:
    def broken(html: str) -> Any:
        raise RuntimeError("no front end")

    told = NotebookProgress(broken, Clock())
    for event in STORY[:5]:
        told.emit(event)
    told.draw()
    told.close()


def test_in_a_kernel_a_question_shows_its_line(kernel: Notebook) -> None:
    assert eventually(lambda: ask(0.7) == "direct" and len(kernel.places) > 0, 60)
    (place, *_) = kernel.places
    assert "in flight" in place[0]
    assert "in flight" not in place[-1]
    assert "the price of scripted/model is unknown" in place[-1]  # warnings stay


async def test_so_it_does_where_the_kernel_s_loop_runs(kernel: Notebook) -> None:
    for _ in range(20):
        assert ask(0.7) == "direct"
        if kernel.places:
            return
    raise AssertionError("no line was shown")


def test_a_caller_that_shows_events_itself_gets_no_line(kernel: Notebook) -> None:
    assert ask(0.7, sinks=[EventLog()]) == "direct"
    assert list(HARLM(model=ScriptedModel(["direct"], latency_s=0.7)).stream("?", "x", mode="direct"))
    assert kernel.places == []


def test_a_setting_turns_it_off(kernel: Notebook) -> None:
    settings = config.Config(tracing=config.TracingSettings(notebook=False))
    assert ask(0.7, settings={"settings": settings}) == "direct"
    assert kernel.places == []


@pytest.mark.parametrize("shell", [None, SimpleNamespace(), SimpleNamespace(kernel=None)])
def test_outside_of_a_kernel_there_is_none(monkeypatch: pytest.MonkeyPatch, shell: object) -> None:
    package = ModuleType("IPython")
    package.get_ipython = lambda: shell  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", package)
    with notebook_progress((), is_wanted=True) as sinks:
        assert sinks == ()


def test_ipython_is_not_imported_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    with notebook_progress((), is_wanted=True) as sinks:
        assert sinks == ()
    assert "IPython" not in sys.modules
