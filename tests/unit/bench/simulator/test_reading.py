"""The leaf understands the instructions that programs write, and answers in the form that they ask for."""

from __future__ import annotations

import json

import pytest

from harlm import markup
from harlm.engine.prompts import direct_messages, summary_prompt
from harlm.engine.small_prompts import small_direct_messages, small_schema
from harlm.types import Context, Document, Task
from harlm_bench.items import Fact, Question
from harlm_bench.simulator.roots import prompts
from tests.support.simulated import PERFECT, TINY, changed, said
from tests.support.tiny_task import MOODS

WINDOW = TINY.window(1, 600)
LINES = [fact for fact in WINDOW.facts if fact.kind == "line"]
TEXT = WINDOW.text


def question(kind: str) -> Question:
    return next(each for each in WINDOW.questions if each.kind == kind)


def ask(prompt: str) -> str:
    return said([("user", prompt)], WINDOW)


def numbered(facts: list[Fact]) -> str:
    return "\n".join(f"{number}: {fact.text}" for number, fact in enumerate(facts, start=1))


@pytest.mark.parametrize("kind", [each.kind for each in WINDOW.questions])
@pytest.mark.parametrize(
    "form",
    [
        "{text}\n\nQuestion: {question}",
        "Question: {question}\n\nContext:\n{text}",
        "{question}\n\n{text}",
        "{text}\n\n{question}",
        "Here is a part of a long text.\n\n```\n{text}\n```\n\nBased on it, answer: {question}",
        prompts.ASK.replace("{question}", "{question}") + "\n{text}",
        "<question>\n{question}\n</question>\n<context>\n{text}\n</context>",
    ],
)
def test_a_question_is_answered_wherever_it_stands(form: str, kind: str) -> None:
    asked = question(kind)
    assert ask(form.format(text=TEXT, question=asked.text)) == asked.gold


def test_without_the_evidence_there_is_no_answer() -> None:
    asked = question("code")
    without = "\n".join(fact.text for fact in WINDOW.facts if fact.kind != "code")
    assert ask(prompts.ASK.format(question=asked.text) + "\n" + without) == "NOT FOUND"
    said_so = ask(f'{asked.text} If the text does not say it, reply "unknown".\n\n{without}')
    assert said_so == "unknown"


def test_lines_are_labelled_in_the_form_that_is_asked_for() -> None:
    moods = [fact.attributes["mood"] for fact in LINES[:4]]
    labels = ", ".join(MOODS)
    told = ask(prompts.LABEL.format(labels=labels) + "\n\n" + numbered(LINES[:4]))
    assert told == "\n".join(f"{number}: {mood}" for number, mood in enumerate(moods, start=1))
    plain = "\n".join(fact.text for fact in LINES[:4])
    assert ask(f"Classify each line as {labels}. One label per line.\n\n{plain}").split("\n") == moods
    listed = ask(
        f"Classify each of these lines as one of {labels}. Return a JSON list of strings.\n\n{plain}"
    )
    assert json.loads(listed) == moods
    objects = ask(
        f'Label these lines ({labels}). Reply with JSON: [{{"id": 1, "label": "..."}}]\n\n{numbered(LINES[:4])}'
    )
    assert json.loads(objects) == [{"id": n, "label": mood} for n, mood in enumerate(moods, start=1)]
    shouted = labels.title()
    assert ask(f"Which label fits, {shouted}?\n\n{LINES[0].text}") == moods[0].title()
    assert ask(f"Assign each line one of {labels}, as comma-separated values.\n\n{plain}") == ", ".join(moods)


def test_a_numbered_line_that_is_unknown_gets_a_guess() -> None:
    content = numbered(LINES[:2]) + "\n3: something that no one wrote"
    told = ask(prompts.LABEL.format(labels=", ".join(MOODS)) + "\n\n" + content)
    assert [line.partition(": ")[0] for line in told.split("\n")] == ["1", "2", "3"]
    assert told.split("\n")[2].partition(": ")[2] in MOODS


def test_what_bears_on_a_question_is_copied_word_for_word() -> None:
    asked = question("code")
    copied = ask(prompts.COPY.format(question=asked.text) + "\n" + TEXT)
    assert asked.gold in copied
    assert copied in TEXT
    nothing = ask(prompts.COPY.format(question=asked.text) + "\n" + LINES[0].text)
    assert nothing == "NOTHING"
    assert ask(prompts.ASK.format(question=asked.text) + "\n" + copied) == asked.gold


def test_a_summary_keeps_facts_within_its_length_and_answers_from_it() -> None:
    asked = question("code")
    short = ask(summary_prompt(TEXT, asked.text, "", words=30))
    assert len(short.split()) <= 30
    assert asked.gold in short
    assert ask(prompts.ASK.format(question=asked.text) + "\n" + short) == asked.gold


def test_a_condition_is_judged_and_an_answer_checked() -> None:
    asked = question("code")
    there = next(fact.text for fact in WINDOW.facts if asked.gold in fact.text)
    assert ask(prompts.HOLDS.format(condition=asked.text) + "\n" + there) == "Yes"
    assert ask(prompts.HOLDS.format(condition=asked.text) + "\n" + LINES[0].text) == "No"
    right = prompts.CHECK.format(question=asked.text, answer=asked.gold)
    wrong = prompts.CHECK.format(question=asked.text, answer="11111")
    assert (ask(f"{right}\n{TEXT}"), ask(f"{wrong}\n{TEXT}")) == ("Yes", "No")


def test_the_most_frequent_of_several_answers_is_chosen() -> None:
    asked = question("code")
    answers = "1. 48213\n2. NOT FOUND\n3. 90210\n4. 48213"
    choose = f"The answers below come from different parts of one text. Give the right one.\n\nQuestion: {asked.text}\n\nAnswers:"
    assert ask(f"{choose}\n{answers}") == "48213"
    total = ask(
        f"Add up the partial counts below.\n\nQuestion: {question('count').text}\n\nPartial counts:\n12\n30\n0"
    )
    assert total == "42"


def test_harlms_own_prompts_are_answered_with_quotes_and_in_forms() -> None:
    asked = question("hop")
    documents = (Document(name="notes.txt", text=TEXT),)
    task = Task(question=asked.text, context=Context(documents=documents, shape="text"))
    direct = said([(each.role, each.content) for each in direct_messages(task)], WINDOW)
    assert direct.startswith(f"{asked.gold} [notes.txt ")
    small = [(each.role, each.content) for each in small_direct_messages(documents, asked.text)]
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": small_schema(documents)}}
    filled = json.loads(said(small, WINDOW, response_format=form))
    assert filled["answer"] == asked.gold
    assert filled["quote"] in TEXT


def test_a_schema_is_filled_by_the_names_and_types_of_its_fields() -> None:
    schema = {
        "type": "object",
        "properties": {
            "count": {"type": "integer"},
            "reasoning": {"type": "string"},
            "evidence": {"type": "array", "items": {"type": "string"}},
            "is_found": {"type": "boolean"},
        },
    }
    asked = question("count")
    messages = [("user", f"{TEXT}\n\nQuestion: {asked.text}")]
    form = {"type": "json_schema", "json_schema": {"schema": schema}}
    filled = json.loads(said(messages, WINDOW, response_format=form))
    assert filled["count"] == int(asked.gold)
    assert filled["is_found"] is True
    assert all(each in TEXT for each in filled["evidence"])


def test_a_choice_of_a_schema_is_one_of_its_options() -> None:
    schema = {
        "type": "object",
        "properties": {"choice": {"type": "string", "enum": ["Glad", "Angry", "Afraid"]}},
    }
    form = {"type": "json_schema", "json_schema": {"schema": schema}}
    prompt = f"Label this line as glad, angry or afraid.\n\n{LINES[0].text}"
    filled = json.loads(said([("user", prompt)], WINDOW, response_format=form))
    assert filled["choice"].lower() == LINES[0].attributes["mood"]


def test_an_overlooked_item_is_missed_made_up_or_taken_from_another() -> None:
    lost = changed(PERFECT, curves={"lexical": PERFECT.curves.lexical.__class__(p0=0.0, l50=1e9, beta=1.0)})
    asked = question("code")
    messages = [("user", f"{TEXT}\n\nQuestion: {asked.text}")]
    assert said(messages, WINDOW, lost) == "NOT FOUND"
    decoy = said(messages, WINDOW, changed(lost, errors={"decoy": 1.0}))
    codes = {fact.attributes["code"] for fact in WINDOW.facts if fact.kind == "code"}
    assert decoy in codes - {asked.gold}
    made_up = said(messages, WINDOW, changed(lost, errors={"hallucination": 1.0}))
    assert made_up not in ("NOT FOUND", asked.gold)


def test_a_count_in_the_head_is_seldom_exact_and_not_far_off() -> None:
    clumsy = changed(PERFECT, errors={"in_head_items": 1.0, "in_head_sd": 0.3})
    asked = question("count")
    answers = [
        int(said([("user", f"{TEXT}\n\nAttempt {number}. Question: {asked.text}")], WINDOW, clumsy))
        for number in range(40)
    ]
    assert sum(each == int(asked.gold) for each in answers) < 30
    assert abs(sum(answers) / 40 - int(asked.gold)) < 2


def test_documents_are_named_in_quotes() -> None:
    asked = question("code")
    there = next(fact.text for fact in WINDOW.facts if asked.gold in fact.text)
    prompt = markup.direct_prompt([("a.txt", LINES[0].text), ("b.txt", there)], asked.text)
    rules = "Support each statement with a citation in square brackets: the place, then a quote."
    assert said([("system", rules), ("user", prompt)], WINDOW) == f'{asked.gold} [b.txt "{there}"]'
