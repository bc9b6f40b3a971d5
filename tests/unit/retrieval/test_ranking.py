from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.retrieval.index import open_index
from harlm.retrieval.ranking import MOST_WORDS, Query, rank_passages, rank_sentences, weighed_query
from harlm.retrieval.sentences import Layout
from harlm.retrieval.terms import stems_of

FILLER = "Nothing of interest is said in this sentence about the weather. " * 8
TEXTS = [
    f"{FILLER}\n\nThe bridge was designed by Ada Lovett. She drew it in 1851. {FILLER}",
    f"The bridge is long. {FILLER}",
    f"Ada Lovett was a painter. {FILLER}",
]
NAMES = ["bridges/history.txt", "bridges/size.txt", "people/lovett.txt"]


def test_weights_sum_to_one_and_rare_words_weigh_more() -> None:
    with open_index(TEXTS) as index:
        weights = weighed_query("Who designed the bridge in the weather?", index).weights
    assert sum(weights.values()) == pytest.approx(1.0)
    assert weights["design"] > weights["weather"]


def test_coverage_counts_words_their_forms_and_their_beginnings() -> None:
    query = Query("who wrote the astronomy book", lambda _: 1.0)
    assert query.coverage({"wrote", "astronomi", "book"}) == pytest.approx(1.0)
    assert 0 < query.coverage({"author"}) < query.coverage({"wrote"})
    assert query.coverage({"astronomo"}) > 0
    assert query.coverage({"unrelated"}) == 0.0


def test_the_sentence_that_holds_most_of_the_question_is_the_best_of_its_passage() -> None:
    with open_index(TEXTS) as index:
        found = rank_passages("Who designed the bridge?", 3, index=index, texts=TEXTS, names=NAMES)
    best = found[0]
    assert best.text == 0
    assert TEXTS[0][slice(*best.best)] == "The bridge was designed by Ada Lovett."


def test_the_name_of_a_text_counts() -> None:
    texts = [f"The total is high. {FILLER}", f"The total is high. {FILLER}"]
    with open_index(texts) as index:
        found = rank_passages("total in paris", 2, index=index, texts=texts, names=["rome.txt", "paris.txt"])
    assert found[0].text == 1


def test_at_most_k_passages_are_found_and_none_for_unknown_words() -> None:
    with open_index(TEXTS) as index:
        assert len(rank_passages("weather", 2, index=index, texts=TEXTS, names=NAMES)) == 2
        assert rank_passages("zzzz", 5, index=index, texts=TEXTS, names=NAMES) == []
        assert len(rank_passages("weather interest", 100, index=index, texts=TEXTS, names=NAMES)) <= len(
            index
        )


def test_of_a_long_question_the_rarest_words_that_occur_count() -> None:
    unknown = " ".join(f"unknown{number}" for number in range(500))
    with open_index(TEXTS) as index:
        for question in (f"{unknown} painter", f"painter {unknown}"):
            query = weighed_query(question, index)
            assert list(query.weights) == ["painter"]
            assert rank_passages(question, 1, index=index, texts=TEXTS, names=NAMES)[0].text == 2
        assert len(weighed_query(unknown, index).weights) == MOST_WORDS


def test_a_long_question_keeps_its_heaviest_words_in_their_order() -> None:
    words = [f"w{number}" for number in range(200)]
    query = Query(" ".join(words), lambda stem: float(stem[1:]))
    assert list(query.weights) == words[-MOST_WORDS:]
    assert query.words == words[-MOST_WORDS:]


def test_sentences_stay_in_order() -> None:
    ranked = rank_sentences(Query("bridge", lambda _: 1.0), "First. The bridge. Last.")
    assert [each.start for each in ranked] == sorted(each.start for each in ranked)
    assert ranked[1].coverage == pytest.approx(1.0)


_WORDS = st.sampled_from(
    """study studies studied studio studious die dies dying write wrote written author authors using use us user
    happy happily happiness plan planned planning size sized STRASSE straße snake_case case_study 2014
    café cafe e-mail email getName 退款 किताब 1.0.21 the of a i x relate relational conditional rational biology""".split()
)
_TEXT = st.lists(st.one_of(_WORDS, st.text("aeiouySß_'. 1", max_size=8)), max_size=30).map(" ".join)


@given(_TEXT, _TEXT)
def test_words_of_a_question_are_found_without_stemming_all_others(question: str, text: str) -> None:
    query = Query(question, lambda _: 1.0)
    best: dict[str, float] = {}
    for at, shares in query.occurrences(text):
        assert at < len(text)
        for asked, share in shares:
            best[asked] = max(share, best.get(asked, 0.0))
    assert best == query.matches(filter(None, stems_of(text)))


def test_offsets_are_right_after_a_letter_that_is_two_in_lower_case() -> None:
    text = "İzmir and İstanbul have a bridge."
    (at, _), *_ = Query("bridges", lambda _: 1.0).occurrences(text)
    assert text[at:] == "bridge."


def best_of(text: str, question: str, layout: Layout | None = None) -> str:
    with open_index([text]) as index:
        layouts = None if layout is None else [layout]
        found = rank_passages(question, 1, index=index, texts=[text], names=["a.txt"], layouts=layouts)
    return text[slice(*found[0].best)] if found else ""


@pytest.mark.parametrize(
    ("text", "question", "best"),
    [
        (
            "The sales guidelines stand.\nThe EU and WHO guidelines stay.",
            "WHO guidelines",
            "The EU and WHO guidelines stay.",
        ),
        ("It is slow.\nIT is slow.", "IT slow", "IT is slow."),
        (
            "Version 1.21.0 is out.\nVersion 1.0.2 is out.\nVersion 1.0.21 is out.",
            "version 1.0.21",
            "Version 1.0.21 is out.",
        ),
        ("The C course.\nThe C# course.\nThe C++ course.", "C++ course", "The C++ course."),
        ("see 12 of them\nsee § 12 of it", "§ 12", "see § 12 of it"),
        ("We ship 🚀 now.\nIf a != b, stop.", "!=", "If a != b, stop."),
        ("We ship 🚀 now.\nIf a != b, stop.", "🚀", "We ship 🚀 now."),
        ("none\ndie Haftpflichtversicherung gilt", "Versicherung", "die Haftpflichtversicherung gilt"),
        ("我有一只猫。他有一条狗。", "猫", "我有一只猫。"),
        ("내일은 날씨가 좋다.\n다음 회의는 서울에서 열린다.", "서울 회의", "다음 회의는 서울에서 열린다."),
        ("Our sites differ.\nMalmö opens in May.", "Malmo opening", "Malmö opens in May."),
        ("max_retry = 3\ngetUserProfile()", "get_user_profile", "getUserProfile()"),
    ],
)
def test_the_best_sentence_has_the_words_as_they_were_asked(text: str, question: str, best: str) -> None:
    assert best_of(text, question) == best


def test_of_a_long_line_the_part_round_the_words_is_best() -> None:
    line = "function f(a){return a*592};" * 100
    text = f"{line}function computeInvoiceTotal(x){{return x}}{line}"
    for question in ("computeInvoiceTotal", "invoice total", "voiceTot"):
        best = best_of(text, question)
        assert "computeInvoiceTotal" in best
        assert len(best) <= 300


def test_a_signed_or_joined_word_covers_its_parts() -> None:
    query = Query("part-time work", lambda _: 1.0)
    assert query.coverage(["parttim", "work"]) == pytest.approx(query.coverage(["part", "time", "work"]))


def test_the_layout_of_a_text_keeps_its_lines_apart() -> None:
    text = "the first of the two lines is about the harbour and all\nthe second of the two lines is about the lighthouse. So."
    assert "harbour" in best_of(text, "lighthouse")
    assert "harbour" not in best_of(text, "lighthouse", Layout(has_prose=False))
