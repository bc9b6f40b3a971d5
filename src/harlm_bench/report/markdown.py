"""A report as Markdown: all tables and no plots."""

from __future__ import annotations

from collections.abc import Sequence

from harlm_bench.report.sections import Chapter
from harlm_bench.report.tables import Table


def markdown(chapters: Sequence[Chapter], plots_in: str = "") -> str:
    """The text of a report.

    Args:
        chapters: what it says.
        plots_in: the name of the file with the plots; empty if there is none.
    """
    kinds = ", ".join(dict.fromkeys(chapter.label.name for chapter in chapters))
    parts = [f"# Results ({kinds})"]
    if plots_in:
        parts.append(f"Plots: [{plots_in}]({plots_in})")
    for chapter in chapters:
        parts.append(f"## {chapter.label}")
        parts += [f"> {warning}" for warning in chapter.warnings]
        if chapter.facts:
            parts.append("\n".join(f"- **{name}**: {text}" for name, text in chapter.facts if text))
        parts += [table_text(section.table) for section in chapter.sections if section.table is not None]
    return "\n\n".join(parts) + "\n"


def table_text(table: Table) -> str:
    """One table under its heading."""
    lines = [f"### {_plain(table.heading)}", ""]
    if table.rows:
        lines += [_row(table.columns), "|" + "---|" * len(table.columns)]
        for row in table.rows:
            head = f"**{_plain(row.head)}**" if row.is_ours else _plain(row.head)
            lines.append(_row((head, *(_plain(cell.text) for cell in row.cells))))
        lines.append("")
    lines += [f"{_plain(note)}  " for note in table.notes]
    return "\n".join(lines).rstrip()


def _row(fields: Sequence[str]) -> str:
    return f"| {' | '.join(fields)} |"


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")
