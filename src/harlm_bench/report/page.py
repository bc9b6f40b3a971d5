"""A report as one HTML file that loads nothing from anywhere and runs no script: tables, and plots beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from importlib.resources import files

from harlm_bench.report.sections import Chapter, Section
from harlm_bench.report.tables import Cell, Row, Table

_BETWEEN = " · "  # of the parts of a field, each shown on a line of its own


def page(chapters: Sequence[Chapter], title: str) -> str:
    """The text of the file."""
    style = files("harlm_bench.report").joinpath("page.css").read_text(encoding="utf-8")
    kinds = ", ".join(dict.fromkeys(chapter.label.name for chapter in chapters))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)} ({escape(kinds)})</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        f"<header><h1>{escape(title)}</h1>{_contents(chapters)}</header>\n"
        + "\n".join(_chapter(place, chapter) for place, chapter in enumerate(chapters))
        + "\n</main>\n</body>\n</html>\n"
    )


def _contents(chapters: Sequence[Chapter]) -> str:
    links = "".join(
        f'<li><a href="#c{place}"><b class="kind {_slug(chapter.label.kind)}">{chapter.label.name}</b> '
        f"{escape(chapter.label.detail)}</a></li>"
        for place, chapter in enumerate(chapters)
    )
    return f'<nav aria-label="What was measured on what"><ul>{links}</ul></nav>'


def _chapter(place: int, chapter: Chapter) -> str:
    kind = chapter.label.kind
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in chapter.facts if text)
    return (
        f'<article id="c{place}" class="{_slug(kind)}">\n'
        f'<h2><b class="kind {_slug(kind)}">{chapter.label.name}</b> {escape(chapter.label.detail)}</h2>\n'
        + "".join(f'<p class="warning">{escape(warning)}</p>\n' for warning in chapter.warnings)
        + "\n".join(_section(section) for section in chapter.sections)
        + (f"\n<details><summary>How it was made</summary><dl>{facts}</dl></details>" if facts else "")
        + "\n</article>"
    )


def _section(section: Section) -> str:
    plots = "".join(f"<figure>{plot}</figure>" for plot in section.plots)
    table = "" if section.table is None else _table(section.table)
    return f"<section>{plots}{table}</section>"


def _table(table: Table) -> str:
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in table.notes)
    title = f"<h3>{escape(table.heading)}</h3>"
    if not table.rows:
        return title + notes
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    body = "".join(_row(row, has_bars=table.id == "main") for row in table.rows)
    return (
        f'{title}<div class="wide"><table id="{table.id}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        + notes
    )


def _row(row: Row, *, has_bars: bool) -> str:
    kind = ' class="ours"' if row.is_ours else ""
    cells = "".join(_cell(cell, has_bar=has_bars) for cell in row.cells)
    return f'<tr{kind}><th scope="row">{escape(row.head)}</th>{cells}</tr>'


def _cell(cell: Cell, *, has_bar: bool) -> str:
    kinds = [name for name, is_so in (("quiet", cell.is_quiet), ("number", cell.value is not None)) if is_so]
    attribute = f' class="{" ".join(kinds)}"' if kinds else ""
    main, *more = cell.text.split(_BETWEEN)
    figure, bracket, rest = main.partition(" [")
    shown = f"<span>{escape(figure)}</span>"
    if bracket:
        interval, _, said = rest.partition("]")
        shown += f" <small>[{escape(interval)}]{escape(said)}</small>"
    bar = _bar(cell) if has_bar else ""
    return f"<td{attribute}>{shown}{bar}{''.join(f'<small>{escape(each)}</small>' for each in more)}</td>"


def _bar(cell: Cell) -> str:
    """The interval on a line from 0 to 100."""
    if cell.value is None or cell.low is None or cell.high is None:
        return ""
    wide = max(1.0, cell.high - cell.low)
    return (
        f'<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="b-all" x="0" y="3" width="100" height="2"/>'
        f'<rect class="b-range" x="{cell.low:.1f}" y="2" width="{wide:.1f}" height="4"/>'
        f'<rect class="b-value" x="{max(0.0, cell.value - 0.8):.1f}" y="0" width="1.6" height="8"/></svg>'
    )


def _slug(kind: str) -> str:
    return re.sub(r"[^a-z]+", "-", kind.lower())
