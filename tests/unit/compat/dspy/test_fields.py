"""What DSPy's adapters write, read back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from harlm.compat.dspy.fields import AskedFields, read_fields
from harlm.conversations import ChatTurn

LONG = "An entry of the diary.\n" * 200
SYSTEM = (
    "Your input fields are:\n1. `context` (str):\nYour output fields are:\n1. `answer` (str):\n"
    "All interactions will be structured in the following way, with the appropriate values filled in.\n\n"
    "[[ ## context ## ]]\n{context}\n\n[[ ## completed ## ]]\n"
    "In adhering to this structure, your objective is: \n        Answer from the context."
)
TAIL = (
    "Respond with the corresponding output fields, starting with the field `[[ ## why ## ]]`, then `[[ ## n ## ]]` "
    "(must be formatted as a valid Python int), and then ending with the marker for `[[ ## completed ## ]]`."
)


def written(*fields: tuple[str, str], tail: str = TAIL) -> ChatTurn:
    """A message as the adapter writes it."""
    return ChatTurn("user", "\n\n".join([*(f"[[ ## {name} ## ]]\n{text}" for name, text in fields), tail]))


def test_long_fields_are_documents_and_the_others_the_question() -> None:
    read = read_fields(
        [ChatTurn("system", SYSTEM), written(("context", LONG), ("question", "Who wrote it?"))]
    )
    system, document, question = read.turns
    assert system.text.endswith("1. `answer` (str):\nYour objective is: \n        Answer from the context.")
    assert document == ChatTurn("user", LONG.strip(), "context")
    assert question == ChatTurn("user", "Who wrote it?")
    assert read.outputs == ["why", "n"]


def test_several_short_fields_keep_their_names() -> None:
    *_, question = read_fields([written(("text", "by Ann"), ("question", "Who?"))]).turns
    assert question.text == "text: by Ann\n\nquestion: Who?"


def test_without_short_fields_the_question_names_the_documents() -> None:
    *_, question = read_fields([written(("text", LONG))]).turns
    assert question.text == "Find what is asked for in text."


def test_json_is_not_marked() -> None:
    tail = "Respond with a JSON object in the following order of fields: `answer`."
    read = read_fields([written(("question", "Who?"), tail=tail)])
    assert read == AskedFields([ChatTurn("user", "Who?")], [])


def test_what_no_adapter_has_written_stays_as_it_is() -> None:
    turns = [ChatTurn("system", "Be brief."), ChatTurn("user", "Who?")]
    assert read_fields(turns) == AskedFields(turns, ())


NAMES = some.sampled_from(["context", "question", "hint"])
TEXTS = some.one_of(
    some.sampled_from([LONG, "[[ ## question ## ]]\nno", "[[ ## x ## ]]"]), some.text(max_size=50)
)


@given(some.lists(some.tuples(NAMES, TEXTS), min_size=1, max_size=4, unique_by=lambda each: each[0]))
def test_no_line_of_a_field_is_lost(fields: list[tuple[str, str]]) -> None:
    said = "\n".join(turn.name + "\n" + turn.text for turn in read_fields([written(*fields)]).turns)
    for _, text in fields:
        for line in text.splitlines():
            assert line.strip() in said or line.startswith("[[ ## ")
