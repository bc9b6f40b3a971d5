"""What a conversation of messages asks: a question, and the texts to answer it from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harlm.checks import request_in
from harlm.errors import ConfigError
from harlm.types import Context, Document, without_surrogates

_LONGEST_QUESTION = 2_000  # characters; a longer message holds the data of its request too
_LONGEST_INSTRUCTIONS = (
    8_000  # characters of all system messages together; longer ones are read, not repeated
)
_LONGEST_LABEL = 40  # characters of a last line that only says where the answer goes
_SYSTEM = frozenset({"system", "developer"})


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """One message of a conversation.

    Attributes:
        role: who wrote it: ``system``, ``developer``, ``user``, ``assistant``, ``tool`` or another word.
        text: what it says.
        name: of the document that it becomes in the context; by default its number and role.
    """

    role: str
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class AskedOf:
    """A question, and the context that it is asked of.

    Attributes:
        question: the request, then the instructions for the answer.
        context: the texts by name, in the order of the conversation; never empty.
        is_alone: whether nothing else was said, so that the question is its own context.
    """

    question: str
    context: Mapping[str, str]
    is_alone: bool = False


def task_of(turns: Sequence[ChatTurn]) -> AskedOf:
    """The question of a conversation and its context.

    The last message of the user is the question; if it is too long to be one, it is a document of the context, and its first or last
    line is the question, as in ``HARLM.completion``. Messages of the system are instructions and stand below the question; very long
    ones are documents that the question names. All others are documents. The text of each turn is in the question or in the context.

    Raises:
        ConfigError: no message has any text.
    """
    said = [(number, turn) for number, turn in enumerate(turns, start=1) if turn.text.strip()]
    if not said:
        raise ConfigError("the messages hold no text; ask something in the last message of the user")
    names = _names(said)
    last = _asking(said)
    rules = [number for number, turn in said if turn.role in _SYSTEM and number != last]
    short_rules = sum(len(turn.text) for number, turn in said if number in rules) <= _LONGEST_INSTRUCTIONS
    texts = {number: turn.text for number, turn in said}
    is_short = len(texts[last]) <= _LONGEST_QUESTION
    left_out = {last} if is_short else set()
    left_out.update(rules if short_rules else ())
    documents = {names[number]: turn.text for number, turn in said if number not in left_out}
    request = texts[last].strip() if is_short else _request(texts[last])
    question = request or f"Do what is asked for in {names[last]}; it holds the request and its data."
    notes = [question, *_about(said, last)]
    if rules:
        notes.append("Instructions for the answer:")
        notes += [texts[number].strip() if short_rules else f"Follow {names[number]}." for number in rules]
    return AskedOf("\n\n".join(notes), documents or {names[last]: texts[last]}, is_alone=not documents)


def over(asked: AskedOf, documents: Context) -> Context:
    """The context of a question that is asked of documents: these, then what was said before it."""
    if asked.is_alone:
        return documents
    said = tuple(Document(name=name, text=without_surrogates(text)) for name, text in asked.context.items())
    return Context(documents=(*documents.documents, *said), skipped=documents.skipped)


def _request(text: str) -> str | None:
    """The request in a long text, also before a last line such as ``Answer:``."""
    text = text.rstrip()
    before, _, last = text.rpartition("\n")
    ends_open = last.rstrip().endswith(":") and len(last) <= _LONGEST_LABEL
    return request_in(before if ends_open else text)


def _asking(said: Sequence[tuple[int, ChatTurn]]) -> int:
    """The number of the turn that asks: the last one of the user, else the last one that is not the system's, else the last."""
    users = [number for number, turn in said if turn.role == "user"]
    others = [number for number, turn in said if turn.role not in _SYSTEM]
    return (users or others or [said[-1][0]])[-1]


def _about(said: Sequence[tuple[int, ChatTurn]], last: int) -> list[str]:
    """What the documents are, if the question may lean on what was said before it."""
    if any(turn.role == "assistant" for number, turn in said if number < last):
        return ["The documents named message-… are the conversation until now, in order."]
    return []


def _names(said: Sequence[tuple[int, ChatTurn]]) -> dict[int, str]:
    """A name for each turn, unlike all others."""
    names: dict[int, str] = {}
    for number, turn in said:
        role = "".join(letter for letter in turn.role if letter.isalnum()) or "other"
        name = turn.name or f"message-{number}-{role}"
        while name in names.values():
            name += f"-{number}"
        names[number] = name
    return names
