from __future__ import annotations

import re
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
    assert re.search(r"<li><code>a\.txt:1</code><blockquote[^>]*>42</blockquote></li>", html)
    assert "<small>ok · 1 call</small>" in html


def test_a_cited_place_shows_its_quote_when_pointed_at() -> None:
    html = answer_html("It is 42 [a.txt:1], not [b.txt:2].", [("a.txt:1", 'the "answer"')], "")
    assert '<code title="the &quot;answer&quot;">[a.txt:1]</code>, not [b.txt:2].' in html


def test_an_answer_without_sources_has_no_list() -> None:
    assert Shown(answer_html("no", [], "facts")).tags == ["div", "p", "small"]


def test_many_and_long_quotes_are_bounded() -> None:
    html = answer_html("x", [(f"a.txt:{at}", "q" * 10_000) for at in range(200)], "")
    assert html.count("<li>") == 50
    assert "and 150 more" in html
    assert len(html) < 60_000


def test_what_hides_or_reorders_text_is_written_out() -> None:
    html = answer_html("safe\u202etxt.exe\x1b[31m", [], "")
    assert "safe\\u202etxt.exe\\u001b[31m" in html


def test_a_drawing_stands_between_sources_and_facts() -> None:
    html = answer_html("x", [("a:1", "q")], "facts", "<figure></figure>")
    assert html.index("</ol>") < html.index("<figure>") < html.index("facts")


@given(TEXTS, st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=2), TEXTS)
def test_no_text_of_a_model_becomes_a_tag(text: str, sources: list[tuple[str, str]], facts: str) -> None:
    cited = f"{text} [{sources[0][0]}]"
    shown = Shown(answer_html(cited, sources, facts))
    tags = [tag for tag in shown.tags if tag != "code"]
    assert tags == ["div", "p", "div", "ol", *["li", "blockquote"] * len(sources), "small"]
    assert shown.text == cited + "".join(f"{place}{quote}" for place, quote in sources) + facts
