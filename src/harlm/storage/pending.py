"""Items that one thread writes behind its callers, many at once: what waits, who waits for it, and what is done when a write fails.

Does not depend on where items are written. While they cannot be written they stay in the memory of this process, as far as a bound
allows, and are tried again.
"""

from __future__ import annotations

import queue
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import Generic, Protocol, TypeVar

from harlm.errors import MemoryFailure
from harlm.storage.bounded import SHARE
from harlm.threads import StopFlag

_AT_ONCE = 256  # items of one batch
_WAIT_S = 0.005  # for more items of a batch
_AGAIN_S = 1.0  # to the next attempt after one that failed, unless a caller waits
_MANY_WAITING = 16 << 20  # bytes of unwritten items from which callers should wait
_MOST_WAITING = 64 << 20  # bytes of unwritten items from which further ones are lost

Item = TypeVar("Item")
Record = TypeVar("Record", contravariant=True)


class Sized(Protocol[Record]):
    """Knows items by key and size."""

    @property
    def noun(self) -> str:
        """The name of the store in messages, such as ``memory``."""
        ...

    @property
    def max_bytes(self) -> int:
        """The most bytes of the store."""
        ...

    def key_of(self, item: Record) -> str:
        """The key of an item."""
        ...

    def size_of(self, item: Record) -> int:
        """Bytes of an item in memory."""
        ...


class WaitingItems(ABC, Generic[Item]):
    """The items that are not written yet, and the thread that writes them. Safe to use from several threads.

    Args:
        table: knows items by key and size.
        place: where items are kept, in messages.
        advice: what a user can do if they cannot be written.

    Attributes:
        failure: why items are not in their place; ``None`` as long as they are.
        lock: guards the unwritten items.
    """

    def __init__(self, table: Sized[Item], place: str, advice: str) -> None:
        self._sized = table
        self._place, self._advice = place, advice
        self.lock = threading.RLock()
        self._waiting: dict[str, Item] = {}
        self._orders: queue.SimpleQueue[Item | Future[None] | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._is_closed = False
        self._unwritten = 0
        self._too_large = self._lost = 0
        self.failure: str | None = None

    # -- for callers ---------------------------------------------------------------------------------------

    def put(self, item: Item) -> None:
        """Store an item, unless its key is stored already.

        An item is left out, and counted, if it is larger than a share of the file's maximum, or if so many
        items could not be written that this process has no room for more.

        Raises:
            MemoryFailure: this store is closed.
        """
        size = self._sized.size_of(item)
        with self.lock:
            if self._is_closed:
                raise MemoryFailure(f"this {self._sized.noun} is closed")
            if size > self._sized.max_bytes // SHARE:
                self._too_large += 1
                return
            if self._unwritten > _MOST_WAITING:
                self._lost += 1
                return
            self._unwritten += size
            self._waiting.setdefault(self._sized.key_of(item), item)
            if self._writer is None:
                self._writer = threading.Thread(
                    target=self._write, name=f"harlm-{self._sized.noun}", daemon=True
                )
                self._writer.start()
            self._orders.put(item)

    @property
    def is_closed(self) -> bool:
        """Whether no more items are taken."""
        return self._is_closed

    @property
    def is_behind(self) -> bool:
        """Whether so much is unwritten that callers should wait; never if they cannot be written."""
        return self._unwritten > _MANY_WAITING and self.failure is None

    def tell_left_out(self) -> None:
        """Report items that were left out since the last report.

        Raises:
            MemoryFailure: there are some; says how many, and why.
        """
        with self.lock:
            large, lost = self._too_large, self._lost
            self._too_large = self._lost = 0
        megabytes = self._sized.max_bytes / SHARE / (1 << 20)
        told = [
            f"{large:,} of more than {megabytes:.3g} MB, which is the most for one if memory.max_mb is {self._sized.max_bytes >> 20:,}"
            if large
            else "",
            f"{lost:,} because they could not be written fast enough" if lost else "",
        ]
        if large or lost:
            raise MemoryFailure(
                f"the {self._sized.noun} of this run was not kept as a whole: results were left out, {' and '.join(filter(None, told))}"
            )

    def waiting(self, key: str) -> Item | None:
        """The item under a key, if it has not been written yet; else ``None``."""
        return self._waiting.get(key)

    def all_waiting(self) -> list[Item]:
        """The items that have not been written yet."""
        with self.lock:
            return list(self._waiting.values())

    def flush(self, stop: StopFlag | None = None) -> None:
        """Return once every item that was put is in its place.

        Args:
            stop: ends the waiting.

        Raises:
            MemoryFailure: items cannot be written; they stay readable as long as this store is open.
            Stopped: the waiting is to end.
        """
        with self.lock:  # a writer that was ordered to end would never answer
            if self._writer is None or self._is_closed:
                return
            done: Future[None] = Future()
            self._orders.put(done)
        (stop or StopFlag()).wait_for(done)

    def end_writing(self) -> bool:
        """Take no more items and write the remaining ones; returns whether that was not done before."""
        with self.lock:
            if self._is_closed:
                return False
            self._is_closed = True
        if self._writer is not None:
            self._orders.put(None)
            self._writer.join()
        return True

    # -- the writing thread --------------------------------------------------------------------------------

    @abstractmethod
    def _write_some(self, items: list[Item]) -> Exception | None:
        """Write items, and remove from the list those that need not be tried again.

        Returns:
            what failed; ``None`` if all are written.
        """

    def _end(self) -> None:
        """The thread ends: release what it holds."""

    def _write(self) -> None:
        items: list[Item] = []
        failed: Exception | None = None
        tried = 0.0
        is_last = False
        while not is_last:
            more, waiting, is_last = self._batch()
            items += more
            if failed is not None and not (waiting or is_last) and time.monotonic() < tried + _AGAIN_S:
                continue
            tried = time.monotonic()
            failed = self._write_some(items)
            self._answer(waiting, failed)  # what is left of ``items`` is tried again later
        self._end()

    def _written(self, items: Iterable[Item]) -> None:
        """Items can be read where they are kept."""
        with self.lock:
            for item in items:
                self._waiting.pop(self._sized.key_of(item), None)
                self._unwritten -= self._sized.size_of(item)

    def _answer(self, waiting: Sequence[Future[None]], failed: Exception | None) -> None:
        noun = self._sized.noun
        self.failure = (
            None if failed is None else f"the {noun} of this run is not kept {self._place} ({failed})"
        )
        for caller in waiting:
            if failed is None:
                caller.set_result(None)
            else:
                advice = f"it stays in this process until the run ends. {self._advice}"
                caller.set_exception(MemoryFailure(f"{self.failure}; {advice}"))

    def _batch(self) -> tuple[list[Item], list[Future[None]], bool]:
        """The items to write, the callers that wait in ``flush``, and whether this is the last batch."""
        items: list[Item] = []
        waiting: list[Future[None]] = []
        size = 0
        order = self._orders.get()
        ends = time.monotonic() + _WAIT_S
        while True:
            if order is None:
                return items, waiting, True
            if isinstance(order, Future):
                waiting.append(order)
                if self._orders.empty():
                    return items, waiting, False
            else:
                items.append(order)
                size += self._sized.size_of(order)
            left = ends - time.monotonic()
            if len(items) >= _AT_ONCE or size > _MANY_WAITING or left <= 0:
                return items, waiting, False
            try:
                order = self._orders.get(timeout=left)
            except queue.Empty:
                return items, waiting, False
