"""Results: the same in structure and in text, and never longer than an agent takes."""

from __future__ import annotations

import msgspec
import pytest

from harlm.server.mcp.results import (
    LONGEST_ANSWER,
    AskResult,
    EstimateResult,
    LinesRead,
    ModeEstimate,
    SearchResult,
    cut,
    dollars,
    quotes_of,
)
from harlm.types import Answer, Citation, Latency, Usage


def citation(quote: str = "Only billing", place: str = "docs/tls.md:3") -> Citation:
    return Citation(source="tls.md", start=0, end=len(quote), line=3, page=None, place=place, quote=quote)


def answer(text: str = "billing", **fields: object) -> Answer:
    how: dict[str, object] = {
        "citations": (citation(),),
        "usage": Usage(calls=2, input_tokens=100, output_tokens=20, cost_micros=1_234),
        "latency": Latency(wall_s=1.23456, critical_path_s=1.0, parallelism=1.0),
        "run_id": "01JZ5W3Y8K9QXW7RB2M4N6P8ST",
    }
    return Answer(text=text, **(how | fields))  # type: ignore[arg-type] # as each test says


def test_an_answer_has_its_sources_and_figures_in_text_and_structure() -> None:
    result = AskResult.of(answer())
    assert (result.calls, result.tokens, result.cost_usd, result.seconds) == (2, 120, 0.001234, 1.235)
    text = result.as_text()
    assert text.startswith("billing\n\nSources:\n- docs/tls.md:3: “Only billing”")
    assert "2 calls · 120 tokens · $0.0012 · 1.2 s · run 01JZ5W3Y8K9QXW7RB2M4N6P8ST" in text


def test_a_partial_answer_says_so_first() -> None:
    text = AskResult.of(answer(status="partial"), "the budget of $0.10 is spent").as_text()
    assert text.startswith("PARTIAL ANSWER, stopped by: the budget of $0.10 is spent\n\nbilling")


def test_a_confidence_is_shown_if_there_is_one() -> None:
    assert "confidence 87%" in AskResult.of(answer(confidence=0.87)).as_text()
    assert "confidence" not in AskResult.of(answer()).as_text()


def test_a_price_that_is_unknown_is_said_so() -> None:
    result = AskResult.of(answer(usage=Usage(calls=1, cost_micros=None)))
    assert result.cost_usd is None
    assert "price unknown" in result.as_text()


def test_a_long_answer_is_cut_and_says_where_the_rest_is() -> None:
    result = AskResult.of(answer("x" * (LONGEST_ANSWER + 7)))
    assert result.answer.endswith(
        "… [7 more characters; `harlm runs show 01JZ5W3Y8K9QXW7RB2M4N6P8ST` prints the rest]"
    )
    assert len(result.answer) < LONGEST_ANSWER + 200


def test_many_long_quotes_are_bounded() -> None:
    quotes = quotes_of([citation("q" * 5_000)] * 500)
    assert len(quotes) == 50
    assert all(len(each.quote) < 600 for each in quotes)


def test_a_quote_over_lines_is_one_line_of_text() -> None:
    (quote,) = quotes_of([citation("one\n  two")])
    assert quote.as_line() == "- docs/tls.md:3: “one two”"
    assert quote.quote == "one\n  two"


def test_a_search_without_hits_says_so() -> None:
    found = SearchResult(corpus="docs", documents=3, passages=())
    assert found.as_text() == "Nothing in the 3 documents of docs has a word of the query."


def test_lines_that_are_left_are_named() -> None:
    read = LinesRead(
        corpus="docs", document="a.md", start_line=1, end_line=2, lines=9, text="a\nb", next_line=3,
        left="lines 3 to 9 are left; read on from start_line 3",
    )  # fmt: skip
    assert read.as_text() == (
        "[a.md:1-2 of 9 lines]\na\nb\n[lines 3 to 9 are left; read on from start_line 3]"
    )


def test_an_estimate_names_the_mode_and_what_is_in_the_way() -> None:
    def mode(name: str, obstacle: str = "", usd: float | None = 0.01) -> ModeEstimate:
        return ModeEstimate(
            mode=name, obstacle=obstacle, expected_usd=usd, worst_usd=usd, calls=2, tokens=10, seconds=4
        )

    modes = (mode("direct", "it does not fit"), mode("full"), mode("repl", usd=None))
    text = EstimateResult(
        mode="full",
        tokens=4_200,
        limit_usd=1.0,
        beyond_limit=True,
        root="openai/m",
        sub="openai/m",
        modes=modes,
    ).as_text()
    assert "4,200 tokens · openai/m · limit $1.00 · a run would use full" in text
    assert "- direct: cannot be used: it does not fit" in text
    assert "- full: $0.0100, at worst $0.0100; 2 calls, about 4 s" in text
    assert "- repl: price unknown; 2 calls" in text
    assert "above the limit" in text


@pytest.mark.parametrize(
    ("usd", "text"), [(None, "price unknown"), (0, "$0.0000"), (0.01234, "$0.0123"), (1234.5, "$1,234.50")]
)
def test_sums_of_money(usd: float | None, text: str) -> None:
    assert dollars(usd) == text


def test_a_text_is_cut_only_if_it_is_too_long() -> None:
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "abc… [1 more characters]"


def test_results_are_json() -> None:
    encoded = msgspec.json.encode(AskResult.of(answer(data={"rows": [1, None]})))
    assert msgspec.json.decode(encoded)["data"] == {"rows": [1, None]}
