"""The log of what each simulated answer rests on, and checks of it. A right answer without evidence is a fault.

Each line names the items used, by the hash of their text and their place in the request, so that the request
shows them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Literal

import msgspec

from harlm.errors import ConfigError
from harlm_bench.simulator.store import item_id

_WRITTEN = 20
"""Items of a line in a file. An answer may rest on thousands."""


class Use(msgspec.Struct, frozen=True, array_like=True):
    """An item that an answer rests on: its hash, and where it stands in the request's text."""

    item: str
    start: int
    end: int


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One answer.

    Attributes:
        question: the question that the call was for, as its address names it.
        request: hash of the request.
        model: that was asked.
        role: ``leaf``, or ``root`` for a turn of a program, which rests on no item.
        intent: what the request was taken for.
        found: how many items the request held.
        used: those that the answer rests on.
        answer: the words, before errors of form.
        is_found: whether the answer is one.
    """

    question: str
    request: str
    model: str
    role: Literal["leaf", "root"]
    intent: str = ""
    found: int = 0
    used: tuple[Use, ...] = ()
    answer: str = ""
    is_found: bool = False


class Log:
    """Collects lines: in memory, or in a file if one is named.

    Args:
        path: of the file; lines are added to it, each with the first items that its answer rests on.
        keeps: whether lines stay in memory, by question.

    Raises:
        ConfigError: the file cannot be written.
    """

    def __init__(self, path: Path | None = None, *, keeps: bool = True) -> None:
        self._file = None if path is None else _opened(path)
        self._keeps = keeps
        self._lines: list[Line] = []
        self._lock = threading.Lock()

    def add(self, line: Line) -> None:
        """Write one line."""
        with self._lock:
            if self._keeps:
                self._lines.append(line)
            if self._file is not None:
                short = msgspec.structs.replace(line, used=line.used[:_WRITTEN])
                self._file.write(msgspec.json.encode(short) + b"\n")
                self._file.flush()  # before the answer is given, and so before its result is written down

    @property
    def lines(self) -> tuple[Line, ...]:
        """What was kept, in the order of the answers."""
        with self._lock:
            return tuple(self._lines)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def read(path: Path) -> Iterator[Line]:
    """The lines of a log.

    Raises:
        ConfigError: the file cannot be read, or a line is none that ``Log`` writes.
    """
    decoder = msgspec.json.Decoder(Line)
    try:
        for number, line in enumerate(path.read_bytes().splitlines(), start=1):
            try:
                yield decoder.decode(line)
            except msgspec.DecodeError as wrong:
                raise ConfigError(f"line {number} of {path} is no line of an audit log: {wrong}") from wrong
    except OSError as failure:
        raise ConfigError(f"the audit log {path} cannot be read: {failure}") from failure


def misplaced(lines: Iterable[Line], text_of: Callable[[Line], str | None]) -> list[str]:
    """Uses of items that do not stand where the log says, one message each.

    Args:
        lines: of a log.
        text_of: the text of a line's request; ``None`` if it was not kept, which is a fault too.
    """
    faults = []
    for line in lines:
        text = text_of(line) if line.used else ""
        if text is None:
            faults.append(
                f"request {line.request} was not kept, so its {len(line.used)} items cannot be looked up"
            )
            continue
        for use in line.used:
            shown = text[use.start : use.end]
            if item_id(shown).hex() != use.item:
                faults.append(
                    f"request {line.request}: no item {use.item} at {use.start}-{use.end}, but {shown[:60]!r}"
                )
    return faults


def without_evidence(rights: Iterable[str], lines: Iterable[Line]) -> list[str]:
    """Questions that were answered rightly although no call of theirs rests on an item, nor a program read the text.

    Args:
        rights: the questions that were answered rightly, as addresses name them.
        lines: of the log of the same run.
    """
    supported = {line.question for line in lines if line.used or line.role == "root"}
    return [question for question in rights if question not in supported]


def by_question(lines: Iterable[Line]) -> Mapping[str, tuple[Line, ...]]:
    """The lines of each question."""
    sorted_lines: dict[str, list[Line]] = {}
    for line in lines:
        sorted_lines.setdefault(line.question, []).append(line)
    return {question: tuple(each) for question, each in sorted_lines.items()}


def _opened(path: Path) -> IO[bytes]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("ab")
    except OSError as failure:
        raise ConfigError(f"the audit log {path} cannot be written: {failure}") from failure
