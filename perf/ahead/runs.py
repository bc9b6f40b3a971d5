"""One run of a pattern in a system, as the server has seen it."""

from __future__ import annotations

import json
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from urllib.request import Request, urlopen

import msgspec

from perf.ahead.oracle import Best, Call
from perf.ahead.pattern import Pattern
from perf.ahead.script import TOKENS_PER_S, Dialect
from perf.ahead.server import Seen
from perf.ahead.systems import Runner

_QUIET_WITHIN_S = 30.0
_REFUSAL = "is not read"  # of every text that says why the sub-model refuses a prompt


class Run(NamedTuple):
    """What a system did.

    Attributes:
        seconds: from the root's first request to the one after the pattern's last turn; ``None`` if there was none.
        first_s: from the moment at which the text of the first call was written until the call arrived; ``None`` for no call.
        made: calls that arrived.
        in_vain: calls that arrived and that the code does not make.
        why_not: how it differs from the code run one call after another; empty if it does not.
    """

    seconds: float | None
    first_s: float | None = None
    made: int = 0
    in_vain: int = 0
    why_not: str = ""


class Measured(NamedTuple):
    """All runs of a pattern in a system.

    Attributes:
        seconds: the median; ``None`` if a run differed from the code run one call after another.
        first_s: the median.
        made, in_vain: over all runs.
        why_not: of the first run that differed.
    """

    seconds: float | None
    first_s: float | None
    made: int
    in_vain: int
    why_not: str


def measured(runs: Sequence[Run]) -> Measured:
    """The medians and sums of runs."""
    why_not = next((run.why_not for run in runs if run.why_not), "")
    seconds = [run.seconds for run in runs if run.seconds is not None]
    first = [run.first_s for run in runs if run.first_s is not None]
    return Measured(
        statistics.median(seconds) if seconds and not why_not else None,
        statistics.median(first) if first and not why_not else None,
        sum(run.made for run in runs),
        sum(run.in_vain for run in runs),
        why_not,
    )


def run_once(
    runner: Runner,
    pattern: Pattern,
    best: Best,
    url: str,
    dialect: Dialect,
    *,
    tokens_per_s: float = TOKENS_PER_S,
) -> Run:
    """Run a pattern once, and wait until all of its calls have ended."""
    _post(url, "/pattern", {"pattern": pattern.name, "dialect": dialect, "tokens_per_s": tokens_per_s})
    why_not = ""
    try:
        runner(pattern, url)
    except Exception as error:  # noqa: BLE001 - a system that fails is a result
        why_not = f"{type(error).__name__}: {error}"
    seen = _quiet(url)
    turns = len(pattern.turns)
    if len(seen.roots) <= turns:
        return Run(
            None, why_not=why_not or f"the root model was asked {len(seen.roots)} times, not {turns + 1}"
        )
    needed = Counter(call.prompt for call in best.calls)
    asked = Counter(call.prompt for call in seen.subs)
    return Run(
        seen.roots[turns].at - seen.roots[0].at,
        _first_s(best.calls, seen),
        len(seen.subs),
        (asked - needed).total(),
        why_not or _difference(best, seen, dialect) or _missing(needed, asked),
    )


def _quiet(url: str) -> Seen:
    """What the server has seen, once nothing is under way."""
    deadline = time.monotonic() + _QUIET_WITHIN_S
    while True:
        seen = msgspec.json.decode(_post(url, "/seen", {"now": True}), type=Seen)
        if not seen.in_flight or time.monotonic() > deadline:
            return seen
        time.sleep(0.05)


def _first_s(calls: Sequence[Call], seen: Seen) -> float | None:
    """How long after its text was written the first call arrived."""
    if not calls or not seen.subs:
        return None
    turn = calls[0].turn
    first = min(call.tokens for call in calls if call.turn == turn)
    sent = seen.roots[turn].sent
    return seen.subs[0].at - sent[first - 1] if len(sent) >= first else None


def _difference(best: Best, seen: Seen, dialect: Dialect) -> str:
    """What the root model should have been shown, and was not. DSPy shows no output of code that raises."""
    for turn, outputs in enumerate(best.outputs):
        shown = seen.roots[turn + 1].text
        for output, error in outputs:
            name = _REFUSAL if error == "Refused" else error
            if name not in shown:
                return f"the root model was not shown {error}"
            if output not in shown and not (error and dialect == "dspy"):
                return f"the root model was shown {_error_in(shown) or 'another output'}"
    return ""


def _error_in(shown: str) -> str:
    """The line of an error in what the root model was shown."""
    lines = [
        line.strip().removeprefix("[Error] ")
        for line in shown.splitlines()
        if "Error: " in line or "'await' outside" in line
    ]
    return f"`{lines[-1][:100]}`" if lines else ""


def _missing(needed: Counter[str], asked: Counter[str]) -> str:
    missing = (needed - asked).total()
    return f"{missing} of {needed.total()} calls were not made" if missing else ""


def _post(url: str, path: str, body: object) -> bytes:
    request = Request(
        url.removesuffix("/v1") + path, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urlopen(request) as told:
        answer: bytes = told.read()
    return answer
