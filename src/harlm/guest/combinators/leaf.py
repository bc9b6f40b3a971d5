"""Sends small questions to a model, many at once, and tells how much of a text one call should hold. Knows nothing of what
the questions are for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..arguments import BATCH, PROMPT, PROMPTS, within

Call = Callable[[str, dict[str, Any]], Any]
CallMany = Callable[[str, list[dict[str, Any]]], list[Any]]

_CHARACTERS = 4  # per token
_LEAST = 200  # tokens of a text in one call, whatever the window


class Reply(NamedTuple):
    """A model's reply to one small question.

    Attributes:
        text: the reply; empty if there is none.
        tokens: its tokens with their log probabilities and those of the alternatives to each; empty if the server reports
            none.
        failure: why there is no reply; empty if there is one.
    """

    text: str
    tokens: tuple[tuple[str, float, tuple[tuple[str, float], ...]], ...] = ()
    failure: str = ""


class Room(NamedTuple):
    """What one call may hold, and what is left.

    Attributes:
        tokens: of text that the sub-model reads reliably in one call.
        is_small: whether the sub-model needs one item a call.
        has_stronger: whether the root model is another one than the sub-model.
        second_looks: the share of judgements that may be made again.
        calls_left: calls that the budget still allows; ``None`` without a limit.
    """

    tokens: int
    is_small: bool
    has_stronger: bool
    second_looks: float
    calls_left: int | None

    @property
    def characters(self) -> int:
        """Of text in one call."""
        return _CHARACTERS * self.tokens


class LeafFailed(RuntimeError):
    """No call of a step was answered."""


class Leaf:
    """Asks the models of a run.

    Args:
        call: calls a host function.
        call_many: the same many times at once, with the results in order.

    Attributes:
        failures: why calls were not answered, each reason once, in order.
    """

    def __init__(self, call: Call, call_many: CallMany) -> None:
        self._call = call
        self._call_many = call_many
        self.failures: dict[str, None] = {}

    def ask(
        self,
        prompts: Sequence[str],
        *,
        choices: Sequence[str] = (),
        schema: str | None = None,
        role: str = "sub",
        wants_tokens: bool = False,
    ) -> list[Reply]:
        """The replies to prompts, in their order. A call that fails is a reply with its failure.

        Args:
            prompts: each is sent alone.
            choices: the texts of which a reply must be one, for servers that constrain replies.
            schema: JSON Schema of the replies, for servers that support it.
            role: ``sub`` or ``root``: which model is asked.
            wants_tokens: whether the log probabilities of the tokens are wanted.

        Raises:
            LeafFailed: there are prompts, and no call was answered.
            ValueError: there are too many prompts, or they are too long.
        """
        if not prompts:
            return []
        within(len(prompts), "the calls of one step", PROMPTS)
        within(max(map(len, prompts)), "the longest prompt of one step", PROMPT)
        within(sum(map(len, prompts)), "the prompts of one step", BATCH)
        shared = {"choices": list(choices), "schema": schema, "role": role, "wants_tokens": wants_tokens}
        found = [
            _reply(each) for each in self._call_many("leaf", [{"prompt": each, **shared} for each in prompts])
        ]
        self.failures.update((each.failure, None) for each in found if each.failure)
        if all(each.failure for each in found):
            raise LeafFailed(f"none of {len(found):,} calls was answered: {found[0].failure}")
        return found

    def room(self) -> Room:
        """What one call may hold now."""
        leaf = self._call("room", {})
        calls = leaf["calls_left"]
        return Room(
            tokens=max(_LEAST, int(leaf["tokens"])),
            is_small=bool(leaf["is_small"]),
            has_stronger=bool(leaf["has_stronger"]),
            second_looks=float(leaf["second_looks"]),
            calls_left=None if calls is None else int(calls),
        )

    def signal(self, name: str, value: Any) -> None:
        """Tell the host something that its confidence in the answer rests on."""
        self._call("signal", {"name": name, "value": value})


def _reply(frame: Any) -> Reply:
    tokens = tuple(
        (str(token), float(logprob), tuple((str(other), float(chance)) for other, chance in others))
        for token, logprob, others in frame["tokens"]
    )
    return Reply(str(frame["text"]), tokens, str(frame["failure"]))
