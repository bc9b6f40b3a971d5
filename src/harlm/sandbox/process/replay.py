"""A record of the cells of a REPL and of the answers to their calls. Running the cells again with these
answers brings another REPL to the same state without any call of a model.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

import msgspec

from harlm.errors import CodeError
from harlm.sandbox.process import frames

_LARGEST = 64 << 20  # bytes of code and answers of one REPL; beyond it they are dropped

_encode = msgspec.msgpack.Encoder(order="deterministic").encode

Answers = tuple[tuple[bytes, frames.ReplyFrame | frames.Refuse], ...]


@dataclass(frozen=True, slots=True)
class RecordedCell:
    """One cell that ended without being stopped.

    Attributes:
        code: the source of the cell.
        answers: the answers to its calls in the order of the calls, each with the key of its call.
        own_s: seconds that it ran, without the time that it waited for calls.
        ended: how it ended (``how_it_ended``).
        size: bytes of the code and the answers.
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
        entries: the cells that can be run again.
        left_out: the number of cells that cannot, because they were stopped half way, end differently each
            time, or have more answers than a record holds.
    """

    entries: list[RecordedCell] = field(default_factory=list)
    left_out: int = 0

    def add(self, code: str, recording: Recording, own_s: float, ended: str = "") -> None:
        """Record one more cell that has ended."""
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
        """Drop the cells from index ``at`` on, and count them as left out."""
        self.left_out += len(self.entries) - at
        del self.entries[at:]

    def copy(self) -> CellRecords:
        """An independent copy, for a branch."""
        return CellRecords(list(self.entries), self.left_out)


class Recording:
    """Collects the answers to the calls of one running cell.

    Attributes:
        size: bytes of the answers so far.
    """

    def __init__(self) -> None:
        self._answers: dict[int, tuple[bytes, frames.ReplyFrame | frames.Refuse]] | None = {}
        self.size = 0

    def add(self, call: frames.CallFrame, answer: frames.ReplyFrame | frames.Refuse) -> None:
        """Add the answer to one call."""
        if self._answers is not None:
            self._answers[call.id] = (_key(call.function, call.arguments), answer)
            self.size += _length(answer)
            if self.size > _LARGEST:
                self._answers = None

    def answers(self) -> Answers | None:
        """All answers in the order of their calls; ``None`` if they are more than a record holds."""
        return (
            None
            if self._answers is None
            else tuple(self._answers[number] for number in sorted(self._answers))
        )


def how_it_ended(error: str | None) -> str:
    """The type of the exception that ended a cell; empty if it ended normally.

    A cell that runs again must end with the same type. Messages are not compared: they may contain addresses
    and times.

    Args:
        error: the traceback of the cell; ``None`` if it ended normally.
    """
    return "" if error is None else error.rpartition("\n")[2].partition(":")[0]


def _key(function: str, arguments: Mapping[str, object]) -> bytes:
    """A hash by which equal calls are recognised."""
    return blake2b(_encode((function, arguments)), digest_size=16).digest()


def _length(answer: frames.ReplyFrame | frames.Refuse) -> int:
    value = answer.value if isinstance(answer, frames.ReplyFrame) else answer.message
    return 100 + (len(value) if isinstance(value, str) else len(_encode(value)))


class Replayed:
    """A ``ReplHost`` that answers the calls of one cell with the recorded answers."""

    def __init__(self, entry: RecordedCell) -> None:
        self._answers: defaultdict[bytes, deque[frames.ReplyFrame | frames.Refuse]] = defaultdict(deque)
        for key, answer in entry.answers:
            self._answers[key].append(answer)

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        """The recorded answer. Equal calls get their answers in the recorded order.

        Raises:
            CodeError: the answer was a refusal; or no answer is left, because the cell took another path than
                before.
        """
        waiting = self._answers[_key(function, arguments)]
        if not waiting:
            raise CodeError(f"{function} was not called with these arguments when this cell first ran")
        answer = waiting.popleft()
        if isinstance(answer, frames.Refuse):
            raise CodeError(answer.message)
        return answer.value
