"""The file of results of a batch: one JSON object a line, appended as questions end. A batch that was stopped continues in it."""

from __future__ import annotations

import codecs
import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from harlm.batch.questions import BatchQuestion, BatchQuestions, digest_of
from harlm.batch.rows import BatchRow
from harlm.errors import ConfigError
from harlm.open_flags import BINARY
from harlm.types import Amounts

if sys.platform != "win32":
    import fcntl

_row_of = msgspec.json.Decoder(BatchRow).decode
_json = msgspec.json.Encoder()


class Unfinished(msgspec.Struct, frozen=True):
    """A question whose run has begun and not ended."""

    id: str
    run: str


class BatchResults:
    """What is known of the questions of a batch, and the file in which it is kept; without a file, nothing is kept.

    Args:
        file: the results; made if it is missing.
        questions: of the batch.
        documents: a digest of the documents that rows must be about; empty for any.

    Attributes:
        answered: the ids of questions that have their answer.
        runs: the runs of questions that have begun and have no answer, by id.
        paid: what the questions with an answer took.
        spent: what the other rows say that their runs took, by id.

    Raises:
        ConfigError: the file holds the results of another batch, another process writes it, or it cannot be written.
    """

    def __init__(self, file: Path | None, questions: BatchQuestions, documents: str = "") -> None:
        self._questions, self._documents = questions, documents
        self._file, self._opened, self._begun = file, -1, -1
        self.answered: set[str] = set()
        self.runs: dict[str, str] = {}
        self.paid = Amounts()
        self.spent: dict[str, Amounts] = {}
        if file is None:
            return
        if file.is_symlink():
            self._file = file = file.resolve()  # the link stays one
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._opened = _opened(file)
            try:
                self._lock(file)
                while not _is_at(self._opened, file):  # another batch has replaced it since
                    os.close(self._opened)
                    self._opened = _opened(file)
                    self._lock(file)
                self._take_over(file)
                self._begun = os.open(begun_file(file), os.O_RDWR | os.O_CREAT | os.O_APPEND | BINARY, 0o600)
            except BaseException:
                self.close()
                raise
        except OSError as error:
            raise ConfigError(
                f"the results cannot be written to {file} ({error.strerror}: {error.filename}); name another file with -o"
            ) from error

    def begin(self, asked: BatchQuestion, run: str) -> None:
        """The run of a question has begun.

        Raises:
            ConfigError: that cannot be written.
        """
        if self._begun >= 0 and self.runs.get(asked.id) != run:
            self._append(self._begun, Unfinished(asked.id, run))
        self.runs[asked.id] = run

    def add(self, row: BatchRow) -> None:
        """A question has ended. Its row survives the process.

        Raises:
            ConfigError: it cannot be written.
        """
        if row.is_final:
            self.answered.add(row.id)
            self.runs.pop(row.id, None)
        if self._opened >= 0:
            self._append(self._opened, row)

    def _append(self, opened: int, line: BatchRow | Unfinished) -> None:
        """Write one line.

        Raises:
            ConfigError: it cannot be written.
        """
        whole = _json.encode(line) + b"\n"
        try:
            if os.write(opened, whole) != len(whole):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise ConfigError(
                f"the results cannot be written to {self._file} ({error.strerror}); make room and start the batch again: "
                "what was paid for is kept"
            ) from error

    def close(self) -> None:
        """Close the file. Once all questions are answered, the note of what had begun is removed."""
        for opened in (self._opened, self._begun):
            if opened >= 0:
                os.close(opened)
        if self._file is not None and not self.runs and self._begun >= 0:
            begun_file(self._file).unlink(missing_ok=True)
        self._opened = self._begun = -1

    # -- an earlier attempt ----------------------------------------------------------------------------------

    def _lock(self, file: Path) -> None:
        if sys.platform == "win32":
            return
        try:
            fcntl.flock(self._opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"another batch writes its results to {file}; wait until it has ended, or name another file"
            ) from None

    def _take_over(self, file: Path) -> None:
        """Learn what an earlier attempt has left. Rows without an answer are removed: their questions are asked again."""
        is_whole = True
        for number, line in _lines(file):
            if not line.endswith(b"\n"):
                is_whole = False
            if _is_torn(line):
                continue
            row = self._known(line, number, file)
            if row.is_final and row.id not in self.answered:
                self.answered.add(row.id)
                self.paid = Amounts(*map(sum, zip(self.paid, row.paid, strict=True)))
                continue
            is_whole = False
            self.spent[row.id] = row.paid
            if row.run:
                self.runs[row.id] = row.run
        for begun in _begun_in(begun_file(file)):
            if begun.id not in self.answered and begun.id in self._questions.digests:
                self.runs[begun.id] = begun.run
        if not is_whole:
            self._write_again(file)

    def _write_again(self, file: Path) -> None:
        """Replace the file by its rows with an answer, whole or not at all."""
        unfinished, seen = file.with_name(f".{file.name}.unfinished"), set[str]()
        unfinished.unlink(missing_ok=True)
        opened = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | BINARY, 0o600)
        old, self._opened = self._opened, opened
        if sys.platform != "win32":
            os.fchmod(opened, stat.S_IMODE(os.fstat(old).st_mode))
        self._lock(unfinished)
        with os.fdopen(os.dup(opened), "wb") as copy:
            for number, line in _lines(file):
                row = None if _is_torn(line) else self._known(line, number, file)
                if row is not None and row.is_final and row.id not in seen:
                    seen.add(row.id)
                    copy.write(line.rstrip(b"\r\n") + b"\n")
        if sys.platform == "win32":  # replaces no file that is open, and has no lock to keep
            self._opened = -1
            os.close(opened)
            os.close(old)
            unfinished.replace(file)
            self._opened = os.open(file, os.O_RDWR | os.O_APPEND | BINARY)
            return
        unfinished.replace(file)
        os.close(old)

    def _known(self, line: bytes, number: int, file: Path) -> BatchRow:
        """The row of a line.

        Raises:
            ConfigError: it is not of this batch.
        """
        advice = f"name another file with -o, or remove {file}"
        try:
            row = _row_of(line)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise ConfigError(
                f"line {number} of {file} is no result of a batch ({error}); {advice}"
            ) from error
        named, of_another = (
            self._questions.named,
            f"{file} holds the results of another batch: its question {row.id!r}",
        )
        if row.id not in self._questions.digests:
            raise ConfigError(f"{of_another} is not in {named}; {advice}")
        if self._questions.digests[row.id] != digest_of(row.question):
            raise ConfigError(
                f"{of_another} is {row.question[:80]!r}, and {named} has another one under this id; {advice}"
            )
        if self._documents not in ("", row.documents):
            raise ConfigError(
                f"{file} holds answers over other documents than these; {advice}, or continue with the documents as they are now "
                "(--accept-changes, accept_changes=True)"
            )
        return row


def begun_file(results: Path) -> Path:
    """The file, beside the results, that notes which runs have begun."""
    return results.with_name(f".{results.name}.begun")


def _opened(file: Path) -> int:
    """A descriptor of the file, to read and append; it is made if it is missing.

    Raises:
        OSError: it cannot be opened.
        ConfigError: it is a pipe or a device.
    """
    opened = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | BINARY, 0o600)
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise ConfigError(
            f"{file} is no regular file, so a batch cannot continue in it; name another file with -o, or leave -o out for stdout"
        )
    return opened


def _is_at(opened: int, file: Path) -> bool:
    """Whether a path still leads to the file that was opened."""
    return file.exists() and os.path.samestat(os.fstat(opened), file.stat())


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that hold something, with their numbers."""
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if text.strip():
                yield number, text


def _is_torn(line: bytes) -> bool:
    """Whether the process ended while it wrote a line, the last one."""
    if line.endswith(b"\n"):
        return False
    try:
        _row_of(line)
    except msgspec.MsgspecError:
        return True
    return False


def _begun_in(file: Path) -> Iterator[Unfinished]:
    """The runs that an earlier attempt had begun, as far as the file can be read."""
    if not file.exists():
        return
    for _, line in _lines(file):
        try:
            yield msgspec.json.decode(line, type=Unfinished)
        except msgspec.MsgspecError:
            continue  # written while the machine went down: that question is asked from the start
