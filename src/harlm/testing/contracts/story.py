"""A run told in events: every kind of event once, with hostile text in every field that takes text."""

from __future__ import annotations

from harlm import events
from harlm.types import Answer, Confidence, Forecast, Message, Proposal, Share, Signals, Usage, Verdict

HOSTILE = "[bold]not markup[/] \x1b[31m \ud800".encode("utf-8", "replace").decode()
STORY: list[events.Event] = [
    events.RunStarted(
        seq=1,
        node="0",
        question=HOSTILE,
        root_model="a/b",
        sub_model="a/b",
        documents=2,
        characters=9,
        tokens=3,
    ),
    events.Routed(
        seq=2,
        node="0",
        mode="full",
        probabilities={"direct": 0.1, "repl": 0.2, "full": 0.7},
        reasons=(HOSTILE,),
    ),
    events.NodeStarted(seq=3, node="0", depth=0, question=HOSTILE, mode="full", documents=2, characters=9),
    events.CallStarted(
        seq=4, node="0", call=1, role="root", model="a/b", messages=(Message(role="user", content=HOSTILE),)
    ),
    events.CallFinished(
        seq=5, node="0", call=1, text=HOSTILE, usage=Usage(calls=1), stop="end", latency_s=0.1
    ),
    events.ReplOpened(seq=5, node="0", tier="s3"),
    events.CellStarted(seq=6, node="0", turn=1, code=HOSTILE),
    events.NodeStarted(
        seq=7, node="0.0", parent="0", depth=1, question="q", mode="full", documents=1, characters=1
    ),
    events.CallStarted(seq=8, node="0.0", parent="0", call=2, role="sub", model="a/b", messages=()),
    events.CallFailed(seq=9, node="0.0", parent="0", call=2, error=HOSTILE, status=500),
    events.NodeFinished(seq=10, node="0.0", parent="0", status="ok", text="x"),
    events.Scheduled(
        seq=11,
        node="0",
        turn=1,
        pattern="map",
        calls=2,
        early=1,
        claimed=1,
        wasted=0,
        critical_path_s=0.1,
        busy_s=0.1,
        parallelism=1.5,
        graph=(
            events.ScheduledCall(
                number=1, function="llm_query", needs=(), early=True, claimed=True, began_s=0.0, seconds=0.1
            ),
        ),
    ),
    events.Proposed(
        seq=11,
        node="0",
        proposal=Proposal(
            strategy="label",
            cells=(HOSTILE,),
            forecast=Forecast(calls=1, input_tokens=9, output_tokens=1, micros=None, seconds=0.1, depth=1),
            growth="linear",
            leaf="labeller",
            fit=1.0,
            reasons=(HOSTILE,),
        ),
    ),
    events.Raced(
        seq=11,
        node="0",
        branches=(
            events.RacedBranch(strategy="label", node="0", status="won", confidence=0.9),
            events.RacedBranch(strategy="search", node="", status="not started", reason=HOSTILE),
        ),
        winner="label",
        stopped_by="confidence",
        seconds=0.1,
    ),
    events.TraceCut(seq=11, node="0", limit_mb=256),
    events.Searched(seq=11, node="0", query=HOSTILE, hits=3, seconds=0.01),
    events.ToolCalled(
        seq=11, node="0", tool="sql", arguments=HOSTILE, value="", seconds=0.01, error=HOSTILE, cost_micros=7
    ),
    events.CellFinished(
        seq=12,
        node="0",
        turn=1,
        output=HOSTILE * 3000,
        output_chars=10,
        error=None,
        finished=True,
        wall_s=0.1,
        waiting_s=0.0,
    ),
    events.TiersChanged(seq=12, node="0", hot=2, warm=1, cold=3),
    events.Noted(seq=13, node="0", message=HOSTILE),
    events.Reused(seq=13, node="0", role="sub", model="a/b", messages=(), text=HOSTILE, saved=Usage(calls=1)),
    events.Folded(seq=13, node="0", turns=3, tokens=9_000, view_tokens=700),
    events.Retried(seq=13, node="0", model="a/b", attempt=1, error=HOSTILE, wait_s=0.5),
    events.Hedged(seq=13, node="0", model="a/b", after_s=0.5),
    events.FellBack(seq=13, node="0", model="a/b", instead="c/d", error=HOSTILE),
    events.LimitReached(seq=13, node="0", limit="usd", used=0.5, allowed=0.4, message=HOSTILE),
    events.Judged(
        seq=13,
        node="0",
        model="a/b",
        mode="full",
        confidence=Confidence(
            value=0.5,
            reasons=(HOSTILE,),
            signals=Signals(quotes=Share(1, 2), verdict=Verdict("test", True)),
            calibration=HOSTILE,
        ),
    ),
    events.NodeFinished(seq=14, node="0", status="ok", text=HOSTILE),
    events.Answered(seq=15, node="0", answer=Answer(text=HOSTILE, run_id="R")),
]
