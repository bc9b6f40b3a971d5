"""HARLM as a worker: one question after another through its public door, each with a fresh home. Run by ``serve.py``."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any

import msgspec

import harlm
import harlm.models.http
import harlm.models.openai
from harlm.branching.signals import as_numbers
from harlm.config import OFFLINE_MODEL, Config, overridden
from harlm.errors import ContextOverflow, HarlmError, LimitExceeded, ModelError, NoAnswer, QuotaExceeded
from harlm.events import Event, Judged
from harlm.types import FREE, Answer, Price, summed
from harlm_bench.systems.scripted import scripted_root

_SCRIPT = "callable/root"  # what HARLM calls the script
_NOTHING = "No answer was reached"  # how HARLM begins the text of a run that found nothing
_options: dict[str, Any] = {}

Came = dict[str, Any]


def prepare(options: dict[str, Any]) -> str:
    """Remember the variant, and load what the first question would load.

    Args:
        options: ``settings`` by dotted name; ``scripted``, whether the root is a script; ``no_budget``.
    """
    _options.update(options)
    with tempfile.TemporaryDirectory(prefix="harlm-bench-") as home:
        config = overridden(Config(), {"tracing.home": home, "models.root": OFFLINE_MODEL})
        harlm.HARLM(settings=config, mode="full").ask("What is loaded?", "Everything is loaded.")
    return harlm.__version__


def solve(job: dict[str, Any]) -> Came:
    """The result of one question."""
    documents = job["documents"]
    context = next(iter(documents.values())) if len(documents) == 1 else documents
    judge = Judge()
    with tempfile.TemporaryDirectory(prefix="harlm-bench-") as home:
        try:
            answer = client(job, home, _options).ask(job["question"], context, sinks=[judge])
        except HarlmError as error:
            came = failed(error)
            return {**came, "notes": {**came["notes"], **judge.notes}}
    notes = {**notes_of(answer), **judge.notes}
    if answer.status == "partial" and answer.text.startswith(_NOTHING):
        return {"status": "no answer", "reason": answer.text[:1_000], "notes": notes}
    return {"status": "answered", "text": unmarked(answer), "notes": notes}


class Judge:
    """Notes what HARLM measured of its own answer, from which confidence is calibrated. A ``TraceSink``.

    Attributes:
        notes: ``model``, the model that answered; ``confidence``, if there is one; the signals, as ``signal_NAME``; what a router
            can know before such a run, as ``feature_NAME``.
    """

    def __init__(self) -> None:
        self.notes: dict[str, str | float] = {}

    def emit(self, event: Event) -> None:
        """Receive one event."""
        if isinstance(event, Judged):
            found = event.confidence
            numbers = as_numbers(found.signals)
            self.notes = {
                "model": event.model,
                **{f"signal_{name}": value for name, value in numbers.items()},
                **{f"feature_{name}": round(value, 6) for name, value in event.features.items()},
                "propensity": event.propensity,
                "expected_seconds": round(event.expected_seconds, 3),
            }
            if event.expected_micros is not None:
                self.notes["expected_micro_usd"] = event.expected_micros
            if found.value is not None:
                self.notes["confidence"] = found.value


def client(job: dict[str, Any], home: str, options: dict[str, Any]) -> harlm.HARLM:
    """HARLM for one question of a variant."""
    at = job["base_url"]
    prices = {f"openai/{name}": msgspec.convert(price, Price) for name, price in job["prices"].items()}
    if options.get("scripted"):
        prices[_SCRIPT] = FREE
    settings = {
        "models.window": max(1_024, job["window"]),
        "engine.concurrency": job["in_flight"],
        "models.hedging": False,  # a second asking races the clock, which no run can repeat
        "budget.usd": float("inf"),
        **options.get("settings", {}),
        "tracing.home": home,
    }
    root: str | Callable[..., str] = f"openai/{job['root']}@{at}"
    return harlm.HARLM(
        model=scripted_root(job["question"]) if options.get("scripted") else root,
        sub_model=f"openai/{job['sub']}@{at}",
        api_key=job["key"],
        budget=None if options.get("no_budget") else budget(job, prices),
        prices=prices,
        settings=overridden(Config(), settings),
    )


def budget(job: dict[str, Any], prices: dict[str, Price]) -> harlm.Budget:
    """The limits of the question; money only if the prices of both models are known."""
    is_priced = prices.keys() >= {f"openai/{job['root']}", f"openai/{job['sub']}"}
    usd = job["micro_usd"] / 1_000_000 if job["micro_usd"] is not None and is_priced else None
    return harlm.Budget(usd=usd, calls=job["calls"], seconds=job["wall_s"])


def failed(error: HarlmError) -> Came:
    """The result of a question that ended with an error."""
    match error:
        case LimitExceeded() | QuotaExceeded():
            status = "limit"
        case NoAnswer() | ContextOverflow():
            status = "no answer"
        case ModelError():
            status = "endpoint"
        case _:
            status = "crashed"
    partial: Answer | None = getattr(error, "partial", None)
    return {
        "status": status,
        "reason": f"{type(error).__name__}: {error}"[:1_000],
        "text": "" if partial is None else unmarked(partial),
        "notes": {} if partial is None else notes_of(partial),
    }


def unmarked(answer: Answer) -> str:
    """The text of an answer without the places of its citations, which no scorer reads."""
    text = answer.text
    for cited in answer.citations:
        text = text.replace(f" [{cited.place}]", "").replace(f"[{cited.place}]", "")
    return text.strip()


def notes_of(answer: Answer) -> dict[str, str | int | float]:
    """What HARLM says of a run: how it went, and what it thinks that it spent."""
    of_models = [used for name, used in answer.usage.by_model.items() if name != _SCRIPT]
    usage, memory, early = summed(of_models), answer.memory, answer.usage.early
    notes: dict[str, str | int | float] = {
        "mode": answer.mode,
        "answer_status": answer.status,
        "citations": len(answer.citations),
        "sandbox": answer.sandbox or "",
        "meter_calls": usage.calls,
        "meter_prompt": usage.input_tokens,
        "meter_cached": usage.cached_tokens,
        "meter_completion": usage.output_tokens,
        "early": early.made,
        "early_claimed": early.claimed,
        "reused": memory.reused,
        "hot": memory.hot.served,
        "warm": memory.warm.served,
        "cold": memory.cold.served,
        "parallelism": round(answer.latency.parallelism, 3),
        "critical_path_s": round(answer.latency.critical_path_s, 3),
    }
    if usage.cost_micros is not None:
        notes["meter_micro_usd"] = usage.cost_micros
        notes["cancelled_micro_usd"] = usage.unconfirmed_micros
    if answer.route is not None:
        notes["route"] = answer.route.mode
    if answer.strategy is not None:
        notes["strategy"] = answer.strategy
        if not usage.calls:
            notes["without_model"] = 1  # code computed it from what the text shows
    return notes
