"""What a REPL has been through, so that another can be brought to the same state without asking any model again. Knows
cells and the answers that they got; refuses to know where they run.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

import msgspec

from harlm.errors import CodeError
from harlm.sandbox.process import frames

_LARGEST = 256 << 20  # bytes of code and answers; beyond it nothing is kept

_encode = msgspec.msgpack.Encoder(order="deterministic").encode

Answers = tuple[tuple[bytes, frames.Reply | frames.Refuse], ...]


@dataclass(frozen=True, slots=True)
class RecordedCell:
    """One cell that ended by itself.

    Attributes:
        code: the cell.
        answers: what its calls were answered, each under the call.
        own_s: seconds of its own that it took.
        ended: how it ended (``how_it_ended``).
        size: bytes of it and its answers.
    """

    code: str
    answers: Answers
    own_s: float
    ended: str = ""
    size: int = 0


@dataclass(slots=True)
class CellRecords:
    """The cells of one REPL, in order.

    Attributes:
        entries: those that can be run again.
        left_out: how many cannot, since a limit stopped them half way.
    """

    entries: list[RecordedCell] = field(default_factory=list)
    left_out: int = 0

    def add(self, code: str, recording: Recording, own_s: float, ended: str = "") -> None:
        """One more cell has ended."""
        answers = recording.answers()
        if answers is None:
            self.left_out += 1
            return
        size = len(code) + recording.size
        if size + sum(entry.size for entry in self.entries) > _LARGEST:
            self.cut(0)
            self.left_out += 1
        else:
            self.entries.append(RecordedCell(code, answers, own_s, ended, size))

    def cut(self, at: int) -> None:
        """Forget the cells from number ``at`` on: they cannot be run again."""
        self.left_out += len(self.entries) - at
        del self.entries[at:]

    def copy(self) -> CellRecords:
        """For a branch, which goes its own way from here."""
        return CellRecords(list(self.entries), self.left_out)


class Recording:
    """The answers that a cell gets while it runs.

    Attributes:
        size: bytes of them.
    """

    def __init__(self) -> None:
        self._answers: dict[int, tuple[bytes, frames.Reply | frames.Refuse]] | None = {}
        self.size = 0

    def add(self, call: frames.Call, answer: frames.Reply | frames.Refuse) -> None:
        """One more answer."""
        if self._answers is not None:
            self._answers[call.id] = (_key(call.function, call.arguments), answer)
            self.size += _length(answer)
            if self.size > _LARGEST:
                self._answers = None

    def answers(self) -> Answers | None:
        """All of them, in the order in which they were asked for; None when they are more than a record holds."""
        return (
            None
            if self._answers is None
            else tuple(self._answers[number] for number in sorted(self._answers))
        )


def how_it_ended(error: str | None) -> str:
    """The kind of exception that ended a cell, or nothing: what must be the same when it runs again. Messages may name
    addresses and times.
    """
    return "" if error is None else error.rpartition("\n")[2].partition(":")[0]


def _key(function: str, arguments: Mapping[str, object]) -> bytes:
    """What a call is known by."""
    return blake2b(_encode((function, arguments)), digest_size=16).digest()


def _length(answer: frames.Reply | frames.Refuse) -> int:
    value = answer.value if isinstance(answer, frames.Reply) else answer.message
    return 100 + (len(value) if isinstance(value, str) else len(_encode(value)))


class Replayed:
    """Answers the calls of one cell as they were answered the first time. A ``ReplHost``."""

    def __init__(self, entry: RecordedCell) -> None:
        self._answers: defaultdict[bytes, deque[frames.Reply | frames.Refuse]] = defaultdict(deque)
        for key, answer in entry.answers:
            self._answers[key].append(answer)

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        """The recorded answer.

        Raises:
            CodeError: the recorded refusal, or that nothing was recorded: the cell went another way than before.
        """
        waiting = self._answers[_key(function, arguments)]
        if not waiting:
            raise CodeError(f"{function} was not called like this when this cell ran first")
        answer = waiting.popleft()
        if isinstance(answer, frames.Refuse):
            raise CodeError(answer.message)
        return answer.value
