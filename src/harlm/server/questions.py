"""Which question a conversation asks, and over which text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harlm.checks import request_in
from harlm.server.bodies import Content
from harlm.server.failures import RequestRefused
from harlm.types import Context, Document, without_surrogates

ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
"""Who may have said something."""

_RULES = ("system", "developer")
_TEXTS = frozenset({"text", "input_text", "output_text", "refusal"})
_LONGEST = 4_000  # characters of a question, or of instructions that go with it; more is text to be read
_TURNS = 8  # earlier turns that go with a question over a corpus
_TURN = 1_500  # characters of each of them
_IN_TEXT = "Do what is asked for in the context; it holds the request and its data."


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one message says.

    Attributes:
        role: one of ``ROLES``.
        parts: its texts.
    """

    role: str
    parts: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return "\n\n".join(self.parts)


@dataclass(frozen=True, slots=True)
class PosedQuestion:
    """A question, and the texts of the conversation that it is asked of."""

    question: str
    documents: tuple[Document, ...]


def utterance(role: str, content: Content, param: str) -> Utterance:
    """A message as text.

    Args:
        role: who said it.
        content: of the message.
        param: the place of the message in the body.

    Raises:
        RequestRefused: 400, a role or a part that is not known.
    """
    if role not in ROLES:
        raise RequestRefused(
            400,
            f"{param}.role is {role[:80]!r}; use system, developer, user, assistant or tool",
            param=f"{param}.role",
        )
    if content is None or isinstance(content, str):
        return Utterance(role, (without_surrogates(content),) if content else ())
    parts = []
    for number, part in enumerate(content):
        if part.type not in _TEXTS:
            raise RequestRefused(
                400,
                f"{param}.content[{number}] is of type {part.type[:80]!r}, and only text can be read here: send its text",
                code="unsupported_content",
                param=f"{param}.content[{number}].type",
            )
        if text := part.text or part.refusal:
            parts.append(without_surrogates(text))
    return Utterance(role, tuple(parts))


def about_itself(said: Sequence[Utterance]) -> PosedQuestion:
    """The question of a conversation over its own text, however long.

    Raises:
        RequestRefused: 400, the user has said nothing.
    """
    at = _last_of_user(said)
    rules, documents = _rules(said)
    documents += [
        Document(name=f"message-{number}-{each.role}", text=each.text)
        for number, each in enumerate(said, start=1)
        if each.role not in _RULES and number - 1 != at and each.text.strip()
    ]
    last = said[at]
    question = last.text
    if len(question) > _LONGEST or not documents:
        question = _request(last)
        documents.append(Document(name=f"message-{at + 1}-user", text=last.text))
    return PosedQuestion(_with(question, rules, ""), tuple(documents))


def about_corpus(said: Sequence[Utterance]) -> PosedQuestion:
    """The question of a conversation over a corpus; its documents are texts that are too long for a question.

    Raises:
        RequestRefused: 400, the user has said nothing.
    """
    at = _last_of_user(said)
    rules, documents = _rules(said)
    last = said[at]
    question = last.text
    if len(question) > _LONGEST:
        question = _request(last)
        documents.append(Document(name=f"message-{at + 1}-user", text=last.text))
    earlier = [each for each in said[:at] if each.role in ("user", "assistant") and each.text.strip()]
    told = "\n".join(f"{each.role.capitalize()}: {_cut(each.text)}" for each in earlier[-_TURNS:])
    return PosedQuestion(_with(question, rules, told), tuple(documents))


def joined(context: Context, documents: Sequence[Document]) -> Context:
    """A corpus with texts of the conversation."""
    if not documents:
        return context
    return replace(context, documents=(*context.documents, *documents), shape="documents")


def _last_of_user(said: Sequence[Utterance]) -> int:
    for at in range(len(said) - 1, -1, -1):
        if said[at].role == "user" and said[at].text.strip():
            return at
    raise RequestRefused(
        400, "no message of the user says anything; the last one is the question", code="no_question"
    )


def _rules(said: Sequence[Utterance]) -> tuple[str, list[Document]]:
    """The instructions that go with the question; as a document if they are long."""
    rules = "\n\n".join(each.text for each in said if each.role in _RULES and each.text.strip())
    if len(rules) <= _LONGEST:
        return rules, []
    return "They stand in the document `instructions`.", [Document(name="instructions", text=rules)]


def _request(last: Utterance) -> str:
    """The request in a message that holds its data too."""
    if found := request_in(last.text):
        return found
    if len(last.parts) > 1:
        short = [each for each in (last.parts[-1], last.parts[0]) if len(each) <= _LONGEST]
        return short[0] if short else _IN_TEXT
    return last.text if len(last.text) <= _LONGEST else _IN_TEXT


def _with(question: str, rules: str, told: str) -> str:
    parts = [question]
    if told:
        parts.append(f"The conversation before this question, which it may refer to:\n{told}")
    if rules:
        parts.append(f"Instructions that go with the question:\n{rules}")
    return "\n\n".join(parts)


def _cut(text: str) -> str:
    return text if len(text) <= _TURN else f"{text[:_TURN]} …"
