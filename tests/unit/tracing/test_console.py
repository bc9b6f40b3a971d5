from __future__ import annotations

import io

import pytest

from harlm import events
from harlm.tracing import console
from harlm.tracing.console import LiveTree, PlainLines, harmless
from harlm.tracing.tree import CallTree, node_line, one_line
from tests.contracts.test_trace_sink import STORY


def test_the_tree_counts_calls_where_they_were_made() -> None:
    root = CallTree(STORY).root
    assert root is not None
    assert (root.root_calls, root.sub_calls, root.cells, root.status) == (1, 1, 1, "ok")
    assert root.reused == 1
    (child,) = root.children
    assert (child.name, child.failed, child.in_flight, child.status) == ("0.0", 1, 0, "ok")
    assert node_line(root).startswith("full “")
    assert "1 failed" in node_line(child)


def test_plain_lines_report_important_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_QUIET_S", 0.0)
    out = io.StringIO()
    lines = PlainLines(out)
    for event in STORY:
        lines.emit(event)
    lines.close()
    said = out.getvalue()
    assert said.startswith("2 documents, about 3 tokens · a/b\nmode full (70%)")
    assert "note: [bold]not markup[/]" in said


def test_the_live_tree_does_not_interpret_markup() -> None:
    out = io.StringIO()
    tree = LiveTree(out)
    for event in STORY:
        tree.emit(event)
    tree._live.refresh()
    tree.close()
    assert "[bold]not markup[/]" in out.getvalue()


def test_without_events_there_is_no_tree() -> None:
    assert CallTree().root is None


def test_control_characters_are_shown_as_escapes() -> None:
    assert harmless("a\x1b]0;x\x07b\x7f\x9bc") == r"a\x1b]0;x\x07b\x7f\x9bc"
    assert harmless("two\r\nlines\tand “ümläute”\n") == "two\nlines\tand “ümläute”\n"
    assert harmless("over\rwritten") == r"over\x0dwritten"


@pytest.mark.parametrize("display", [PlainLines, LiveTree])
def test_no_display_controls_the_terminal(display: type[PlainLines | LiveTree]) -> None:
    out = io.StringIO()
    shown = display(out)
    for event in STORY:
        shown.emit(event)
    shown.close()
    assert r"\x1b[31m" in out.getvalue()
    assert "\x1b[31m" not in out.getvalue()


class Broken(io.StringIO):
    """A terminal that goes away after the first line."""

    def __init__(self) -> None:
        super().__init__()
        self.refused = 0

    def isatty(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        if self.tell():
            self.refused += 1
            raise BrokenPipeError(32, "Broken pipe")
        return super().write(text)


@pytest.mark.parametrize("display", [PlainLines, LiveTree])
def test_a_display_stops_after_a_write_error_without_failing_the_run(
    display: type[PlainLines | LiveTree],
) -> None:
    out = Broken()
    shown = display(out)
    for event in STORY:
        shown.emit(event)
    shown.close()
    assert out.refused == 1


def test_the_live_tree_does_not_interpret_emoji_codes() -> None:
    out = io.StringIO()
    tree = LiveTree(out)
    tree.emit(events.Noted(message="a :smile: here"))
    tree.close()
    assert ":smile:" in out.getvalue()


def test_a_long_line_is_cut() -> None:
    assert one_line(" a\n b ") == "a b"
    assert one_line("x" * 20, 10) == "x" * 9 + "…"


def test_a_node_is_never_its_own_parent() -> None:
    tree = CallTree(
        [
            events.NodeStarted(
                node="0", parent="0", depth=0, question="q", mode="repl", documents=1, characters=1
            )
        ]
    )
    assert tree.root is not None
    assert tree.root.children == []
