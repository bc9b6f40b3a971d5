"""What events become on the page."""

from __future__ import annotations

from pathlib import Path

from harlm import events
from harlm.types import Answer
from harlm.viewer.lines import LineReader
from harlm.viewer.shapes import RunHead
from harlm.viewer.story import StoryBuilder
from tests.support.told_runs import BEGUN, ENDED, Told, call, stored, usage


def built(runs: Path, told: list[Told]) -> StoryBuilder:
    story = StoryBuilder(RunHead(run="R"))
    for line in LineReader(stored(runs, told)).lines():
        story.add(line)
    return story


def test_calls_become_spans_of_their_nodes(tmp_path: Path) -> None:
    child = (1.0, "0.0", events.NodeStarted(depth=1, question="Who?", mode="full", documents=1, characters=5))
    story = built(tmp_path, [*BEGUN, child, *call(1, 1, 3, "0.0", text="a\n reply"), *ENDED]).whole()
    root, below = story.nodes
    assert (root.parent, below.parent, below.depth, below.question) == (None, 0, 1, "Who?")
    (span,) = story.spans
    assert (span.node, span.start, span.end, span.state, span.text) == (1, 1.0, 3.0, "ok", "a reply")
    assert (span.input, span.output, span.cached, span.micros) == (10, 5, 2, 30)
    assert (span.sent, span.got) == (4, 5)
    assert (story.head.state, story.head.answer, story.head.limits) == ("ok", "this one", {"usd": 1.0})


def test_failures_and_cancelled_calls_differ(tmp_path: Path) -> None:
    begin = [call(number, 1, 2)[0] for number in (1, 2, 3)]
    ends: list[Told] = [
        (3, "0", events.CallFailed(call=1, error="429 too many", status=429)),
        (3, "0", events.CallFailed(call=2, error="cancelled")),
    ]
    builder = built(tmp_path, [*BEGUN, *begin, *ends])
    assert [span.state for span in builder.whole().spans] == ["failed", "cancelled", "running"]
    builder.stop()
    assert [span.state for span in builder.whole().spans] == ["failed", "cancelled", "stopped"]


def test_only_what_has_changed_is_told_again(tmp_path: Path) -> None:
    lines = list(LineReader(stored(tmp_path, [*BEGUN, *call(1, 1, 2), *call(2, 3, 4), *ENDED])).lines())
    builder = StoryBuilder(RunHead(run="R"))
    for line in lines[:5]:
        builder.add(line)
    assert len(builder.whole().spans) == 2
    for line in lines[5:]:
        builder.add(line)
    news = builder.news()
    assert (news.is_whole, [span.id for span in news.spans], [node.id for node in news.nodes]) == (
        False,
        [1],
        [0],
    )
    assert builder.news().spans == []


def test_cells_tools_searches_and_reused_replies_are_spans(tmp_path: Path) -> None:
    told: list[Told] = [
        (1, "0", events.CellStarted(turn=1, code="print(1)")),
        (2, "0", events.Searched(query="tls", hits=3, seconds=0.5)),
        (3, "0", events.ToolCalled(tool="sql", arguments="{}", value="", seconds=1, error="no table", cost_micros=7)),
        (3, "0", events.Reused(role="sub", model="m", messages=(), text="known", saved=usage())),
        (4, "0", events.CellFinished(turn=1, output="1", output_chars=1, error="NameError", finished=False, wall_s=3, waiting_s=1.5)),
    ]  # fmt: skip
    cell, search, tool, reused = built(tmp_path, [*BEGUN, *told]).whole().spans
    assert (cell.kind, cell.turn, cell.state, cell.waiting, cell.text) == (
        "cell",
        1,
        "failed",
        1.5,
        "NameError",
    )
    assert (search.kind, search.start, search.text) == ("search", 1.5, "3 hits")
    assert (tool.kind, tool.start, tool.state, tool.micros) == ("tool", 2.0, "failed", 7)
    assert (reused.kind, reused.state, reused.text) == ("reused", "ok", "known")


def test_what_the_run_reports_is_marked(tmp_path: Path) -> None:
    told: list[Told] = [
        (1, "0", events.Noted(message="mind this")),
        (2, "0", events.Folded(turns=3, tokens=900, view_tokens=100)),
        (2, "0", events.TiersChanged(hot=3, warm=1, cold=4)),
        (3, "0", events.LimitReached(limit="usd", used=1.0, allowed=1.0, message="spent")),
        (4, "0", events.Routed(mode="full", probabilities={"full": 1.0}, reasons=("long",))),
    ]
    story = built(tmp_path, [*BEGUN, *told]).whole()
    assert [(mark.kind, mark.a, mark.b, mark.c) for mark in story.marks] == [
        ("noted", 0, 0, 0),
        ("folded", 900, 100, 0),
        ("tiers_changed", 3, 1, 4),
        ("limit_reached", 1, 1, 0),
    ]
    assert story.routes[0].reasons == ("long",)


def test_a_failed_run_and_a_later_answer_of_a_session(tmp_path: Path) -> None:
    failed: Told = (2, "0", events.Failed(error="no key", type="ConfigError"))
    builder = built(tmp_path, [*BEGUN, failed])
    assert (builder.head.state, builder.head.error, builder.has_ended) == ("failed", "no key", True)
    later: Told = (3, "1", events.Answered(answer=Answer(text="second", status="partial", data={"a": 1})))
    again = built(tmp_path / "again", [*BEGUN, failed, later])
    assert (again.head.state, again.head.error, again.head.answer) == ("partial", "", "second")
    assert again.head.data == '{\n  "a": 1\n}'


def test_a_call_whose_beginning_is_lost_is_shown(tmp_path: Path) -> None:
    (span,) = built(tmp_path, [*BEGUN, call(1, 1, 3)[1]]).whole().spans
    assert (span.start, span.end, span.state) == (1.0, 3.0, "ok")
