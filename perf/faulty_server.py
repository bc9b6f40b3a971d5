"""A model server for benches that has limits and makes mistakes: ``FaultyServer`` in a process of its own. What it does is in
the model's name: ``words-50`` replies with 50 words, ``late-2000`` with ``yes`` two seconds later (except to the first four
items of a batch), ``root-4`` writes a batch of four sub-calls and finishes with how many replies there were, any other model
replies with ``yes``.

    python -m perf.faulty_server --in-flight 20 --per-minute 600 --fault-share 0.05 --seed 1 --latency 0.05
"""

from __future__ import annotations

import argparse
import random

from harlm.testing.dialects import Request
from harlm.testing.exchange import Fault
from harlm.testing.faults import (
    Html,
    Malformed,
    NoChoices,
    NullContent,
    Reset,
    Status,
    Truncated,
)
from harlm.testing.faulty import FaultyServer
from harlm.testing.limits import Limits
from perf.server import serve

MIX: tuple[Fault, ...] = (
    Status(503, "overloaded"),
    Status(429, '{"error": {"message": "slow down"}}', (("retry-after", "0.05"),)),
    Reset(),
    Reset("half"),
    Html(),
    Malformed(),
    Truncated(),
    NoChoices(),
    NullContent(),
)
_BATCH = "replies = llm_query_batched([f'item {{i}}' for i in range({n})])\nprint(len(replies))"
_FINISH = "FINAL(f'{len(replies)} replies')"
_AT_ONCE = 4  # items of a batch that ``late`` models do not keep waiting


def words(request: Request) -> str:
    """The reply that the model's name asks for."""
    kind, count = _named(request)
    if kind == "words":
        return " ".join(["word"] * count)
    if kind != "root":
        return "yes"
    if "<learned>" in request.prompt:
        return f"so far: {request.prompt.count('Reply: ')} replies"
    has_worked = any(role == "assistant" and "```repl" in text for role, text in request.messages)
    return f"```repl\n{_FINISH if has_worked else _BATCH.format(n=count)}\n```"


def _named(request: Request) -> tuple[str, int]:
    kind, _, count = request.model.partition("-")
    return (kind, int(count)) if count.isdecimal() else ("", 0)


def _lateness(request: Request) -> float:
    kind, milliseconds = _named(request)
    if kind != "late" or request.prompt in {f"item {each}" for each in range(_AT_ONCE)}:
        return 0.0
    return milliseconds / 1000


def main() -> None:
    """Serve until terminated."""
    told = _arguments()
    drawn = random.Random(told.seed)

    def fault(_: Request) -> Fault | None:
        return drawn.choice(MIX) if drawn.random() < told.fault_share else None

    def latency(request: Request) -> float:
        spread = drawn.lognormvariate(0, told.latency_sigma) if told.latency_sigma else 1.0
        return float(told.latency * spread) + _lateness(request)

    limits = Limits(in_flight=told.in_flight, per_minute=told.per_minute, burst=told.burst)
    serve(FaultyServer(words, faults=fault, latency_s=latency, limits=limits, keeps_requests=False))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m perf.faulty_server")
    parser.add_argument("--in-flight", type=int, help="requests at once")
    parser.add_argument("--per-minute", type=int, help="requests a minute")
    parser.add_argument("--burst", type=int, help="requests at once after a rest (default: --per-minute)")
    parser.add_argument("--latency", type=float, default=0.0, help="median seconds of a reply")
    parser.add_argument("--latency-sigma", type=float, default=0.0, help="spread of a lognormal latency")
    parser.add_argument("--fault-share", type=float, default=0.0, help="of the requests, 0 to 1")
    parser.add_argument("--seed", type=int, default=0, help="of the draws")
    return parser.parse_args()


if __name__ == "__main__":
    main()
