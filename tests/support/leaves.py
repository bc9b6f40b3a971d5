"""A leaf whose host is a function: what combinators ask, and what comes back, without a sandbox."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from harlm.guest.combinators.leaf import Leaf

_ITEM = re.compile(r"^(\d+): (.*)$", re.MULTILINE)


class LeafHost:
    """Answers the calls of a leaf, and remembers them.

    Args:
        reply: the reply to a prompt: a text, a frame, or an exception whose words are the failure.
        room: what differs from a model that is large and has no stronger one.

    Attributes:
        prompts: what was asked, in order.
        frames: the arguments of each call.
        signals: what was reported.
    """

    def __init__(self, reply: Callable[[str], Any], **room: Any) -> None:
        self._reply = reply
        self._room = {
            "tokens": 10_000,
            "is_small": False,
            "has_stronger": False,
            "second_looks": 0.3,
            "calls_left": None,
            **room,
        }
        self.frames: list[dict[str, Any]] = []
        self.signals: list[tuple[str, Any]] = []

    @property
    def prompts(self) -> list[str]:
        """What was asked, in order."""
        return [str(each["prompt"]) for each in self.frames]

    @property
    def leaf(self) -> Leaf:
        """A leaf that asks this host."""
        return Leaf(self.call, lambda function, every: [self.call(function, each) for each in every])

    def call(self, function: str, arguments: dict[str, Any]) -> Any:
        """One call of a host function."""
        if function == "room":
            return self._room
        if function == "signal":
            self.signals.append((arguments["name"], arguments["value"]))
            return None
        assert function == "leaf"
        self.frames.append(arguments)
        given = self._reply(arguments["prompt"])
        if isinstance(given, Exception):
            return {"text": "", "tokens": [], "failure": str(given)}
        return given if isinstance(given, dict) else {"text": given, "tokens": [], "failure": ""}


def items_in(prompt: str) -> list[tuple[int, str]]:
    """The numbered items of a prompt; of a prompt about one text, that text with the number 1."""
    if "\nText: " in prompt:
        return [(1, prompt.rpartition("\nText: ")[2].rpartition("\n")[0])]
    return [(int(number), text) for number, text in _ITEM.findall(prompt)]


def labelled_by(judge: Callable[[str], str | None]) -> Callable[[str], str]:
    """Replies that label each item of a prompt as ``judge`` does; items that it gives no label are left out."""

    def reply(prompt: str) -> str:
        if "\nText: " in prompt:
            return judge(items_in(prompt)[0][1]) or ""
        judged = [(number, judge(text)) for number, text in items_in(prompt)]
        return "\n".join(f"{number}: {label}" for number, label in judged if label is not None)

    return reply
