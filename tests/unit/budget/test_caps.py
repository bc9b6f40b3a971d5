from __future__ import annotations

import dataclasses
import math

import pytest

from harlm.budget import UNLIMITED, Account, Caps
from harlm.types import Amounts


def test_without_a_limit_every_currency_is_unlimited_and_time_never_ends() -> None:
    caps = Caps()
    assert caps.amounts == Amounts(tokens=UNLIMITED, micros=UNLIMITED, calls=UNLIMITED)
    assert caps.ends == math.inf


def test_the_amounts_are_those_of_the_three_currencies() -> None:
    assert Caps(tokens=5, micros=7, calls=9, ends=1.0, depth=2).amounts == Amounts(
        tokens=5, micros=7, calls=9
    )


def test_caps_cannot_be_changed_after_an_account_has_them() -> None:
    caps = Caps(calls=1)
    Account(caps)
    with pytest.raises(dataclasses.FrozenInstanceError):
        caps.calls = 2  # type: ignore[misc] # that is the test


async def test_more_than_any_run_uses_fits_under_no_limit() -> None:
    account = Account(Caps())
    reservation = await account.reserve(Amounts(tokens=10**12, micros=10**12, calls=10**9))
    assert reservation.is_open
