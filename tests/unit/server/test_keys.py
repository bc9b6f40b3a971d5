"""Keys of clients, their money and their runs."""

from __future__ import annotations

import hmac

import pytest

from harlm.errors import ConfigError
from harlm.server.failures import RequestRefused
from harlm.server.keys import KeyRing, keys_in

KEYS = ("secret-key-1", "secret-key-2")


def ring(*keys: str, usd: float | None = None, at_once: int = 2) -> KeyRing:
    return KeyRing(keys, usd=usd, at_once=at_once)


def test_a_variable_may_hold_several_keys() -> None:
    assert keys_in(" a-key-of-one , a-key-of-two,, ") == ("a-key-of-one", "a-key-of-two")
    assert keys_in(None) == keys_in(" ") == ()


@pytest.mark.parametrize("key", ["short", "with blank in it", "with\nline in it", "schlüssel-lang"])
def test_a_key_that_cannot_be_used_is_not_told(key: str) -> None:
    with pytest.raises(ConfigError) as refused:
        ring(*KEYS, key)
    assert "key 3 in HARLM_SERVER_API_KEY" in str(refused.value)
    assert key not in str(refused.value)


def test_each_key_has_its_own_books() -> None:
    known = ring(*KEYS)
    first, second = (known.holder(f"Bearer {key}") for key in KEYS)
    assert first is not second
    assert known.holder("bearer  secret-key-1") is first
    assert "secret" not in first.label + second.label


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Basic secret-key-1", "secret-key-1", "Bearer secret-key-3", "Bearer secret-key-1x",
     "Bearer \udcff"],
)  # fmt: skip
def test_other_keys_are_refused(header: str | None) -> None:
    with pytest.raises(RequestRefused) as refused:
        ring(*KEYS).holder(header)
    assert (refused.value.status, refused.value.code) == (401, "invalid_api_key")
    assert "secret-key" not in str(refused.value)


def test_every_key_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []

    def compare(left: bytes, right: bytes) -> bool:
        compared.append(left)
        return left == right

    known = ring(*KEYS)
    monkeypatch.setattr(hmac, "compare_digest", compare)
    known.holder("Bearer secret-key-1")
    assert len(compared) == len(KEYS)
    assert {len(each) for each in compared} == {32}


def test_without_keys_all_are_one_holder() -> None:
    known = ring()
    assert known.is_open
    assert known.holder(None) is known.holder("Bearer anything")


def test_no_more_runs_at_once_than_a_key_may_have() -> None:
    holder = ring(at_once=2).holder(None)
    holds = [holder.hold(10), holder.hold(10)]
    with pytest.raises(RequestRefused) as refused:
        holder.hold(10)
    assert refused.value.status == 429
    assert refused.value.retry_after is not None
    holds[0].settle(0)
    holds[0].settle(0)
    holder.hold(10)
    assert holder.running == 2


def test_a_run_may_cost_what_is_left_and_no_more() -> None:
    holder = ring(usd=1.0, at_once=9).holder(None)
    first, second = holder.hold(700_000), holder.hold(700_000)
    assert (first.micros, second.micros) == (700_000, 300_000)
    with pytest.raises(RequestRefused) as busy:
        holder.hold(1)
    assert busy.value.status == 429
    first.settle(100_000)
    assert holder.hold(10_000_000).micros == 600_000
    second.settle(0)


def test_spent_money_is_402() -> None:
    holder = ring(usd=1.0).holder(None)
    holder.hold(1_000_000).settle(1_000_000)
    with pytest.raises(RequestRefused, match=r"\$1, is spent") as refused:
        holder.hold(1)
    assert (refused.value.status, refused.value.facts.type) == (402, "insufficient_quota")
