"""Theorem T10 of docs/design/budget-theorems.md: whatever happens, no account is overdrawn and nothing is
lost.
"""

from __future__ import annotations

import asyncio
import inspect
import math
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from random import Random
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harlm.budget import Account, Billing, Caps, PriceList, Reservation, ledger, reservation, waiting
from harlm.errors import LimitExceeded, ModelError, ModelUnavailable, RateLimited, TokenLimit
from harlm.types import Amounts, Completion, Message, Price, Sampling, Tier, Usage
from tests.support.ledger_machine import HEADER, RECORD, Broken, play
from tests.support.ledger_steps import Tally

PROGRAM = st.binary(min_size=HEADER + 110 * RECORD, max_size=HEADER + 125 * RECORD)
LEAST_STEPS = 100_000
EPISODES = min(10 * settings().max_examples, 100_000)  # 12 million steps for `make fuzz`


def programs(seed: int, number: int = 1) -> list[bytes]:
    """Random programs of 120 steps."""
    random = Random(seed)
    return [random.randbytes(HEADER + 120 * RECORD) for _ in range(number)]


# -- the ledger ------------------------------------------------------------------------------------------


def test_t10_whatever_happens_no_account_is_overdrawn_and_no_request_waits_in_vain() -> None:
    """Trees of accounts, concurrent reservations, settlements below, at and above the bound, cancellations,
    timeouts, finishing reserves. ``ledger_books.Books.check`` and ``check_calm`` list the laws.
    """
    tally = Tally()

    @settings(max_examples=EPISODES, report_multiple_bugs=False)
    @given(PROGRAM)
    def runs(program: bytes) -> None:
        play(ledger, [program], tally=tally)

    runs()
    assert tally.steps >= LEAST_STEPS, tally


@pytest.mark.parametrize(
    ("what", "often"),
    [
        ("a wait that a settlement ended", 300),
        ("cancelled while it waited", 100),
        ("granted and cancelled in one moment", 30),
        ("granted and timed out in one moment", 3),
        ("done with less", 50),
        ("refused: tokens", 1_000),
        ("refused: usd", 500),
        ("refused: calls", 300),
        ("refused: seconds", 300),
        ("finishing", 300),
        ("billed beyond the bound", 50),
    ],
)
def test_random_programs_reach_every_event_that_is_worth_testing(what: str, often: int, usual: Tally) -> None:
    assert usual.seen[what] >= often


@pytest.fixture(scope="module")
def usual() -> Tally:
    return play(ledger, programs(0, 300))


class Naive(Account):
    """A counter without reservations: it checks, asks the model, and adds the usage afterwards."""

    def child(self, caps: Caps | None = None) -> Account:
        return Naive(caps, parent=self, now=self._now)

    async def reserve(self, want: Amounts, less: Callable[[], Amounts | None] | None = None) -> Reservation:
        for account in self._path:
            spent = zip(account.committed, want, account.caps.amounts, strict=True)
            if any(used + more > cap for used, more, cap in spent):
                raise TokenLimit("all of it is spent", limit="tokens", used=0, allowed=0)
        made: Reservation = vars(ledger)["Reservation"](self._settle, want, Amounts(), 0)  # perhaps replaced
        return made

    def _settle(self, reservation: Reservation, actual: Amounts, model: str, usage: Usage | None) -> None:
        for account in self._path:
            account.committed = Amounts(*map(sum, zip(account.committed, actual, strict=True)))


def naive(caps: Caps, now: Callable[[], float]) -> Account:
    return Naive(caps, now=now)


def test_a_counter_that_checks_first_and_adds_later_fails_the_same_test() -> None:
    overdrawn = 0
    for seed in range(100):
        try:
            play(ledger, programs(seed, 10), naive, laws="caps", bills_are_honest=True)
        except Broken:
            overdrawn += 1
        play(ledger, programs(seed), laws="caps", bills_are_honest=True)
    assert overdrawn >= 90, f"it was overdrawn in {overdrawn} of 100 seeds"


# -- ledgers with one mistake ----------------------------------------------------------------------------

SOURCES = {module: inspect.getsource(module) for module in (waiting, reservation, ledger)}
MUTANTS: dict[str, tuple[str, str]] = {
    "looks at its own account only": (
        "for account in self._path:\n            committed, reserved, held, caps =",
        "for account in self._path[:1]:\n            committed, reserved, held, caps =",
    ),
    "does not release what is settled": (
        "account.reserved = minus(account.reserved, bound)",
        "pass",
    ),
    "books at the node only": (
        "            account.committed = plus(account.committed, actual)",
        "            account.committed = plus(account.committed, actual if account is self else Amounts())",
    ),
    "grants without checking the room": ("elif not short and is_next", "elif True or is_next"),
    "never serves the queue": (
        "        waiting, self.queue = self.queue, deque()",
        "        return\n        waiting, self.queue = self.queue, deque()",
    ),
    "serves the last request first": ("for waiter in waiting:", "for waiter in reversed(waiting):"),
    "lets one waiting request hold back all others": (
        "all_short.update(short)",
        "all_short.update(waiter.accounts)",
    ),
    "lets latecomers overtake": ("(self._finishing or not self._ledger.waiting.queue)", "True"),
    "refuses a request that only has to wait": ("if more_tokens < 0 or", "if more_tokens < reserved[0] or"),
    "lets a request wait that can never fit": (
        "or more_calls < 0:\n                return None",
        "or False:\n                pass",
    ),
    "keeps a grant whose request was cancelled": ("granted.result().refund()", "pass"),
    "ignores the end of the time": (" or self._now() >= self.ends", ""),
    "continues after a debt": (
        "self._ledger.debtor = self._ledger.debtor or account",
        "pass",
    ),
    "does not notice a debt": ("self._look_for_debt()\n", "pass\n"),
    "holds more than the room": ("and not self._has_room(*(", "and self is None and not self._has_room(*("),
    "holds at the node only": (
        "            account.held = plus(account.held, more)",
        "            account.held = plus(account.held, more if account is self else Amounts())",
    ),
    "pays the last call twice": ("account.held = minus(account.held, held)", "pass"),
    "loses the reserve when the last call comes back": ("self.hold(plus(self._own_hold, unused))", "pass"),
    "takes the same bill twice": (
        "if not self._is_open:\n            raise",
        "if self is None:\n            raise",
    ),
    "charges nothing for a cancelled call": ("self.settle(self.bound)", "self.refund()"),
    "allows one level too many": (
        "if self.depth + 1 > account.caps.depth",
        "if self.depth > account.caps.depth",
    ),
}


def mutant(change: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The ledger, with its queue, with one change in either of the two."""
    before, after = change
    assert sum(before in source for source in SOURCES.values()) == 1, (
        "the code has changed; adapt this mutant"
    )
    changed = ledger
    for module, source in SOURCES.items():  # the queue first: the ledger imports it
        changed = ModuleType(f"mutated_{module.__name__}")
        monkeypatch.setitem(sys.modules, changed.__name__, changed)  # dataclasses look their module up
        exec(compile(source.replace(before, after), changed.__name__, "exec"), vars(changed))
        monkeypatch.setitem(sys.modules, module.__name__, changed)
    return changed


@pytest.mark.parametrize("change", MUTANTS.values(), ids=MUTANTS)
def test_a_ledger_with_one_mistake_is_caught(
    change: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = mutant(change, monkeypatch)
    with pytest.raises(Broken):
        play(changed, programs(0, 400))


# -- a run's bill ----------------------------------------------------------------------------------------

PRICES = {
    "maker/small": Price(input=0.075, output=0.3, cached=0.01875),
    "maker/large": Price(input=1.25, output=10.0, cached=0.125, cache_write=1.5625),
    "maker/tiered": Price(
        input=0.1, output=0.4, cached=0.025, tiers=(Tier(above=40, input=0.17, output=0.61, cached=0.04),)
    ),
}


class Words:
    """A tokenizer: a word is a token."""

    def count(self, text: str) -> int:
        return len(text.split())


class Provider:
    """A model that keeps its own books, in fractions of a micro-dollar.

    Attributes:
        listed: the bill of the served requests by its price list, in micro-dollars.
        told: the costs that it reported itself, in micro-dollars.
        unknown: the most that requests without a reply can have cost, in micro-dollars.
        calls: requests that it may have served.
        outcomes: how often each outcome happened.
    """

    window = 100_000

    def __init__(self, name: str, random: Random) -> None:
        self.name = name
        self.price = PRICES[name]
        self.random = random
        self.listed = Fraction(0)
        self.told = self.unknown = 0
        self.calls = 0
        self.outcomes: dict[str, int] = {}

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        random = self.random
        assert sampling.max_tokens is not None
        tokens = sum(len(message.content.split()) for message in messages)
        bound = tokens + 16 + 8 * len(messages)
        for _ in range(random.randrange(4)):
            await asyncio.sleep(0)
        outcome = random.choices(
            ["served", "told", "unreported", "refused", "broken off", "cancelled"], [60, 5, 8, 10, 8, 9]
        )[0]
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        if outcome == "refused":
            raise RateLimited("later", model=self.name, status=429)
        self.calls += 1
        if outcome in ("broken off", "cancelled"):
            self.unknown += self.price.bound_micros(bound, sampling.max_tokens)
            if outcome == "broken off":
                raise ModelUnavailable("it went silent", model=self.name, perhaps_billed=True)
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(1)
        usage = Usage(
            calls=1,
            input_tokens=tokens + random.randrange(16),
            output_tokens=random.randrange(sampling.max_tokens + 1),
            cached_tokens=random.randrange(tokens + 1),
            cache_write_tokens=random.randrange(5),
            cost_micros=None,
        )
        if outcome == "served":
            self.listed += exact(self.price, usage)
        elif outcome == "told":
            usage = Usage(calls=1, input_tokens=tokens, output_tokens=3, cost_micros=random.randrange(20))
            self.told += usage.cost_micros or 0
        else:
            usage = Usage(
                calls=1, input_tokens=tokens * 2 // 3, output_tokens=7, cost_micros=None, estimated=True
            )
            booked = Usage(input_tokens=bound, output_tokens=min(sampling.max_tokens, 10))
            self.listed += exact(self.price, booked)
        return Completion(text="a reply", model=self.name, usage=usage)


def exact(price: Price, usage: Usage) -> Fraction:
    """The bill of one call in micro-dollars, by the definition of a price."""
    rates: Price | Tier = max(
        (tier for tier in price.tiers if usage.input_tokens > tier.above),
        key=lambda tier: tier.above,
        default=price,
    )
    read, write, cached, output = (
        Fraction(str(rates.input if rate is None else rate))
        for rate in (rates.input, rates.cache_write, rates.cached, rates.output)
    )
    hits = min(usage.cached_tokens, usage.input_tokens)
    writes = min(usage.cache_write_tokens, usage.input_tokens - hits)
    return (
        (usage.input_tokens - hits - writes) * read
        + hits * cached
        + writes * write
        + (usage.output_tokens * output)
    )


def tree(random: Random, root: Account, caps: Callable[[], Caps]) -> list[Account]:
    """A tree of 60 accounts, at least one at each of six levels below the root."""
    accounts = [root]
    for _ in range(6):
        accounts.append(accounts[-1].child())
    while len(accounts) < 60:
        parent = random.choice([each for each in accounts if each.depth < 6])
        accounts.append(parent.child(caps()))
    return accounts


async def thousand_calls(
    seed: int, root: Account, caps: Callable[[], Caps] = Caps
) -> tuple[list[Provider], list[Account], int]:
    """Make 1,000 calls from all accounts of a tree.

    Returns:
        The providers, the accounts, and the number of calls that the budget refused.
    """
    random = Random(seed)
    billing = Billing(PriceList(own=PRICES), tokenizer=lambda name: Words())
    providers = [Provider(name, random) for name in PRICES]
    accounts = tree(random, root, caps)
    slots = asyncio.Semaphore(64)

    async def call() -> None:
        account, provider = random.choice(accounts), random.choice(providers)
        words = "word " * random.randrange(1, 60)
        sampling = Sampling(max_tokens=random.randrange(64, 200))
        async with slots:
            await billing.metered(provider, account).complete([Message(role="user", content=words)], sampling)

    ended = await asyncio.gather(*(call() for _ in range(1_000)), return_exceptions=True)
    failures = [each for each in ended if isinstance(each, BaseException)]
    assert all(isinstance(each, ModelError | LimitExceeded | asyncio.CancelledError) for each in failures)
    return providers, accounts, sum(isinstance(each, LimitExceeded) for each in failures)


@pytest.mark.parametrize("seed", range(4))
async def test_the_sum_of_a_thousand_calls_is_the_exact_bill_rounded_down_once(seed: int) -> None:
    root = Account(Caps(micros=10**12, tokens=10**12))
    providers, accounts, refused = await thousand_calls(seed, root)
    bill = sum(each.listed for each in providers) + sum(each.told + each.unknown for each in providers)
    assert max(account.depth for account in accounts) == 6
    assert refused == 0
    assert all(min(each.outcomes.values()) >= 5 and len(each.outcomes) == 6 for each in providers)
    assert root.usage.cost_micros == root.committed.micros == math.floor(bill)
    assert root.usage.calls == root.committed.calls == sum(each.calls for each in providers)
    assert root.usage.estimated
    for account in accounts:
        usage = account.usage
        assert account.reserved == Amounts()
        assert (usage.cost_micros, usage.calls) == (account.committed.micros, account.committed.calls)
        assert usage.input_tokens + usage.output_tokens == account.committed.tokens
        by_model = usage.by_model.values()
        assert sum(each.cost_micros or 0 for each in by_model) == usage.cost_micros


@pytest.mark.parametrize("seed", range(4))
async def test_a_thousand_calls_under_limits_that_do_not_suffice_never_pass_them(seed: int) -> None:
    random = Random(seed)
    root = Account(Caps(micros=60_000, tokens=60_000, calls=700))

    def caps() -> Caps:
        return Caps(
            tokens=random.choice([2_000, 6_000, 1 << 62]), micros=random.choice([900, 4_000, 1 << 62])
        )

    providers, accounts, refused = await thousand_calls(seed, root, caps)
    bill = sum(each.listed for each in providers) + sum(each.told + each.unknown for each in providers)
    assert refused >= 300
    assert root.committed.micros == math.floor(bill) <= 60_000
    assert root.committed.calls == sum(each.calls for each in providers) <= 700
    for account in accounts:
        assert account.reserved == account.debt == Amounts()
        assert all(map(int.__le__, account.committed, account.caps.amounts))
