"""Several questions after one another over the same context: what was said, and the workspace that is kept in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

_TOLD = 12  # exchanges that a root model is told of
_LONGEST = 1_200  # characters of a question or an answer among them


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """A question and its answer."""

    question: str
    answer: str


class OpenWorkspace(Protocol):
    """What is kept from one question to the next: a workspace."""

    async def close(self) -> None:
        """End it. Safe to call twice."""
        ...


class Conversation:
    """The state of a session between its questions.

    Attributes:
        kept: the workspace of the question before; ``None`` before the first, and while a question is being answered.
    """

    def __init__(self) -> None:
        self._said: list[AnsweredQuestion] = []
        self.kept: OpenWorkspace | None = None

    def add(self, exchange: AnsweredQuestion) -> None:
        """A question has its answer."""
        self._said.append(exchange)

    @property
    def told(self) -> str:
        """What a root model is told of the questions before; empty before the first."""
        if not self._said:
            return ""
        said = "\n".join(
            f"- {_short(each.question)}\n  Answer: {_short(each.answer)}" for each in self._said[-_TOLD:]
        )
        return (
            "This question continues a conversation, and may refer to it. The REPL still has the variables and functions of the "
            f"cells that ran for the questions before; SHOW_VARS() lists them.\n{said}"
        )

    async def close(self) -> None:
        """End the workspace. Safe to call twice."""
        kept, self.kept = self.kept, None
        if kept is not None:
            await kept.close()


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]} …"
