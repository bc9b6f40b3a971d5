"""A ``Leaf`` whose model is a function of the prompt, and what it was asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harlm.guest.combinators.leaf import Leaf

Say = Callable[[str, str], str | None]
"""The reply to a prompt by the model of a role; ``None`` for a call that fails."""


class ScriptedLeaf(Leaf):
    """Answers from a function.

    Args:
        say: see ``Say``.
        tokens, is_small, has_stronger, calls: as ``room`` reports them.

    Attributes:
        prompts: all that was asked, with the role, in order.
        signals: what was reported, the latest of each name.
    """

    def __init__(
        self,
        say: Say,
        *,
        tokens: int = 8_000,
        is_small: bool = False,
        has_stronger: bool = False,
        calls: int | None = None,
    ) -> None:
        super().__init__(self.serve, self.serve_many)
        self._say = say
        self._room = {
            "tokens": tokens,
            "is_small": is_small,
            "has_stronger": has_stronger,
            "second_looks": 0.3,
        }
        self._left = calls
        self.prompts: list[tuple[str, str]] = []
        self.signals: dict[str, Any] = {}

    @property
    def calls(self) -> int:
        """How many prompts were asked."""
        return len(self.prompts)

    def serve(self, function: str, arguments: dict[str, Any]) -> Any:
        """A host function."""
        if function == "signal":
            self.signals[arguments["name"]] = arguments["value"]
            return None
        return {**self._room, "calls_left": self._left}

    def serve_many(self, function: str, asked: list[dict[str, Any]]) -> list[Any]:
        """Many calls of the host function ``leaf``."""
        assert function == "leaf"
        return [self._reply(each["prompt"], each["role"]) for each in asked]

    def _reply(self, prompt: str, role: str) -> dict[str, Any]:
        if self._left is not None:
            if self._left < 1:
                return {"text": "", "tokens": [], "failure": "the limit of calls is reached"}
            self._left -= 1
        self.prompts.append((prompt, role))
        text = self._say(prompt, role)
        return {"text": text or "", "tokens": [], "failure": "" if text is not None else "the call failed"}


class Named(str):
    """A text with a name, as the documents of a context have one."""

    name: str

    @classmethod
    def of(cls, name: str, text: str) -> Named:
        """A text with its name."""
        made = cls(text)
        made.name = name
        return made
