from __future__ import annotations

import hashlib

from harlm.context import load, profile
from harlm.engine import prompts
from harlm.tokens import estimate_tokens
from harlm.types import Context, Mode, Observation, Task


def opening(mode: Mode, context: object, question: str = "Why?") -> str:
    loaded = load(context)
    task = Task(question=question, context=loaded)
    return "\n".join(m.content for m in prompts.opening_messages(task, mode, profile(loaded), max_turns=20))


def test_the_root_prompt_is_at_most_1500_tokens() -> None:
    many = {f"a/rather/long/path/to/some/file_{number}.py": "x" * 500 for number in range(3000)}
    assert estimate_tokens(opening("full", many)) <= 1_500
    assert estimate_tokens(opening("full", "word " * 200_000)) <= 1_500


def test_prompts_change_only_on_purpose() -> None:
    texts = prompts.REPL_SYSTEM + prompts.FULL_SYSTEM + prompts.DIRECT_SYSTEM + prompts.FINISHING
    assert hashlib.sha256(texts.encode()).hexdigest()[:16] == "6ef143560f5d032d"


def test_the_constant_part_comes_first_and_the_turn_last() -> None:
    one, other = opening("full", ["a", "b"], "One?"), opening("full", "text", "Other?")
    assert one.startswith(prompts.FULL_SYSTEM)
    assert other.startswith(prompts.FULL_SYSTEM)
    assert one.endswith("Turn 1 of 20.")


def test_repl_mode_does_not_mention_sub_models() -> None:
    assert "llm_query" not in prompts.REPL_SYSTEM
    assert "rlm_query" not in prompts.REPL_SYSTEM
    assert "llm_query_batched" in prompts.FULL_SYSTEM


def test_several_documents_are_described_but_not_quoted() -> None:
    text = opening("repl", {f"doc{n}.txt": f"secret {n}" for n in range(30)})
    assert "a list of 30 str" in text
    assert "doc0.txt" in text
    assert "(30 in all)" in text
    assert "secret" not in text


def test_of_a_single_text_the_beginning_is_shown() -> None:
    text = opening("repl", "The beginning. " + "x" * 10_000 + " the end")
    assert "The beginning." in text
    assert "the end" not in text


def test_a_question_is_never_cut() -> None:
    question = "begin " + "y" * 50_000 + " end?"
    assert question in opening("repl", "x", question)


def test_long_names_do_not_make_a_long_description() -> None:
    names = {f"{n}/" + "a" * 300 + f"/{n}.txt": "x" for n in range(40)}
    text = opening("full", names)
    assert estimate_tokens(text) < 1_500
    assert "0/aaa" in text
    assert "a/0.txt" in text
    assert "(40 in all)" in text


def test_an_observation_shows_head_and_tail_with_the_true_length() -> None:
    seen = Observation(output="a" * 900 + "b" * 900, output_chars=1800, names=(("x", "int 1"),), error="Boom")
    text = prompts.observation_message([seen], ["A note."], shown=600, turn=3, max_turns=20).content
    assert text.startswith("Output (1,800 characters):\n" + "a" * 400)
    assert "[1,200 of 1,800 characters left out]" in text
    assert "Exception:\nBoom" in text
    assert "Variables: x = int 1" in text
    assert text.endswith("A note.\n\nTurn 3 of 20.")


def test_a_cell_without_output_is_shown_as_such() -> None:
    text = prompts.observation_message(
        [Observation(), Observation(output="x\n", output_chars=2)], [], shown=600, turn=2, max_turns=3
    )
    assert "Output of block 1:\n(nothing was printed)" in text.content
    assert "Output of block 2:\nx" in text.content


def test_the_last_turn_is_announced() -> None:
    assert prompts.LAST_TURN in prompts.turn_line(20, 20)
    assert prompts.LAST_TURN not in prompts.turn_line(19, 20)


def test_direct_mode_gives_documents_first_and_the_question_last() -> None:
    task = Task(question="Why?", context=load({"a.txt": "one", "b.txt": "two"}))
    _, user = prompts.direct_messages(task)
    assert user.content == (
        '<document name="a.txt">\none\n</document>\n\n<document name="b.txt">\ntwo\n</document>\n\n'
        "<question>\nWhy?\n</question>"
    )


def test_the_last_prompt_says_what_ended_the_run_and_what_is_known() -> None:
    task = Task(question="Why?", context=Context.of_text("x"))
    (message,) = prompts.finishing_messages(task, "the sky is blue", "The money is spent")
    assert message.content.startswith("The money is spent. Nothing more can be looked up.")
    assert "<learned>\nthe sky is blue\n</learned>" in message.content
