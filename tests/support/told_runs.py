"""Stored runs written event by event, for tests of what reads them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from harlm import events
from harlm.redact import Redactor
from harlm.tracing.jsonl import JsonlSink
from harlm.types import Answer, Latency, Message, Usage

RUN = "01J00000000000000000000000"
Told = tuple[float, str, events.Event]


def usage(tokens: int = 15) -> Usage:
    return Usage(calls=1, input_tokens=tokens - 5, output_tokens=5, cached_tokens=2, cost_micros=30)


def call(
    number: int, begin: float, end: float, node: str = "0", *, role: events.Role = "sub", text: str = "reply"
) -> list[Told]:
    """A call that was answered."""
    messages = (Message(role="user", content=f"prompt {number}"),)
    return [
        (begin, node, events.CallStarted(call=number, role=role, model="openai/m", messages=messages)),
        (
            end,
            node,
            events.CallFinished(call=number, text=text, usage=usage(), stop="end", latency_s=end - begin),
        ),
    ]


BEGUN: list[Told] = [
    (0.0, "0", events.RunStarted(question="Which?", root_model="openai/root", sub_model="openai/m", documents=2, characters=50, tokens=12, limits={"usd": 1.0})),
    (0.1, "0", events.NodeStarted(depth=0, question="Which?", mode="full", documents=2, characters=50)),
]  # fmt: skip

ENDED: list[Told] = [
    (9.0, "0", events.NodeFinished(status="ok", text="this one")),
    (9.0, "0", events.Answered(answer=Answer(text="this one", mode="full", latency=Latency(wall_s=9, critical_path_s=8, parallelism=1.5), usage=usage()))),
]  # fmt: skip


def sink_of(runs: Path, run: str = RUN) -> JsonlSink:
    """A run that is open until this is closed."""
    return JsonlSink(runs / run, Redactor([]))


def tell(sink: JsonlSink, told: Iterable[Told], run: str = RUN, first: int = 1) -> None:
    """Write events, numbered from ``first``."""
    for seq, (at, node, event) in enumerate(told, first):
        fields = {name: getattr(event, name) for name in event.__struct_fields__}
        place = {
            "seq": seq,
            "ts": 1_000.0 + at,
            "run": run,
            "node": node,
            "parent": node.rpartition(".")[0] or None,
        }
        sink.emit(type(event)(**(fields | place)))


def stored(runs: Path, told: Iterable[Told], run: str = RUN) -> Path:
    """A run that has ended, or was killed."""
    sink = sink_of(runs, run)
    tell(sink, told, run)
    sink.close()
    return runs / run
