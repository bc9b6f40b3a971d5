"""Writes a run as one file of HTML that needs nothing else: the same page, with the run inside."""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress
from pathlib import Path

import msgspec

from harlm.config import Config
from harlm.errors import TraceError
from harlm.viewer.app import asset
from harlm.viewer.lines import blob_of, read_blob, stored_fields
from harlm.viewer.reading import RunReading
from harlm.viewer.shapes import Story
from harlm.viewer.sources import CitedSource, cited_source

_MOST = 24 << 20  # characters of texts that a report holds
_LONGEST = 40_000  # characters of one text
_MOST_SOURCES, _AROUND = 100, 4_000  # citations whose sources are held, and characters on both sides
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""What could end the element that holds the data, or a line of it."""


class ReportData(msgspec.Struct, kw_only=True):
    """What a report holds: a story, the texts of its events by ``seq``, as far as there is room, and the sources of its citations by
    their numbers, as far as they can be read.
    """

    story: Story
    events: dict[str, dict[str, object]]
    sources: dict[str, CitedSource] = {}


def report_html(folder: Path, config: Config) -> str:
    """A run as a page of HTML.

    Raises:
        TraceError: the page was not built into this installation.
    """
    reading = RunReading(folder)
    reading.follow()
    data = ReportData(story=reading.story.whole(), events=_texts(reading))
    data.sources = _sources(reading, config)
    return page_with(data)


def _texts(reading: RunReading) -> dict[str, dict[str, object]]:
    """First the texts of cells and replies, then those of prompts, until there is no room."""
    spans, offsets = reading.story.whole().spans, reading.story.offsets
    wanted = [span.got for span in spans] + [span.sent for span in spans if span.kind == "cell"]
    wanted += [span.sent for span in spans if span.kind != "cell"]
    known = {seq: offsets[seq] for seq in dict.fromkeys(wanted) if seq in offsets}
    texts: dict[str, dict[str, object]] = {}
    room = _MOST
    for seq, fields in stored_fields(reading.folder, known):
        shown = {
            name: _cut(_whole(reading.folder, value)) for name, value in fields.items() if name not in _UNSEEN
        }
        room -= len(msgspec.json.encode(shown))
        if room < 0:
            break
        texts[str(seq)] = shown
    return texts


def _sources(reading: RunReading, config: Config) -> dict[str, CitedSource]:
    sources: dict[str, CitedSource] = {}
    for number, citation in enumerate(reading.story.head.citations[:_MOST_SOURCES]):
        with suppress(TraceError):  # the report then shows the quote alone
            sources[str(number)] = cited_source(reading.folder, citation, config, around=_AROUND)
    return sources


def page_with(data: ReportData) -> str:
    """The page with its script, its style and its data inside, and a policy that lets nothing else run."""
    try:
        script, style = asset("viewer.js").decode(), asset("viewer.css").decode()
    except OSError as error:
        raise TraceError(
            f"the page is missing from this installation: {error}; install harlm again"
        ) from error
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>HARLM run {data.story.head.run}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<div id="app"></div>\n<script type="application/json" id="data">{_escaped(data)}</script>\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


_UNSEEN = frozenset({"v", "run", "node", "parent", "key", "ordinal"})


def _whole(folder: Path, value: object) -> object:
    there = blob_of(value)
    if there is None:
        return value
    try:
        return read_blob(folder, there[0])
    except TraceError:
        return value


def _cut(value: object) -> object:
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"{value[:_LONGEST]}\n… ({len(value) - _LONGEST:,} more characters are not in this report)"
    if isinstance(value, list):
        return [_cut(each) for each in value]
    if isinstance(value, dict):
        return {name: _cut(each) for name, each in value.items()}
    return value


def _escaped(data: ReportData) -> str:
    text = msgspec.json.encode(data).decode()
    for sign, escape in _ESCAPED.items():
        text = text.replace(sign, escape)
    return text


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
