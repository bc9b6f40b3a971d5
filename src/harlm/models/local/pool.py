"""The servers of this process: models that are served alike share one, and one without a user ends a minute later."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from harlm.models.local.server import LocalServer, start
from harlm.models.local.sizing import ServerPlan
from harlm.threads import StopFlag, Stopped

KEPT_S = 60.0
"""Seconds that a server without a user stays, so that the next run of this process finds its model loaded."""

Start = Callable[[ServerPlan, StopFlag], LocalServer]


@dataclass(slots=True)
class _Place:
    """The place of one server: its users, and the lock under which it is started."""

    starting: threading.Lock = field(default_factory=threading.Lock)
    server: LocalServer | None = None
    users: int = 0
    timer: threading.Timer | None = None


class Pool:
    """Starts servers on demand and shares them. Safe in all threads.

    Args:
        start: makes a server that is ready.
        kept_s: seconds that one without a user stays.
    """

    def __init__(self, start: Start, kept_s: float = KEPT_S) -> None:
        self._start = start
        self._kept_s = kept_s
        self._lock = threading.Lock()
        self._places: dict[ServerPlan, _Place] = {}

    def lease(self, plan: ServerPlan, stop: StopFlag) -> LocalServer:
        """A server of this plan that runs. Blocks while it starts, and is released by ``release``.

        Raises:
            ConfigError, ModelError, Stopped: as ``harlm.models.local.server.start``.
        """
        with self._lock:
            place = self._places.setdefault(plan, _Place())
            place.users += 1
            if place.timer is not None:
                place.timer.cancel()
        try:
            with stop.holding(place.starting):
                if place.server is not None and place.server.end is not None:
                    place.server.stop()
                    place.server = None
                if place.server is None:
                    place.server = self._start(plan, stop)
                return place.server
        except BaseException:
            self.release(plan)
            raise

    def release(self, plan: ServerPlan) -> None:
        """Give a server back. Never blocks for long."""
        with self._lock:
            place = self._places.get(plan)
            if place is None:  # the pool was closed
                return
            place.users -= 1
            if place.users == 0:
                place.timer = threading.Timer(self._kept_s, self._end_unused, [plan, place])
                place.timer.daemon = True
                place.timer.start()

    def close(self) -> None:
        """End all servers."""
        with self._lock:
            places, self._places = list(self._places.values()), {}
        for place in places:
            if place.timer is not None:
                place.timer.cancel()
            if place.server is not None:
                place.server.stop()

    def forget(self) -> None:
        """Leave the servers to the process that started them: this one is a fork of it."""
        self._lock = threading.Lock()
        self._places = {}

    def _end_unused(self, plan: ServerPlan, place: _Place) -> None:
        with self._lock:
            if place.users or self._places.get(plan) is not place:
                return
            del self._places[plan]
        if place.server is not None:
            place.server.stop()


class Lease:
    """The use of one server by one run, which may end while the server still starts.

    Args:
        pool: of the server.
        plan: of the server.
    """

    def __init__(self, pool: Pool, plan: ServerPlan) -> None:
        self._pool = pool
        self._plan = plan
        self._lock = threading.Lock()
        self._has_ended = self._is_held = False

    def take(self, stop: StopFlag) -> LocalServer:
        """The server, once it is ready. For a thread.

        Raises:
            ConfigError, ModelError, Stopped: as ``Pool.lease``.
        """
        server = self._pool.lease(self._plan, stop)
        with self._lock:
            if not self._has_ended:
                self._is_held = True
                return server
        self._pool.release(self._plan)
        raise Stopped

    def end(self) -> None:
        """Give the server back, also one that is still starting. Safe to call twice."""
        with self._lock:
            was_held, self._is_held, self._has_ended = self._is_held, False, True
        if was_held:
            self._pool.release(self._plan)


POOL = Pool(lambda plan, stop: start(plan, stop=stop))
"""The servers of this process."""

atexit.register(POOL.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=POOL.forget)
