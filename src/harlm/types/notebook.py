"""How an answer looks in a notebook: without scripts, and in the colours of the page, so that it may be light or dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from harlm.patterns import lazy_pattern

_HIDDEN = lazy_pattern("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_BRACKETS = lazy_pattern(r"\[([^\[\]\n]{1,500})\]")
_MOST_SOURCES = 50
_LONGEST_QUOTE = 600  # characters
_BOX = "border-left:3px solid rgba(127,127,127,.5);padding:.1em .8em;margin:.4em 0"
_QUOTE = "margin:.2em 0 .6em 0;opacity:.85;white-space:pre-wrap"


def answer_html(text: str, sources: Sequence[tuple[str, str]], facts: str, drawing: str = "") -> str:
    """An answer as HTML. Everything is escaped, since a model wrote it, and characters that hide or reorder text are written out.

    Args:
        text: the answer; its line ends are kept. The places that it cites show their quotes when pointed at.
        sources: the place and the quote of each citation.
        facts: one line on how the answer was made.
        drawing: HTML of a drawing of the run; empty for none.
    """
    quotes = dict(reversed(sources))
    return (
        f'<div class="harlm" style="max-width:60em"><p style="white-space:pre-wrap">{_with_quotes(text, quotes)}</p>'
        f"{_list_of(sources)}{drawing}<small>{_shown(facts)}</small></div>"
    )


def _list_of(sources: Sequence[tuple[str, str]]) -> str:
    if not sources:
        return ""
    items = "".join(
        f'<li><code>{_shown(place)}</code><blockquote style="{_QUOTE}">{_shown(_cut(quote))}</blockquote></li>'
        for place, quote in sources[:_MOST_SOURCES]
    )
    more = len(sources) - _MOST_SOURCES
    rest = f"<small>and {more:,} more</small>" if more > 0 else ""
    return f'<div style="{_BOX}"><ol>{items}</ol>{rest}</div>'


def _with_quotes(text: str, quotes: Mapping[str, str]) -> str:
    """The text, with each place that has a quote marked."""
    pieces, end = [], 0
    for match in _BRACKETS.finditer(text):
        quote = quotes.get(match[1])
        if quote is None:
            continue
        pieces.append(_shown(text[end : match.start()]))
        pieces.append(f'<code title="{_shown(_cut(quote))}">{_shown(match[0])}</code>')
        end = match.end()
    return "".join((*pieces, _shown(text[end:])))


def _cut(quote: str) -> str:
    return quote if len(quote) <= _LONGEST_QUOTE else f"{quote[:_LONGEST_QUOTE]}…"


def _shown(text: str) -> str:
    return escape(_HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text))
