"""How an answer looks in a notebook."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape


def answer_html(text: str, sources: Iterable[tuple[str, str]], facts: str) -> str:
    """An answer as HTML. Everything is escaped, since a model wrote it.

    Args:
        text: the answer; its line ends are kept.
        sources: the place and the quote of each citation.
        facts: one line on how the answer was made.
    """
    items = (f"<li><code>{escape(place)}</code> <q>{escape(quote)}</q></li>" for place, quote in sources)
    return (
        f'<div class="harlm"><p style="white-space:pre-wrap">{escape(text)}</p>'
        f"<ol>{''.join(items)}</ol><small>{escape(facts)}</small></div>"
    )
