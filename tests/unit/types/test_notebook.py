from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from harlm.types.notebook import answer_html

TEXTS = st.text(st.sampled_from("<>&\"'/ab \n") | st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


class Shown(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_sources_are_a_list_and_facts_are_small() -> None:
    html = answer_html("It is 42.", [("a.txt:1", "42")], "ok · 1 call")
    assert "<li><code>a.txt:1</code> <q>42</q></li>" in html
    assert "<small>ok · 1 call</small>" in html


@given(TEXTS, st.lists(st.tuples(TEXTS, TEXTS), max_size=2), TEXTS)
def test_no_text_of_a_model_becomes_a_tag(text: str, sources: list[tuple[str, str]], facts: str) -> None:
    shown = Shown(answer_html(text, sources, facts))
    assert shown.tags == ["div", "p", "ol", *["li", "code", "q"] * len(sources), "small"]
    assert shown.text == text + "".join(f"{place} {quote}" for place, quote in sources) + facts
