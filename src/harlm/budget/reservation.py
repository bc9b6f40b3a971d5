"""What an account sets aside for one request, and the log in which requests are written down."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from harlm.types import Amounts, Usage

Settle = Callable[["Reservation", Amounts, str, Usage | None], None]
"""Books what the request of a reservation used: amounts, the model's full name, and the usage to count."""


class RequestLog(Protocol):
    """Writes down each request that a budget pays for, before it is sent and when it has ended."""

    def sent(self, bound: Amounts) -> int:
        """A request is about to be sent.

        Args:
            bound: the most that it uses.

        Returns:
            its number, for ``settled``.

        Raises:
            LimitExceeded: that cannot be written down, so it must not be sent.
        """
        ...

    def settled(self, number: int, actual: Amounts, model: str, usage: Usage | None) -> None:
        """A request has ended.

        Args:
            number: of the request.
            actual: what it used.
            model: the model's full name.
            usage: the usage that is counted; ``None`` if it was not served.
        """
        ...


class Reservation:
    """The reserved worst case of one request, settled exactly once.

    As a context manager it charges the whole bound on exit if it is still open: the bill of a cancelled call
    is unknown.

    Args:
        settle: books what the request used.
        bound, from_hold, number: the attributes.

    Attributes:
        bound: the reserved amounts.
        from_hold: the part of them that came out of the finishing reserve.
        number: of the request in the log.
        cover: the same amounts, set aside in a purse besides; settled with this.
    """

    __slots__ = ("_is_open", "_settle", "bound", "cover", "from_hold", "number")

    def __init__(self, settle: Settle, bound: Amounts, from_hold: Amounts, number: int = 0) -> None:
        self._settle = settle
        self.number = number
        self.cover: Reservation | None = None
        self._is_open = True
        self.bound = bound
        self.from_hold = from_hold

    def settle(self, actual: Amounts, model: str = "", usage: Usage | None = None) -> None:
        """Book what the request used; the rest of the reservation is free again.

        Args:
            actual: the amounts used; more than the bound is booked as well, and may close the ledger.
            model: the model's full name, under which ``usage`` is counted.
            usage: the usage of the request; ``None`` if there is none to count.

        Raises:
            ValueError: the reservation is settled already.
        """
        if not self._is_open:
            raise ValueError("this reservation is settled already")
        self._is_open = False
        try:
            self._settle(self, actual, model, usage)
        finally:
            if self.cover is not None:
                self.cover.settle(actual, model, usage)

    def refund(self) -> None:
        """Release the whole reservation: the request was not served."""
        self.settle(Amounts())

    @property
    def is_open(self) -> bool:
        """Whether it is not settled yet."""
        return self._is_open

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_open:
            self.settle(self.bound)
