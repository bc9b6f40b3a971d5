"""Which question a conversation asks, and over which text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harlm.conversations import AskedOf, ChatTurn, task_of, task_over
from harlm.server.bodies import Content
from harlm.server.failures import RequestRefused
from harlm.types import without_surrogates

ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
"""Who may have said something."""

_TEXTS = frozenset({"text", "input_text", "output_text", "refusal"})
_LONGEST_PART = 4_000  # characters of a part that can be a question


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
        return self.parts[0] if len(self.parts) == 1 else "\n\n".join(self.parts)


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


def about_itself(said: Sequence[Utterance]) -> AskedOf:
    """The question of a conversation over its own text, however long.

    Raises:
        RequestRefused: 400, the user has said nothing.
    """
    return task_of(_turns(said))


def about_corpus(said: Sequence[Utterance]) -> AskedOf:
    """The question of a conversation over a corpus; its documents are texts that are too long for a question.

    Raises:
        RequestRefused: 400, the user has said nothing.
    """
    return task_over(_turns(said))


def _turns(said: Sequence[Utterance]) -> list[ChatTurn]:
    """The turns of a conversation. A long last message of several parts is a turn for each, and a short part of it asks."""
    at = _last_of_user(said)
    turns = []
    for number, each in enumerate(said):
        name = f"message-{number + 1}-{each.role}"
        if number != at or len(each.text) <= _LONGEST_PART:
            turns.append(ChatTurn(each.role, each.text, name))
            continue
        parts = list(each.parts)
        if len(parts[-1]) > _LONGEST_PART >= len(parts[0]):
            parts.append(parts.pop(0))
        turns += [ChatTurn(each.role, part, name) for part in parts]
    return turns


def _last_of_user(said: Sequence[Utterance]) -> int:
    for at in range(len(said) - 1, -1, -1):
        if said[at].role == "user" and said[at].text.strip():
            return at
    raise RequestRefused(
        400, "no message of the user says anything; the last one is the question", code="no_question"
    )
