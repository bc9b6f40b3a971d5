"""Writes a report: one Markdown file, one HTML file, one JSON file. Their names say so if anything in them is simulated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from harlm.errors import ContextError
from harlm_bench.journal import Journal
from harlm_bench.labels import Label
from harlm_bench.report.groups import grouped
from harlm_bench.report.markdown import markdown
from harlm_bench.report.page import page
from harlm_bench.report.sections import chapters

TITLE = "HARLM: results"
_FORMAT = 1


def named(file: str, labels: Sequence[Label]) -> str:
    """The name of a file with figures of these labels, such as ``simulated-report.md``."""
    return f"simulated-{file}" if any(label.is_simulated for label in labels) else file


def write_report(journals: Sequence[Journal], folder: Path) -> tuple[Path, ...]:
    """Write ``report.md``, ``report.html`` and ``report.json`` into a folder.

    Returns:
        their paths.

    Raises:
        ConfigError: a journal is empty, or two contradict each other.
        ContextError: the files cannot be written.
    """
    groups = grouped(journals)
    labels = [group.label for group in groups]
    found = chapters(groups)
    html = named("report.html", labels)
    data = {
        "format": _FORMAT,
        "chapters": [
            {
                "label": chapter.label,
                "facts": dict(chapter.facts),
                "warnings": chapter.warnings,
                "tables": [section.table for section in chapter.sections if section.table is not None],
            }
            for chapter in found
        ],
        "headers": [journal.headers for journal in journals],
    }
    texts = {
        named("report.md", labels): markdown(found, html),
        html: page(found, TITLE),
        named("report.json", labels): msgspec.json.format(msgspec.json.encode(data), indent=1).decode()
        + "\n",
    }
    return tuple(_write(folder / name, text) for name, text in texts.items())


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ContextError(
            f"{str(path)!r} cannot be written ({error.strerror}); name another folder with --out"
        ) from error
    return path
