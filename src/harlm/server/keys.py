"""API keys of clients, what each has spent, and how many runs each has under way."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from harlm.errors import ConfigError
from harlm.server.failures import RequestRefused

_WAIT_S = 2.0  # until a run of the same key may have ended
_SHORTEST = 8  # characters of a key


class KeyHolder:
    """Who asks with one key.

    Args:
        label: tells holders apart in messages; never the key.
        micros: the most that its runs may cost, in micro-dollars; ``None`` for no limit.
        at_once: the most runs under way.

    Attributes:
        spent: micro-dollars of the runs that have ended.
        held: micro-dollars that the runs under way may cost at most.
        running: the runs under way.
    """

    def __init__(self, label: str, *, micros: int | None, at_once: int) -> None:
        self.label, self._micros, self._at_once = label, micros, at_once
        self.spent = self.held = self.running = 0

    @property
    def is_limited(self) -> bool:
        """Whether there is a limit of money."""
        return self._micros is not None

    def hold(self, most: int) -> Hold:
        """Begin a run.

        Args:
            most: the micro-dollars that it may cost.

        Raises:
            RequestRefused: 402, the money is spent; 429, too many runs are under way, or they hold the rest of the money.
        """
        if self._micros is not None:
            if self.spent >= self._micros:
                raise RequestRefused(
                    402,
                    f"the budget of this key, ${self._micros / 1e6:g}, is spent; use another key, or have the server started "
                    "again with a higher --key-budget",
                    code="insufficient_quota",
                )
            most = min(most, self._micros - self.spent - self.held)
            if most <= 0:
                raise self._busy("the rest of the budget of this key is held by runs that are under way")
        if self.running >= self._at_once:
            raise self._busy(f"this key has {self.running} runs under way, the most that it may have at once")
        return Hold(self, most)

    def _busy(self, why: str) -> RequestRefused:
        return RequestRefused(
            429, f"{why}; try again when one has ended", code="rate_limit_exceeded", retry_after=_WAIT_S
        )


class Hold:
    """A run under way, in the books of a key. ``settle`` it once, when its cost is known.

    Attributes:
        micros: what it may cost at most.
    """

    def __init__(self, holder: KeyHolder, micros: int) -> None:
        self._holder, self.micros, self._is_open = holder, micros, True
        holder.held += micros
        holder.running += 1

    def settle(self, micros: int) -> None:
        """End the run, which has cost ``micros`` micro-dollars."""
        if self._is_open:
            self._is_open = False
            self._holder.held -= self.micros
            self._holder.running -= 1
            self._holder.spent += micros


class KeyRing:
    """The keys that clients may use.

    Args:
        keys: without any, every client is served, as one holder.
        usd: the most dollars of each, for as long as the server runs; ``None`` for no limit.
        at_once: the most runs of each at once.

    Raises:
        ConfigError: a key is too short to keep anyone out, or cannot be sent.
    """

    def __init__(self, keys: Sequence[str], *, usd: float | None, at_once: int) -> None:
        for number, key in enumerate(keys, start=1):
            if len(key) < _SHORTEST or not key.isascii() or not key.isprintable() or " " in key:
                raise ConfigError(
                    f"key {number} in HARLM_SERVER_API_KEY cannot be used: a key has at least {_SHORTEST} characters of ASCII "
                    "without blanks; keys are separated by commas"
                )
        micros = None if usd is None else round(usd * 1_000_000)
        self.is_open = not keys
        self._holders = [
            (_digest(key), KeyHolder(f"key {number}", micros=micros, at_once=at_once))
            for number, key in enumerate(dict.fromkeys(keys), start=1)
        ]
        self._anonymous = KeyHolder("everyone", micros=micros, at_once=at_once)

    def holder(self, authorization: str | None) -> KeyHolder:
        """Who sends this ``Authorization`` header. All keys are compared, each in constant time.

        Raises:
            RequestRefused: 401, no key or a wrong one.
        """
        if self.is_open:
            return self._anonymous
        scheme, _, given = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not given.strip():
            raise RequestRefused(
                401,
                "no API key was sent; send one as `Authorization: Bearer KEY`",
                code="invalid_api_key",
            )
        sent, found = _digest(given.strip()), None
        for digest, holder in self._holders:
            if hmac.compare_digest(digest, sent):
                found = holder
        if found is None:
            raise RequestRefused(
                401,
                "this API key is not one of the server's (HARLM_SERVER_API_KEY)",
                code="invalid_api_key",
            )
        return found


def keys_in(text: str | None) -> tuple[str, ...]:
    """The keys in the value of ``HARLM_SERVER_API_KEY``."""
    return tuple(key for each in (text or "").split(",") if (key := each.strip()))


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
