"""The books of a run against a failing provider: never below the bill, never above the limit."""

from __future__ import annotations

import pytest

from harlm import (
    Budget,
    CostLimit,
    LimitExceeded,
    TokenLimit,
)
from harlm.testing import FaultyServer, Request
from harlm.testing.faults import (
    Duplicate,
    Finish,
    Html,
    Late,
    PromptMore,
    TooMany,
)
from harlm.types import PICOS
from tests.support.fault_runs import (
    MIX,
    Seeded,
    client,
    error,
    micros_of,
    once_at,
    picos_of,
    right,
    words_for,
)

pytestmark = pytest.mark.usefixtures("short_waits")


def uneven(request: Request, text: str) -> tuple[int, int, int]:
    """Odd prices make odd sums."""
    prompt = sum(len(each) for _, each in request.messages) // 4 + 1
    return prompt, prompt * (request.number % 4) // 5, len(text.split()) + request.number % 7


def tree(request: Request) -> str:
    """Two children, each with sixteen sub-calls."""
    if request.model == "sub":
        return "a reply of six words here"
    child = "<question>\nchild" in request.messages[1][1]
    if len(request.messages) > 2:
        return "```repl\nFINAL('done')\n```"
    if child:
        return "```repl\nr = llm_query_batched([f'part {i}' for i in range(16)])\nprint(len(r))\n```"
    return (
        "```repl\nr = rlm_query_batched(['child one', 'child two'], [context, context])\n"
        "s = llm_query_batched([f'own {i}' for i in range(16)])\nprint(len(r), len(s))\n```"
    )


NOT_BILLED = (
    error(429),
    error(429, retry_after_ms="5"),
    error(500),
    error(502),
    error(503),
    error(529),
    Html(503),
)
BILLED_AS_TOLD = (PromptMore(300), TooMany(40), Duplicate(), Late(0.02), Finish("because"))


@pytest.mark.parametrize(
    "budget", [Budget(), Budget(tokens=10_000_000, usd=50.0)], ids=["default", "limited"]
)
def test_the_meter_is_the_server_s_bill_to_the_micro_dollar(budget: Budget) -> None:
    faults = Seeded(0.3, NOT_BILLED + BILLED_AS_TOLD, seed=2)
    with FaultyServer(tree, faults=faults, usage=uneven) as server:
        answer = client(server, budget=budget).ask("What is it?", "a short text")
        counts, picos = server.counts(), picos_of(server)
    usage = answer.usage
    assert faults.faults > 10
    assert counts["requests"] > counts["calls"] == usage.calls >= 6 + 48
    assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens) == (
        counts["prompt"],
        counts["completion"],
        counts["cached"],
    )
    assert not usage.estimated
    assert usage.cost_micros is not None
    assert abs(usage.cost_micros * PICOS - picos) < PICOS


def test_whatever_goes_wrong_the_meter_is_never_below_the_bill() -> None:
    faults = Seeded(0.3, MIX, seed=3)
    with FaultyServer(tree, faults=faults, usage=uneven) as server:
        answer = client(server).ask("What is it?", "a short text")
        assert faults.faults > 10
        assert answer.usage.cost_micros is not None
        assert answer.usage.cost_micros >= micros_of(server)
        assert answer.usage.input_tokens >= server.counts()["prompt"]
        assert answer.usage.calls >= server.counts()["calls"]


def test_sixty_four_calls_at_the_last_cent_are_never_billed_more_than_it() -> None:
    """A server whose replies take all that a request allows."""

    def all_of_it(request: Request, text: str) -> tuple[int, int, int]:
        return sum(len(each) for _, each in request.messages) // 4 + 1, 0, int(request.body["max_tokens"])

    for usd in (0.1, 0.15, 0.3):
        with FaultyServer(words_for(64), usage=all_of_it, latency_s=0.01) as server:
            with pytest.raises(CostLimit) as caught:
                client(server, budget=Budget(usd=usd)).ask("What do they say?", "the item")
            partial = caught.value.partial
            assert partial is not None
            assert partial.usage.cost_micros is not None
            assert 0 < micros_of(server) <= partial.usage.cost_micros <= usd * 1_000_000


def test_more_tokens_than_were_asked_for_are_paid_where_that_fits() -> None:
    with FaultyServer(words_for(20), faults=once_at(7, TooMany(700)), usage=uneven) as server:
        answer = client(server, budget=Budget(usd=1.0, tokens=1_000_000)).ask("What do they say?", "the item")
        picos = picos_of(server)
    assert answer.text == right(20)
    assert answer.usage.cost_micros is not None
    # On a busy machine a call may be hedged, and the one that is cancelled counts with the most that it may cost.
    assert answer.usage.cost_micros * PICOS > picos - PICOS
    assert answer.usage.estimated or abs(answer.usage.cost_micros * PICOS - picos) < PICOS


@pytest.mark.parametrize(
    ("budget", "kind"),
    [(Budget(usd=0.2), CostLimit), (Budget(tokens=300_000), (TokenLimit, CostLimit))],
    ids=["dollars", "tokens"],
)
def test_more_tokens_than_there_is_money_for_are_a_debt_and_the_end(
    budget: Budget, kind: type[LimitExceeded] | tuple[type[LimitExceeded], ...]
) -> None:
    with FaultyServer(words_for(20), faults=once_at(7, TooMany(1_000_000))) as server:
        with pytest.raises(kind) as caught:
            client(server, budget=budget).ask("What do they say?", "the item")
        partial, bill = caught.value.partial, micros_of(server)
        after = len(server.requests)
    assert partial is not None
    assert partial.status == "partial"
    assert partial.usage.cost_micros is not None
    assert partial.usage.cost_micros >= bill > 1_000_000, "the debt is in the books"
    assert after <= 22, "and nothing more is asked"
