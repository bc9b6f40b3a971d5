"""Delivers an answer: to stdout or to a file, as text, Markdown or JSON.

A run is paid for before its answer is written. So an output file is checked before the run, and a later
failure says where the answer is stored.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from harlm.cli.printing import json_text, show_as_it_is, show_json
from harlm.cli.streams import StdoutFailed
from harlm.errors import ConfigError
from harlm.tracing.report import report_of
from harlm.types import Answer


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


def deliver(answer: Answer, style: str, output: Path | None) -> None:
    """Print an answer, or write it to a file, whole or not at all.

    Args:
        answer: the answer.
        style: ``text``, ``md`` or ``json``.
        output: the file; ``None`` for stdout.

    Raises:
        ConfigError: the file cannot be written.
        StdoutFailed: stdout cannot be written.
    """
    if output is not None:
        try:
            _write(output, f"{_rendered(answer, style)}\n".encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise ConfigError(_kept(answer, repr(str(output)), error.strerror)) from error
    elif style == "json":
        show_json(report_of(answer))
    else:
        show_as_it_is(_rendered(answer, style))


def undelivered(answer: Answer, failure: StdoutFailed) -> Exception:
    """The error to raise if an answer could not be printed: ``failure`` itself if the reader closed the
    pipe.
    """
    return failure if failure.reader_left else ConfigError(_kept(answer, "stdout", failure.reason))


def _kept(answer: Answer, where: str, reason: str | None) -> str:
    return f"the answer cannot be written to {where} ({reason}); it is kept: harlm runs show {answer.run_id}"


def _rendered(answer: Answer, style: str) -> str:
    if style == "json":
        return json_text(report_of(answer))
    if style == "md" and answer.citations:
        sources = "\n".join(
            f"- `{each.place}`: “{' '.join(each.quote.split())}”" for each in answer.citations
        )
        return f"{answer.text}\n\n**Sources**\n\n{sources}"
    return answer.text


def _write(output: Path, data: bytes) -> None:
    if not _is_replaced(output):
        output.write_bytes(data)
        return
    target = output.resolve()  # a symbolic link stays one
    unfinished = _unfinished(output)
    try:
        unfinished.write_bytes(data)
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
    return output.is_file() and os.access(output, os.W_OK) and os.access(output.resolve().parent, os.W_OK)


def _unfinished(output: Path) -> Path:
    return output.resolve().with_name(f".harlm-{os.getpid()}.unfinished")
