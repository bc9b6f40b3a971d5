from __future__ import annotations

import pytest

from harlm.guest.combinators.evidence import (
    ELSEWHERE,
    MISSING,
    NEARBY,
    NOTHING,
    PROVEN,
    UNPROVEN,
    CheckedReply,
    ask,
    checked,
    cited,
    names_any,
    parts_of,
)
from harlm.guest.combinators.leaf import LeafFailed
from harlm.guest.combinators.passages import Excerpt
from harlm.guest.combinators.wording import read_question
from tests.support.reading_host import ReadingHost, form

TEXT = (
    "The key of gate-17 is 4411.\nThe key of gate-18 is 9922.\n" + "Nothing happens.\n" * 40 + "It is 5533.\n"
)


def _checked(
    reply: str, question: str = "What is the key of gate-17?", text: str = TEXT, about: str = ""
) -> CheckedReply:
    context = ReadingHost({"notes.txt": text}, lambda prompt, role: "").context
    return checked(read_question(question), reply, [Excerpt(context, 0, len(text))], about)


@pytest.mark.parametrize(
    ("answer", "quote", "support"),
    [
        ("4411", "The key of gate-17 is 4411.", PROVEN),
        ("4412", "The key of gate-17 is 4411.", NEARBY),
        ("5533", "It is 5533.", NEARBY),
        ("4411", "The key of gate-17 is 4444.", UNPROVEN),
        ("4411", "", UNPROVEN),
        ("", "The key of gate-17 is 4411.", MISSING),
        ("unknown", "The key of gate-17 is 4411.", MISSING),
    ],
)
def test_how_well_an_answer_is_supported(answer: str, quote: str, support: int) -> None:
    assert _checked(form(answer, quote)).support == support


def test_a_passage_about_something_else_supports_little() -> None:
    assert (
        _checked(form("9922", "The key of gate-18 is 9922."), text="The key of gate-18 is 9922.").support
        == ELSEWHERE
    )
    assert _checked(form("9922", "The key of gate-18 is 9922."), about="gate-18").support == PROVEN


def test_words_that_say_nothing_are_an_answer_if_the_quote_has_them() -> None:
    found = _checked(form("None", "port = None"), "What is the port set to?", "port = None")
    assert (found.answer, found.support) == ("None", PROVEN)


def test_a_choice_must_be_offered_and_must_not_contradict_its_quote() -> None:
    question = "What is the key of gate-17?\nA) 4411\nB) 9922\nC) 1\nAnswer with the letter."
    quote = "The key of gate-17 is 4411."
    assert _checked(form("A", quote), question) == _checked(form("4411", quote), question)
    assert _checked(form("A", quote), question).support == PROVEN
    assert _checked(form("B", quote), question).support == ELSEWHERE
    assert _checked(form("7", quote), question).support == ELSEWHERE
    assert _checked(form("7", "nowhere"), question) == NOTHING


def test_a_method_is_proven_by_the_headers_that_it_stands_under() -> None:
    text = "class A:\n    def f(self):\n        raise KeyError\n\n\nclass B:\n    def f(self):\n        raise OSError\n"
    question = "Which error does `B.f` raise?"
    assert _checked(form("OSError", "raise OSError"), question, text).support == PROVEN
    far = text.replace("\n\n\n", "\n" + "    # more\n" * 60)
    assert _checked(form("KeyError", "raise KeyError"), question, far).support == NEARBY


def test_a_question_for_yes_or_no_needs_no_word_of_the_quote() -> None:
    assert (
        _checked(form("yes", "The key of gate-17 is 4411."), "Is 4411 the key of gate-17?").support == PROVEN
    )


@pytest.mark.parametrize(
    "reply", ["", "I cannot help.", "{", "[]", '{"answer": {"a": 1}}', "null", '{"answer": "' + "a" * 9_999]
)
def test_no_reply_is_taken_for_proof(reply: str) -> None:
    assert _checked(reply).support <= UNPROVEN


def test_each_group_is_asked_about_once_and_a_small_model_with_its_own_sentences() -> None:
    host = ReadingHost({"notes.txt": TEXT}, lambda prompt, role: form("", ""), is_small=True)
    groups = [([Excerpt(host.context, 0, 55)], False), ([Excerpt(host.context, 28, 55)], False)]
    read = ask(host.leaf, host.leaf.room(), read_question("What is it?"), groups)
    assert read == [NOTHING, NOTHING]
    assert len(host.prompts) == 2
    assert host.schemas[0] != host.schemas[1]


def test_calls_that_all_fail_are_an_error() -> None:
    host = ReadingHost({"notes.txt": TEXT}, lambda prompt, role: "")
    with pytest.raises(LeafFailed, match="wrote nothing"):
        ask(host.leaf, host.leaf.room(), read_question("What?"), [([Excerpt(host.context, 0, 9)], False)])


def test_a_citation_escapes_quotation_marks() -> None:
    found = _checked(form("4411", 'The "key" is 4411.'), text='The "key" is 4411.')
    assert found.quoted is not None
    assert cited(found.quoted) == r'[notes.txt:1 "The \"key\" is 4411."]'


def test_names() -> None:
    assert names_any("anything", ())
    assert names_any("def handle(self)", ["Server.handle"])
    assert not names_any("def f(self)", ["Server.f"])
    assert parts_of("A.b.c") == ["A", "b", "c"]
    assert parts_of("http/client.py") == ["http/client.py"]


def test_two_empty_answers_do_not_agree() -> None:
    assert not NOTHING.agrees_with(NOTHING)
    assert CheckedReply("The Mill").agrees_with(CheckedReply("mill."))
