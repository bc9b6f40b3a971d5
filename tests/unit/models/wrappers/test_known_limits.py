"""What is known of limits from run to run: dated, stored without secrets, and never an error of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.errors import ConfigError
from harlm.models.wrappers import EndpointKnowledge, KnownLimits, KnownRate
from harlm.models.wrappers.known_limits import place_of

DAY_S = 86_400.0
MODEL = "openai/m"
PLACE = place_of("http://provider/v1", "a key")
REFUSED = EndpointKnowledge(
    at=1_000.0,
    window=19.5,
    ceiling=21.0,
    refused_at=990.0,
    states_limits=True,
    requests=KnownRate(limit=600, left=12.5, most_left=599, per_s=10.0, full_in_s=3.0),
    tokens=KnownRate(limit=60_000, left=-5.0, most_left=100, per_s=1_000.0),
    slow_s={9: 0.8, 14: 2.5},
)
OPEN = EndpointKnowledge(at=1_000.0, window=32)
BROKEN: tuple[bytes, ...] = (
    b"",
    b"no json",
    b"[1, 2]",
    b"3",
    b"{}",
    b'{"format": 1}',
    b'{"format": "1", "endpoints": {}}',
    b'{"format": 1, "endpoints": {"x": {}}}',
    b'{"format": 1, "endpoints": {"x": {"at": 1, "window": 0}}}',
    b'{"format": 1, "endpoints": {"x": {"at": 1, "window": 1e9}}}',
    b'{"format": 1, "endpoints": {"x": {"at": 1, "window": "many"}}}',
    b'{"format": 1, "endpoints": {"x": {"at": 1, "window": 3, "requests": {"limit": 0}}}}',
    b'{"format": 1, "endpoints": {',
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"format": 1, "endpoints": ' + b'{"x": ' * 5_000,
)


class Home:
    """A place for one file, and the time.

    Attributes:
        data: of the file; ``None`` if it does not exist.
        now: the time, in seconds since 1970.
        error: raised by reading and writing, if it is set.
    """

    def __init__(self, data: bytes | None = None, error: Exception | None = None) -> None:
        self.data = data
        self.now = 1_000.0
        self.error = error
        self.written = 0

    def read(self) -> bytes | None:
        if self.error is not None:
            raise self.error
        return self.data

    def write(self, data: bytes) -> None:
        if self.error is not None:
            raise self.error
        self.data, self.written = data, self.written + 1

    def opened(self) -> KnownLimits:
        """What another process finds there."""
        known = KnownLimits(self.read, self.write, now=lambda: self.now)
        known.refresh()
        return known

    def keep(self, knowledge: EndpointKnowledge = REFUSED, place: str = PLACE, model: str = MODEL) -> None:
        """A process that learns something and ends."""
        known = self.opened()
        known.learn(place, model, knowledge)
        known.save()


@pytest.mark.parametrize("knowledge", [REFUSED, OPEN, EndpointKnowledge(at=0.0, window=1.0)])
def test_what_was_learned_is_known_in_the_process_at_once_and_in_others_once_it_is_stored(
    knowledge: EndpointKnowledge,
) -> None:
    home = Home()
    home.now = knowledge.at + 5
    known = home.opened()
    assert known.of(PLACE, MODEL) is None
    known.learn(PLACE, MODEL, knowledge)
    assert known.of(PLACE, MODEL) == knowledge
    assert home.opened().of(PLACE, MODEL) is None
    known.save()
    assert home.opened().of(PLACE, MODEL) == knowledge


def test_a_model_an_address_and_an_account_are_known_apart() -> None:
    home = Home()
    home.keep()
    known = home.opened()
    assert known.of(PLACE, "openai/other") is None
    assert known.of(place_of("http://provider/v2", "a key"), MODEL) is None
    assert known.of(place_of("http://provider/v1", "another key"), MODEL) is None
    assert known.of(place_of("http://provider/v1", None), MODEL) is None


@pytest.mark.parametrize(
    ("after_s", "is_known"),
    [
        (0, True),
        (3_600, True),
        (DAY_S - 1, True),
        (DAY_S, False),
        (10 * DAY_S, False),
        (-30, True),
        (-120, False),
    ],
)
def test_it_is_forgotten_after_a_day_and_not_believed_from_the_future(after_s: float, is_known: bool) -> None:
    home = Home()
    home.keep(OPEN)
    early = home.opened()
    home.now += after_s
    for known in (early, home.opened()):
        assert (known.of(PLACE, MODEL) is not None) == is_known
        assert known.is_open(PLACE) == is_known


def test_what_is_forgotten_leaves_the_file() -> None:
    home = Home()
    home.keep(OPEN)
    home.now += DAY_S
    home.keep(replace(OPEN, at=home.now), model="openai/other")
    assert list(json.loads(home.data or b"")["endpoints"]) == [f"{PLACE} openai/other"]


@pytest.mark.parametrize("data", BROKEN, ids=lambda data: repr(data[:60]))
def test_a_damaged_file_counts_as_empty_and_is_replaced(data: bytes) -> None:
    home = Home(data)
    assert home.opened().of(PLACE, MODEL) is None
    home.keep()
    assert home.opened().of(PLACE, MODEL) == REFUSED


@given(st.binary(max_size=200))
def test_no_file_is_an_error(data: bytes) -> None:
    assert Home(data).opened().of(PLACE, MODEL) is None


@pytest.mark.parametrize("error", [ConfigError("too large"), OSError("gone"), PermissionError("no")], ids=str)
def test_a_home_that_cannot_be_used_costs_what_it_held_and_no_run(error: Exception) -> None:
    home = Home(error=error if isinstance(error, OSError) else None)
    known = KnownLimits(Home(error=error).read, home.write, now=lambda: home.now)
    known.refresh()
    known.learn(PLACE, MODEL, REFUSED)
    known.save()
    assert known.of(PLACE, MODEL) == REFUSED, "this process still knows it"


def test_the_file_of_a_newer_version_is_neither_read_nor_replaced() -> None:
    newer = b'{"format": 2, "endpoints": {"x": {"other": "things"}}, "more": 1}'
    home = Home(newer)
    assert home.opened().of(PLACE, MODEL) is None
    home.keep()
    assert home.data == newer


def test_a_process_keeps_what_others_have_stored_meanwhile_and_the_newer_counts() -> None:
    home = Home()
    mine = home.opened()
    home.keep(OPEN, model="openai/other")
    home.now = 2_000.0
    newer = replace(REFUSED, at=1_990.0)
    home.keep(newer)
    mine.learn(PLACE, MODEL, REFUSED)
    mine.save()
    assert home.opened().of(PLACE, "openai/other") == OPEN
    assert home.opened().of(PLACE, MODEL) == newer


def test_nothing_is_written_where_nothing_was_learned() -> None:
    home = Home()
    home.opened().save()
    home.keep()
    home.opened().save()
    assert home.written == 1


def test_the_file_keeps_the_newest_of_many() -> None:
    home = Home()
    known = home.opened()
    for number in range(1_000):
        known.learn(PLACE, f"openai/{number}", replace(REFUSED, at=1_000 + number / 1_000))
    known.save()
    again = home.opened()
    assert again.of(PLACE, "openai/999") is not None
    assert again.of(PLACE, "openai/0") is None
    assert len(home.data or b"") < 256 << 10, "as much as is read of a file"


def test_a_place_is_open_if_a_model_there_is() -> None:
    home = Home()
    home.keep(REFUSED)
    assert not home.opened().is_open(PLACE)
    home.keep(OPEN, model="openai/other")
    known = home.opened()
    assert known.is_open(PLACE)
    assert not known.is_open(place_of("http://provider/v1", "another key"))
    assert not known.is_open(PLACE[:-1])


def test_an_address_is_stored_without_user_password_and_query_and_no_key_ever() -> None:
    home = Home()
    secret = "s3cret-of-the-user"
    for url in (
        f"https://me:{secret}@[::1]:8443/v1?key={secret}",
        f"https://{secret}@host/v1#{secret}",
        f"https://host/v1?a={secret}",
    ):
        place = place_of(url, f"sk-{secret}")
        assert secret not in place
        home.keep(place=place)
    stored = (home.data or b"").decode()
    assert secret not in stored
    assert "https://[::1]:8443/v1 " in stored
    assert "me:" not in stored


def test_accounts_are_told_apart_by_four_digits_that_any_key_may_have() -> None:
    digits = {place_of("http://h", f"key {number}").split()[-1] for number in range(2_000)}
    assert all(len(each) == 4 for each in digits)
    assert len(digits) > 1_900
    assert place_of("http://h", "k").split()[-1] != place_of("http://i", "k").split()[-1]
    assert place_of("http://h", "\ud800").startswith("http://h ")


def test_threads_may_learn_and_store_at_the_same_time() -> None:
    home = Home()
    known = home.opened()

    def work(name: int) -> None:
        for number in range(50):
            known.learn(PLACE, f"openai/{name}-{number % 5}", OPEN)
            known.is_open(PLACE)
            known.save()

    threads = [Thread(target=work, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(json.loads(home.data or b"")["endpoints"]) == 20
