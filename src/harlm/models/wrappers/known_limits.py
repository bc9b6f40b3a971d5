"""What is known of the limits of models at their addresses. It outlives a run: runs of one process share it, and a
file keeps it for later ones.

Pure values, and a table of them that is read and written through functions. What is older than a day counts as
unknown, and so does a file that is missing, damaged or from a newer version. No key is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from threading import Lock
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from harlm.errors import ConfigError

_FORMAT = 1
_STALE_S = 86_400.0
_AHEAD_S = 60.0  # by which the clock of another process may be ahead
_MOST = 200  # endpoints; the oldest ones go first

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
_Units = Annotated[float, msgspec.Meta(ge=0, le=1e16)]
_Places = Annotated[float, msgspec.Meta(ge=1, le=1e6)]
_Bits = Annotated[int, msgspec.Meta(ge=0, le=64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRate:
    """A rate limit that replies stated.

    Attributes:
        limit: units.
        left: units that are left; negative if more were taken than the limit allows.
        most_left: the most that a reply has stated, which is less than ``limit`` where fewer units can be taken at once.
        per_s: units that return in a second.
        full_in_s: seconds until one request may be sent in any case; ``None`` if that is unknown.
    """

    limit: Annotated[int, msgspec.Meta(gt=0, le=1 << 50)]
    left: Annotated[float, msgspec.Meta(ge=-1e16, le=1e16)]
    most_left: _Units
    per_s: _Units
    full_in_s: _Seconds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointKnowledge:
    """What is known of one model at one address, for one account.

    Attributes:
        at: when this was so, in seconds since 1970.
        window: requests in flight that it took.
        ceiling: about how many it refused; ``None`` if it refused none.
        refused_at: when it last refused a request because of those in flight, in seconds since 1970.
        states_limits: whether its replies state rate limits.
        requests, tokens: the rate limits that it stated last.
        slow_s: by size of a prompt (bits of its number of characters), the seconds that 5 % of calls exceed.
    """

    at: _Seconds
    window: _Places
    ceiling: _Places | None = None
    refused_at: _Seconds | None = None
    states_limits: bool = False
    requests: KnownRate | None = None
    tokens: KnownRate | None = None
    slow_s: Mapping[_Bits, _Seconds] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether it answered without stating limits, and refused nothing."""
        return self.refused_at is None and not self.states_limits


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the file holds."""

    format: int
    endpoints: dict[str, EndpointKnowledge]


class KnownLimits:
    """What is known of endpoints. May be used by several threads.

    Args:
        read: returns the stored table; ``None`` if there is none.
        write: stores a table, whole or not at all.
        now: the time, in seconds since 1970.
    """

    def __init__(
        self,
        read: Callable[[], bytes | None] = lambda: None,
        write: Callable[[bytes], None] = lambda data: None,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._read = read
        self._write = write
        self.now = now
        self._lock = Lock()
        self._endpoints: dict[str, EndpointKnowledge] = {}
        self._is_changed = False

    def of(self, place: str, model: str) -> EndpointKnowledge | None:
        """What is known of a model at a place (``place_of``); ``None`` if nothing is."""
        found = self._endpoints.get(_name(place, model))
        return found if found is not None and self._is_current(found) else None

    def is_open(self, place: str) -> bool:
        """Whether a model at this place is known to answer without stating limits."""
        with self._lock:
            return any(
                known.is_open and self._is_current(known)
                for name, known in self._endpoints.items()
                if name.startswith(_name(place, ""))
            )

    def learn(self, place: str, model: str, knowledge: EndpointKnowledge) -> None:
        """Keep what a run has learned of a model at a place."""
        with self._lock:
            self._endpoints[_name(place, model)] = knowledge
            self._is_changed = True

    def refresh(self) -> None:
        """Take over what other processes have stored since."""
        stored = self._stored()
        if stored is not None:
            with self._lock:
                self._merge(stored.endpoints)

    def save(self) -> None:
        """Store what was learned here beside what others have stored. Costs no run if that fails."""
        if not self._is_changed:
            return
        stored = self._stored()
        if stored is not None and stored.format > _FORMAT:
            return  # a newer version keeps its own
        with self._lock:
            if stored is not None:
                self._merge(stored.endpoints)
            current = [item for item in self._endpoints.items() if self._is_current(item[1])]
            self._endpoints = dict(sorted(current, key=lambda item: item[1].at)[-_MOST:])
            table, self._is_changed = _Stored(_FORMAT, dict(self._endpoints)), False
        with suppress(OSError, ValueError):  # ValueError: a name that cannot be written
            self._write(msgspec.json.encode(table))

    def _stored(self) -> _Stored | None:
        """What is stored, without its endpoints if a newer version has stored it; ``None`` if it cannot be read."""
        try:
            data = self._read()
            if not data:
                return None
            newer = msgspec.json.decode(data, type=_Version).format > _FORMAT
            return _Stored(_FORMAT + 1, {}) if newer else msgspec.json.decode(data, type=_Stored)
        except (ConfigError, OSError, ValueError, RecursionError):  # msgspec's errors are ValueErrors
            return None

    def _merge(self, others: Mapping[str, EndpointKnowledge]) -> None:
        for name, other in others.items():
            own = self._endpoints.get(name)
            if self._is_current(other) and (own is None or own.at < other.at):
                self._endpoints[name] = other

    def _is_current(self, known: EndpointKnowledge) -> bool:
        return -_AHEAD_S <= self.now() - known.at < _STALE_S


class _Version(msgspec.Struct):
    """The part of the file that every version has."""

    format: int


def place_of(base_url: str, key: str | None) -> str:
    """An address and the account that uses it, as they may be stored.

    Args:
        base_url: may hold a user, a password or a query, which are left out.
        key: only four digits of a hash of it, and of what is left out, are kept: enough to tell accounts apart, too
            few to find a key.
    """
    parts = urlsplit(base_url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port is None else f":{parts.port}"
    secret = f"{base_url}\0{key or ''}".encode(errors="replace")
    return f"{parts.scheme}://{host}{port}{parts.path} {blake2b(secret, digest_size=2).hexdigest()}"


def _name(place: str, model: str) -> str:
    return f"{place} {model}"
