"""Runs under limits of all sizes."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from harlm import HARLM, Budget, HarlmError, LimitExceeded
from harlm.testing import Request, ScriptedServer
from perf.budget.prices import PRICES, bill
from perf.measure import Table

_CELLS = (
    "replies = []\nfor i in range(1000):\n    replies.append(llm_query(f'item {i}'))",
    "replies = llm_query_batched([f'item {i}' for i in range(1000)])",
)
_BUDGETS: Mapping[str, tuple[Budget, ...]] = {
    "tokens": tuple(
        Budget(tokens=each) for each in (1_500, 2_000, 3_000, 5_000, 8_000, 12_000, 20_000, 50_000)
    ),
    "calls": tuple(Budget(calls=each) for each in (1, 2, 3, 5, 10, 30, 100, 300, 900)),
    "usd": tuple(Budget(usd=each) for each in (0.001, 0.002, 0.004, 0.006, 0.01, 0.015, 0.025)),
}


def _fan_out(cell: str) -> Callable[[Request], str]:
    def reply(request: Request) -> str:
        if request.model == "sub":
            return f"reply to {request.prompt}"
        if "<learned>" in request.prompt:
            return "so far"
        return f"```repl\n{cell}\n```" if len(request.messages) == 2 else "```repl\nFINAL('all done')\n```"

    return reply


def _spent(requests: Sequence[Request], cell: str) -> dict[str, Fraction]:
    """What a run has taken, as its server counts: a fourth of the characters, half of the prompt cached."""
    spent = {"tokens": Fraction(), "calls": Fraction(len(requests)), "usd": Fraction()}
    reply = _fan_out(cell)
    for request in requests:
        prompt = sum(len(each) for _, each in request.messages) // 4 + 1
        completion = len(reply(request)) // 4 + 1
        spent["tokens"] += prompt + completion
        spent["usd"] += bill(request.model, prompt, prompt // 2, completion) / 1_000_000
    return spent


def _limited(name: str, budget: Budget, cell: str, home: str) -> tuple[float, str]:
    """The share of the budget that was really used, and how the run ended."""
    with ScriptedServer(_fan_out(cell)) as server:
        client = HARLM(
            model=f"openai/root@{server.base_url}",
            sub_model=f"openai/sub@{server.base_url}",
            mode="full",
            prices=PRICES,
            budget=budget,
            home=home,
            cache=False,
        )
        try:
            client.ask("What do they say?", "a short text")
            end = "answer"
        except LimitExceeded as breach:
            end = "refusal" if breach.partial is not None and breach.partial.text else "nothing"
        except HarlmError as error:
            end = type(error).__name__
        spent = _spent(server.requests, cell)
    return float(spent[name] / Fraction(str(getattr(budget, name)))), end


def limits() -> Table:
    """Whether runs keep to their limits, and how they end."""
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory() as home:
        for name, budgets in _BUDGETS.items():
            ended = [_limited(name, each, cell, home) for each in budgets for cell in _CELLS]
            stopped = [used for used, end in ended if end != "answer"]
            typed = sum(end in ("answer", "refusal") for _, end in ended)
            over = 100 * max(0.0, max(used for used, _ in ended) - 1)
            used = 100 * statistics.median(stopped)
            rows.append([f"{len(budgets)} limits of {name}", over, used, 100 * typed / len(ended)])
    header = [
        "",
        "overshoot, %",
        "used of it when it ended a run, %, median",
        "ended with an answer or a refusal, %",
    ]
    return Table("Runs of 1,000 calls of a SIMULATED model under limits", header, rows)
