"""The journal of a run: one line of JSON for each question put to each system. Only grows; survives a crash, and is
continued by the next run. Does not judge the results.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import msgspec

from harlm.errors import ConfigError, ContextError
from harlm_bench.labels import Label
from harlm_bench.outcomes import Result
from harlm_bench.suites import Entry, Load
from harlm_bench.systems import Limits

FORMAT = 1
"""Of the lines. Grows when older journals cannot be read as they are."""

ASKED_AGAIN = ("not installed", "endpoint")
"""Outcomes that a later run replaces: neither the system nor the model was at work."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """How a run was made. Each run that continues a journal adds one.

    Attributes:
        format: of the journal.
        suite, seed, loads: what is asked.
        label: what answers.
        versions: of the generator of each task.
        systems: with their names in the results.
        packages: name and version of what takes part, HARLM first.
        code: the digest of the sources that ask, answer and score; empty in journals that do not tell it.
        limits: of each question; ``None`` in journals that do not tell them.
        machine: processor, cores, system, Python.
        command: as it was typed.
        started: date and time, ISO 8601.
    """

    format: int = FORMAT
    suite: str
    seed: int
    loads: tuple[Load, ...]
    label: Label
    versions: dict[str, int]
    systems: tuple[Entry, ...]
    packages: dict[str, str]
    code: str = ""
    limits: Limits | None = None
    machine: str
    command: str
    started: str


class Key(NamedTuple):
    """What identifies a result."""

    system: str
    digest: str
    question: str


def key_of(result: Result) -> Key:
    """The key of a result."""
    return Key(result.system, result.digest, result.question)


def address_of(key: Key) -> str:
    """Names a question in an address and in the trail of a simulated model. The same in every run."""
    return hashlib.sha256("\0".join(key).encode()).hexdigest()[:24]


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What a question cost that has no result, since the run was stopped.

    Attributes:
        system, digest, question: its key.
        micro_usd: the bill.
    """

    system: str
    digest: str
    question: str
    micro_usd: int


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    header: Header | None = None
    result: Result | None = None
    spent: Spent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """What a journal holds.

    Attributes:
        path: of its file.
        headers: of its runs, the first one first.
        results: the last one of each key, in the order of their keys' first lines.
        replaced: how many results a later one has replaced.
        micro_usd: all that its runs have spent, on replaced results and stopped questions too. Without bills that are unknown.
        notes: what is wrong with the file.
        size: bytes of its whole lines.
    """

    path: Path
    headers: tuple[Header, ...]
    results: tuple[Result, ...]
    replaced: int = 0
    micro_usd: int = 0
    notes: tuple[str, ...] = ()
    size: int = 0

    @property
    def header(self) -> Header:
        """The first header with the systems of all."""
        systems = {entry.key: entry for header in self.headers for entry in header.systems}
        packages = {name: it for header in self.headers for name, it in header.packages.items()}
        return msgspec.structs.replace(self.headers[0], systems=tuple(systems.values()), packages=packages)

    @property
    def done(self) -> tuple[Result, ...]:
        """The results whose questions a later run does not ask again."""
        return tuple(result for result in self.results if result.outcome.status not in ASKED_AGAIN)

    @property
    def expected(self) -> int:
        """How many results a whole run has."""
        asked = sum(load.windows * load.questions for load in self.header.loads)
        return asked * len(self.header.systems)


def read(path: Path) -> Journal:
    """The journal in a file. A last line that was cut off by a crash is left out, with a note.

    Raises:
        ContextError: the file cannot be read or is not a journal.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ContextError(
            f"journal {str(path)!r} cannot be read ({error.strerror}); name a file that `harlm bench run` has written"
        ) from error
    whole, _, torn = data.rpartition(b"\n")
    lines = [_line(path, number, each) for number, each in enumerate(whole.split(b"\n"), 1)] if whole else []
    notes = (f"{path.name}: the last line was cut off and is left out ({len(torn)} bytes)",) if torn else ()
    headers = tuple(line.header for line in lines if line.header is not None)
    if not headers and not (torn or not data):
        raise ContextError(
            f"journal {str(path)!r} has no header; name a file that `harlm bench run` has written"
        )
    found = [line.result for line in lines if line.result is not None]
    last = {key_of(result): result for result in found}
    return Journal(
        path=path,
        headers=headers,
        results=tuple(last.values()),
        replaced=len(found) - len(last),
        micro_usd=sum(result.usage.micro_usd or 0 for result in found)
        + sum(line.spent.micro_usd for line in lines if line.spent is not None),
        notes=notes,
        size=len(data) - len(torn),
    )


def _line(path: Path, number: int, data: bytes) -> _Line:
    try:
        line = msgspec.json.decode(data, type=_Line)
    except msgspec.DecodeError as error:
        raise ContextError(
            f"journal {str(path)!r}, line {number} is not a line of a journal ({error}); "
            "restore the file, or start again with --fresh"
        ) from error
    if line.header is not None and line.header.format != FORMAT:
        raise ContextError(
            f"journal {str(path)!r} has format {line.header.format}, this version of HARLM reads {FORMAT}; "
            "start again with --fresh"
        )
    return line


class Writer:
    """Adds results to a journal. For one thread, and for one process at a time.

    Args:
        path: the file; made with its folders if it does not exist.
        header: of the run that begins.
        fresh: whether an older journal is replaced. It is kept beside the new one, with ``.old`` at the end of its name.

    Raises:
        ConfigError: the journal belongs to another suite, seed, label, code, limits or version, or another run is
            writing it.
        ContextError: it cannot be read or written.
    """

    def __init__(self, path: Path, header: Header, *, fresh: bool = False) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if fresh and path.exists():
                path.replace(path.with_name(f"{path.name}.old"))
            self._file = path.open("ab")
        except OSError as error:
            raise ContextError(
                f"journal {str(path)!r} cannot be written ({error.strerror}); name another folder with --out"
            ) from error
        try:
            self._lock(path)
            self.before = read(path)
            for earlier in self.before.headers[:1]:
                _check_same(path, earlier, header)
            self._file.truncate(self.before.size)
            self._write(_Line(header=header))
        except BaseException:
            self._file.close()
            raise
        self._done = {key_of(result): result for result in self.before.results}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def has(self, key: Key, window: str) -> bool:
        """Whether a question needs not be asked again.

        Args:
            key: of its result.
            window: the name of the window.

        Raises:
            ConfigError: the journal has results of a window of this name with another text.
        """
        digest = self._digests().get(window, key.digest)
        if digest != key.digest:
            raise ConfigError(
                f"window {window!r} has the digest {key.digest[:12]}, but {digest[:12]} in the journal: its generator "
                "or this machine's own files have changed; start again with --fresh, or use --out for another folder"
            )
        found = self._done.get(key)
        return found is not None and found.outcome.status not in ASKED_AGAIN

    def add(self, result: Result) -> None:
        """Write a result to the disk."""
        self._done[key_of(result)] = result
        self._write(_Line(result=result))

    def add_spent(self, key: Key, micro_usd: int) -> None:
        """Write down what a question has cost that gets no result."""
        self._write(_Line(spent=Spent(**key._asdict(), micro_usd=micro_usd)))

    def _digests(self) -> Mapping[str, str]:
        return {result.window: result.digest for result in self.before.results}

    def _write(self, line: _Line) -> None:
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _lock(self, path: Path) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                f"journal {str(path)!r} is being written by another run; wait for it, or use --out for another folder"
            ) from error


def _check_same(path: Path, earlier: Header, later: Header) -> None:
    def refuse(what: str, was: object, is_: object) -> None:
        raise ConfigError(
            f"journal {str(path)!r} was begun with {what} {was!s}, and this run has {is_!s}; their results cannot stand "
            "together: start again with --fresh, or use --out for another folder"
        )

    if earlier.label != later.label:
        refuse("the label", earlier.label, later.label)
    for what, was, is_ in (("suite", earlier.suite, later.suite), ("seed", earlier.seed, later.seed)):
        if was != is_:
            refuse(what, was, is_)
    for task, version in later.versions.items():
        if earlier.versions.get(task, version) != version:
            refuse(f"version {earlier.versions[task]} of the generator of", task, f"version {version}")
    if set(earlier.loads) != set(later.loads):
        refuse("the windows", _windows(earlier), _windows(later))
    for package in sorted(earlier.packages.keys() & later.packages.keys()):
        if (was := earlier.packages[package]) != (is_ := later.packages[package]):
            refuse(package, was, is_)
    if earlier.limits != later.limits:
        refuse("limits of a question", _limits(earlier.limits), _limits(later.limits))
    if earlier.code != later.code:  # a version does not change with every line
        refuse("the sources", earlier.code or "that it does not tell", later.code or "none to tell")


def _limits(limits: Limits | None) -> str:
    return "that it does not tell" if limits is None else msgspec.json.encode(limits).decode()


def _windows(header: Header) -> str:
    return ", ".join(f"{load.windows} x {load.task} of {load.tokens:,} tokens" for load in header.loads)
