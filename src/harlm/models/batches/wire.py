"""What batches of all providers have in common on the wire: requests, states, results, and their lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from harlm.errors import BadCompletion
from harlm.models.lenient import UNREADABLE, an_object, decoded
from harlm.models.remote import RemoteModel
from harlm.patterns import lazy_pattern

LARGEST_RESULTS = 1 << 30
"""Bytes of the results of one batch."""

_ID = lazy_pattern(r"[A-Za-z0-9_-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchState:
    """How far a batch is.

    Attributes:
        has_ended: whether all its requests have ended.
        failure: why the provider serves none of them; empty if it does.
        places: the paths of its results.
    """

    has_ended: bool
    failure: str = ""
    places: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """How one request of a batch ended.

    Attributes:
        reply: what the provider would have answered to it; empty if it was not served.
        status: of HTTP; 0 if it was not served, which costs nothing.
        request_id: the provider's id of it.
        why: why it was not served.
    """

    reply: bytes = b""
    status: int = 0
    request_id: str | None = None
    why: str = ""


Results = dict[str, BatchResult]
"""How the requests of a batch have ended, by their ids."""


class BatchWire(Protocol):
    """The batch interface of one provider, for the requests to one model. All methods raise ``ModelError``."""

    @property
    def most_requests(self) -> int:
        """The most requests of a batch."""
        ...

    @property
    def most_bytes(self) -> int:
        """The most bytes of a batch."""
        ...

    def line(self, request: str, body: Mapping[str, Any]) -> bytes:
        """One request as it stands in a batch.

        Args:
            request: its id: letters, digits, ``_`` and ``-``, at most 64.
            body: as it would be sent alone.
        """
        ...

    async def create(self, lines: Sequence[bytes]) -> str:
        """Make a batch of these requests; returns its id."""
        ...

    async def state(self, batch: str) -> BatchState:
        """How far a batch is."""
        ...

    async def results(self, state: BatchState) -> Results:
        """The results of a batch that has ended, in any order; some may be missing."""
        ...

    async def cancel(self, batch: str) -> None:
        """Have a batch end as soon as possible."""
        ...


def id_in(model: RemoteModel, reply: bytes, name: str = "id") -> str:
    """The id in a reply, which becomes part of a path.

    Raises:
        BadCompletion: there is none, or one that would lead elsewhere.
    """
    found = object_in(model, reply).get(name)
    if not isinstance(found, str) or not is_id(found):
        raise BadCompletion(
            f"{model.name} answered a batch with something that names no {name}: {str(found)[:80]!r}",
            model=model.name,
            perhaps_billed=True,
        )
    return found


def is_id(value: object) -> bool:
    """Whether something is an id that can be a part of a path."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def object_in(model: RemoteModel, reply: bytes) -> Mapping[str, Any]:
    """The JSON object of a reply.

    Raises:
        BadCompletion: it is none.
    """
    try:
        value = decoded(reply)
    except UNREADABLE:
        value = None
    if not isinstance(value, dict):
        raise BadCompletion(
            f"{model.name} answered a batch with something that is not JSON; is {model.address} the API's address?",
            model=model.name,
            perhaps_billed=True,
        )
    return value


class ResultLines:
    """Takes the lines of results as they arrive; a line that cannot be read counts as missing.

    Args:
        read: the id and the result in the JSON object of a line.

    Attributes:
        found: the results so far.
        is_whole: whether they are all; the end of the connection tells, so never before that.
        is_enough: whether the rest is of no use; never.
    """

    is_whole = False
    is_enough = False

    def __init__(self, read: Callable[[Mapping[str, Any]], tuple[object, BatchResult]]) -> None:
        self._read = read
        self.found: Results = {}

    def take(self, data: bytes) -> None:
        """Take whole lines."""
        for line in data.splitlines():
            try:
                value = an_object(decoded(line)) if line.strip() else {}
            except UNREADABLE:
                continue
            request, result = self._read(value)
            if isinstance(request, str):
                self.found[request] = result


async def fetched_results(
    model: RemoteModel, places: Sequence[str], read: Callable[[Mapping[str, Any]], tuple[object, BatchResult]]
) -> Results:
    """The results at some paths.

    Raises:
        ModelError: one of them cannot be fetched.
    """
    lines = ResultLines(read)
    for place in places:
        await model.fetch("GET", place, into=lines, most=LARGEST_RESULTS)
    return lines.found


def encoded(value: object) -> bytes:
    """A value as a line of JSON."""
    return msgspec.json.encode(value)
