"""What is said of an answer on stderr: its sources, its cost, its confidence, and why it is partial."""

from __future__ import annotations

from harlm.cli.printing import say
from harlm.errors import HarlmError, Interrupted, LimitExceeded, SchemaMismatch
from harlm.tracing.tree import one_line
from harlm.types import Answer


def report(answer: Answer, ended_by: HarlmError | None, *, explain: bool) -> None:
    """Print the sources, the cost and any warning of an answer on stderr."""
    for each in answer.citations[:10]:
        say(f"source: {each.place} “{one_line(each.quote)}”", [each])
    _report_confidence(answer, explain=explain)
    if answer.citations_dropped:
        say(f"{answer.citations_dropped} citation(s) could not be verified and were removed")
    if answer.status == "not_found":
        say("not found in the context")
    elif answer.status == "partial":
        say(f"this answer is partial: {_why_partial(ended_by)}")
    if answer.warning is not None:
        say(f"WARNING: {answer.warning}")
    say(_summary(answer))


def _report_confidence(answer: Answer, *, explain: bool) -> None:
    """Print how probable it is that an answer is right, if anything says so, and why on demand."""
    first, *others = answer.confidence_reasons or ("nothing was measured",)
    if answer.confidence is not None:
        say(f"confidence: {answer.confidence:.0%}, since {first}")
    elif explain:
        say(f"no confidence: {first}")
    if explain:
        for reason in others:
            say(f"  {reason}")


def _why_partial(ended_by: HarlmError | None) -> str:
    if ended_by is None:
        return "the model did not finish by itself"
    if isinstance(ended_by, Interrupted):
        return "the run was stopped"
    if isinstance(ended_by, LimitExceeded):
        return "the turns or the budget ran out"
    if isinstance(ended_by, SchemaMismatch):
        return "it does not follow the schema"
    return "a failure ended the run"


def _summary(answer: Answer) -> str:
    usage, latency = answer.usage, answer.latency
    cost = "cost unknown" if usage.cost_usd is None else f"${usage.cost_usd:.4f}"
    about = "about " if usage.estimated else ""
    sandbox = f" · sandbox {answer.sandbox}" if answer.sandbox else ""
    early = f" ({usage.early.made} early, {usage.early.wasted} wasted)" if usage.early.made else ""
    reused = f", {answer.memory.reused} reused" if answer.memory.reused else ""
    way = answer.mode if answer.strategy is None else f"{answer.mode} {answer.strategy}"
    return (
        f"{way} · {cost} · {usage.calls} calls{early}{reused} · {about}{usage.input_tokens:,} + {usage.output_tokens:,} tokens · "
        f"{latency.wall_s:.2f} s (critical path {latency.critical_path_s:.2f} s){sandbox} · run {answer.run_id}"
    )
