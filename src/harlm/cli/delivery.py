"""Delivers an answer: to stdout or to a file, as text, Markdown or JSON.

A run is paid for before its answer is written. So an output file is checked before the run, and an answer that
cannot be written where it was sent is printed elsewhere.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from harlm.cli.printing import json_text, say, show_as_it_is, show_json
from harlm.cli.streams import StdoutFailed
from harlm.errors import ConfigError, TraceError
from harlm.tracing.jsonl import RunFolder
from harlm.tracing.report import report_of
from harlm.types import Answer
from harlm.visible import harmless


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Why an answer did not arrive where it was sent.

    Attributes:
        where: the file, or ``stdout``.
        error: the failure.
    """

    where: str
    error: OSError | StdoutFailed

    @property
    def reader_left(self) -> bool:
        """Whether stdout was a pipe that its reader closed, as ``head`` does."""
        return isinstance(self.error, StdoutFailed) and self.error.reader_left

    def __str__(self) -> str:
        reason = self.error.reason if isinstance(self.error, StdoutFailed) else self.error.strerror
        return f"the answer cannot be written to {self.where} ({reason or self.error})"


def refuse_unwritable(output: Path) -> None:
    """Check that an answer can be written to ``output``, without changing an existing file.

    Raises:
        ConfigError: it cannot be written.
    """
    try:
        if _is_replaced(output):
            unfinished = _unfinished(output)
            unfinished.touch(exist_ok=False)
            unfinished.unlink()
        elif not os.access(output, os.W_OK):
            raise PermissionError(None, "Permission denied")
    except OSError as error:
        raise ConfigError(
            f"the answer cannot be written to {str(output)!r} ({error.strerror}), so nothing was asked; "
            "name another file with -o"
        ) from error


def deliver(answer: Answer, style: str, output: Path | None) -> Undelivered | None:
    """Print an answer, or write it to a file, whole or not at all.

    Args:
        answer: the answer.
        style: ``text``, ``md`` or ``json``.
        output: the file; ``None`` for stdout.

    Returns:
        ``None``, or why the answer did not arrive.
    """
    try:
        if output is not None:
            _write(output, f"{_rendered(answer, style)}\n")
        elif style == "json":
            show_json(report_of(answer))
        else:
            show_as_it_is(_rendered(answer, style), answer.citations)
    except (OSError, StdoutFailed) as error:
        return Undelivered("stdout" if output is None else repr(str(output)), error)
    return None


def rescue(answer: Answer, style: str, failure: Undelivered, runs: Path) -> Exception:
    """Print an answer that was not delivered: on stdout, or else on stderr.

    An answer whose reader left is not printed if the run is stored.

    Args:
        answer: the answer.
        style: as for ``deliver``.
        failure: what ``deliver`` returned.
        runs: the folder of stored runs.

    Returns:
        The error to raise.
    """
    is_stored = _is_stored(runs / answer.run_id)
    if failure.reader_left and is_stored:
        return failure.error
    place = "stdout"
    if failure.where == "stdout" or deliver(answer, style, None) is not None:
        place = "stderr"
        say(_rendered(answer, style))
    kept = f"it is kept: harlm runs show {answer.run_id}" if is_stored else "the run could not be stored"
    return ConfigError(f"{failure}, so it is printed on {place}; {kept}")


def _is_stored(run: Path) -> bool:
    """Whether ``harlm runs show`` finds the answer of a run."""
    try:
        result = RunFolder(run).result
    except (TraceError, OSError):
        return False
    return result is not None and result.answer is not None


def _rendered(answer: Answer, style: str) -> str:
    if style == "json":
        return json_text(report_of(answer))
    if style == "md" and answer.citations:
        sources = "\n".join(
            f"- `{each.place}`: “{' '.join(each.quote.split())}”" for each in answer.citations
        )
        return f"{answer.text}\n\n**Sources**\n\n{sources}"
    return answer.text


def _write(output: Path, text: str) -> None:
    if not _is_replaced(output):
        with output.open("wb") as file:
            file.write(_encoded(harmless(text) if file.isatty() else text))
        return
    target = _target(output)
    unfinished = _unfinished(output)
    try:
        unfinished.write_bytes(_encoded(text))
        if target.exists():
            shutil.copymode(target, unfinished)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _is_replaced(output: Path) -> bool:
    """Whether writing replaces the file by a new one. Devices, pipes, read-only files, and files in a
    read-only folder are not replaced but written in place.
    """
    if not output.exists():
        return True
    return output.is_file() and os.access(output, os.W_OK) and os.access(_target(output).parent, os.W_OK)


def _unfinished(output: Path) -> Path:
    return _target(output).with_name(f".harlm-{os.getpid()}.unfinished")


def _target(output: Path) -> Path:
    """The file behind a symbolic link, which stays a link. ``Path.resolve`` raises for a link to itself."""
    return Path(os.path.realpath(output))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
