"""What a conversation of messages asks: a question, and the texts to answer it from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harlm.checks import request_in
from harlm.errors import ConfigError
from harlm.types import Context, Document, without_surrogates

_LONGEST_QUESTION = 4_000  # characters; a longer message holds the data of its request too
_LONGEST_INSTRUCTIONS = (
    8_000  # characters of all system messages together; longer ones are read, not repeated
)
_LONGEST_LABEL = 40  # characters of a last line that only says where the answer goes
_LONGEST_TOLD, _TURNS_TOLD = 1_500, 8  # characters of an earlier turn in a question, and how many of them
_SYSTEM = frozenset({"system", "developer"})
_SPEAKERS = frozenset({"user", "assistant"})
_RULES = "Instructions for the answer:"
_BEFORE = "The conversation before this question, which it may refer to:"


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
    said = _Conversation(turns)
    documents = {
        said.names[number]: turn.text for number, turn in said.turns.items() if number not in said.in_question
    }
    notes = [said.request(is_alone=not documents), *_about(said), *said.instructions()]
    alone = {said.names[said.last]: said.turns[said.last].text}
    return AskedOf("\n\n".join(notes), documents or alone, is_alone=not documents)


def task_over(turns: Sequence[ChatTurn]) -> AskedOf:
    """The question of a conversation about documents that are no part of it (``over`` brings them together).

    As ``task_of``, but what was said before the question is no document: the last of it stands below the question, cut.

    Raises:
        ConfigError: no message has any text.
    """
    said = _Conversation(turns)
    documents = {
        said.names[number]: said.turns[number].text
        for number in (*said.rules, said.last)
        if number not in said.in_question
    }
    before = [turn for number, turn in said.turns.items() if number < said.last and turn.role in _SPEAKERS]
    told = "\n".join(f"{turn.role.capitalize()}: {_cut(turn.text)}" for turn in before[-_TURNS_TOLD:])
    notes = [said.request(is_alone=False), *([f"{_BEFORE}\n{told}"] if told else []), *said.instructions()]
    alone = {said.names[said.last]: said.turns[said.last].text}
    return AskedOf("\n\n".join(notes), documents or alone, is_alone=not documents)


def spoken(asked: AskedOf) -> Context:
    """What was said, as the context of the question."""
    said = asked.context.items()
    return Context(documents=tuple(Document(name=name, text=without_surrogates(text)) for name, text in said))


def over(asked: AskedOf, documents: Context) -> Context:
    """The context of a question that is asked of documents: these, then what was said and is too long for the question."""
    if asked.is_alone:
        return documents
    both = (*documents.documents, *spoken(asked).documents)
    return Context(documents=both, skipped=documents.skipped)


def _request(text: str) -> str | None:
    """The request in a long text, also before a last line such as ``Answer:``."""
    text = text.rstrip()
    before, _, last = text.rpartition("\n")
    ends_open = last.rstrip().endswith(":") and len(last) <= _LONGEST_LABEL
    return request_in(before if ends_open else text)


class _Conversation:
    """The turns that say something, by number, and what each of them is.

    Attributes:
        turns: by number, in order.
        names: of the documents that they may become.
        last: the number of the turn that asks.
        rules: the numbers of the instructions.
        in_question: the numbers of the turns whose text is short enough to stand in the question.

    Raises:
        ConfigError: none says anything.
    """

    def __init__(self, turns: Sequence[ChatTurn]) -> None:
        self.turns = {number: turn for number, turn in enumerate(turns, start=1) if turn.text.strip()}
        if not self.turns:
            raise ConfigError("the messages hold no text; ask something in the last message of the user")
        self.names = _names(self.turns)
        self.last = _asking(self.turns)
        self.rules = [
            number for number, turn in self.turns.items() if turn.role in _SYSTEM and number != self.last
        ]
        rules = sum(len(self.turns[number].text) for number in self.rules)
        self._has_short_rules = rules <= _LONGEST_INSTRUCTIONS
        self._is_short = len(self.turns[self.last].text) <= _LONGEST_QUESTION
        self.in_question = {self.last} if self._is_short else set()
        self.in_question.update(self.rules if self._has_short_rules else ())

    def request(self, *, is_alone: bool) -> str:
        """What is asked for.

        Args:
            is_alone: whether the turn that asks is also the context, and so stands there with its data.
        """
        text = self.turns[self.last].text
        if self._is_short:
            return (is_alone and _request(text)) or text.strip()
        return (
            _request(text)
            or f"Do what is asked for in {self.names[self.last]}; it holds the request and its data."
        )

    def instructions(self) -> list[str]:
        """What stands below the question about how to answer."""
        if not self.rules:
            return []
        if self._has_short_rules:
            return [_RULES, *(self.turns[number].text.strip() for number in self.rules)]
        return [_RULES, *(f"Follow {self.names[number]}." for number in self.rules)]


def _asking(turns: Mapping[int, ChatTurn]) -> int:
    """The number of the turn that asks: the last one of the user, else the last one that is not the system's, else the last."""
    users = [number for number, turn in turns.items() if turn.role == "user"]
    others = [number for number, turn in turns.items() if turn.role not in _SYSTEM]
    return (users or others or list(turns))[-1]


def _about(said: _Conversation) -> list[str]:
    """What the documents are, if the question may lean on what was said before it."""
    if any(turn.role == "assistant" for number, turn in said.turns.items() if number < said.last):
        return ["The documents named message-… are the conversation until now, in order."]
    return []


def _names(turns: Mapping[int, ChatTurn]) -> dict[int, str]:
    """A name for each turn, unlike all others."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for number, turn in turns.items():
        name = turn.name or f"message-{number}-{_word(turn.role)}"
        while name in taken:
            name += f"-{number}"
        names[number] = name
        taken.add(name)
    return names


def _word(role: str) -> str:
    return role if role.isalnum() else "".join(filter(str.isalnum, role)) or "other"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TOLD else f"{text[:_LONGEST_TOLD]} …"
