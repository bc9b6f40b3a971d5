"""The small questions that combinators ask, and what they report about their work.

Every argument was chosen in a sandbox, so it is checked here. A question that cannot be answered is a reply with a failure,
so that one of thousands does not end the others.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from harlm.engine.call import Call, make
from harlm.engine.node import Node
from harlm.engine.remaining import what_is_left
from harlm.engine.small import is_small
from harlm.engine.timing import Bursts
from harlm.errors import LimitExceeded, ModelError
from harlm.guest.arguments import CHOICES, PROMPT, SCHEMA
from harlm.types import Completion, Message

_ALTERNATIVES = 20  # of each token that are reported
_MOST_TOKENS = 4_000  # tokens of a reply whose log probabilities are passed on


class LeafQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The arguments of ``leaf``."""

    prompt: Annotated[str, Meta(min_length=1, max_length=PROMPT.most)]
    choices: Annotated[
        list[Annotated[str, Meta(max_length=200)]], Meta(max_length=CHOICES.most)
    ] = []  # msgspec copies it
    schema: Annotated[str, Meta(max_length=SCHEMA.most)] | None = None
    role: Literal["sub", "root"] = "sub"
    wants_tokens: bool = False


class LeafApi:
    """Answers the small questions of one node's cells.

    Args:
        node: pays for them.
        bursts: measures what unlimited concurrency would have saved.
    """

    def __init__(self, node: Node, bursts: Bursts) -> None:
        self._node = node
        self._bursts = bursts
        self._asked: Counter[tuple[str, str]] = Counter()

    def begin_cell(self) -> None:
        """Count identical questions from zero: another cell begins, and may reuse the replies of earlier ones."""
        self._asked.clear()

    async def serve(self, arguments: Mapping[str, object]) -> dict[str, object]:
        """The reply to one question: its ``text``, its ``tokens`` with log probabilities, and a ``failure``.

        Raises:
            ModelError: a key was refused, or the account is empty. This ends the run, since no code can change it.
            msgspec.ValidationError: an argument is missing, unknown or of the wrong type.
        """
        asked = msgspec.convert(arguments, LeafQuery)
        try:
            completion = await self._completion(asked)
        except ModelError as error:
            if error.is_about_access:
                raise
            return _failed(str(error))
        except LimitExceeded as error:
            return _failed(str(error))
        return {"text": completion.text, "tokens": _tokens(completion), "failure": ""}

    async def _completion(self, asked: LeafQuery) -> Completion:
        node = self._node
        model = node.models.root if asked.role == "root" else node.models.sub
        sample = self._asked[asked.prompt, asked.role]
        self._asked[asked.prompt, asked.role] += 1
        call = Call(
            model=model,
            messages=[Message(role="user", content=asked.prompt)],
            role="sub",
            sample=sample,
            schema=_schema(asked.schema),
            choices=tuple(asked.choices),
            logprobs=_ALTERNATIVES if asked.wants_tokens else None,
        )
        self._bursts.enter()
        seconds = 0.0
        try:
            completion, seconds = await make(node, call)
        finally:
            self._bursts.leave(seconds)
        return completion

    def room(self) -> dict[str, object]:
        """What one question may hold, and how many are left."""
        node = self._node
        root, sub = node.models.root, node.models.sub
        return {
            "tokens": node.run.facts_of(sub).effective_window,
            "is_small": is_small(sub),
            "has_stronger": root.name != sub.name,
            "second_looks": node.settings.second_looks,
            "calls_left": what_is_left(node.account)["calls_left"],
        }


def _schema(text: str | None) -> Mapping[str, object] | None:
    if text is None:
        return None
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise msgspec.ValidationError(f"the schema is not JSON: {error}") from error
    if not isinstance(schema, dict):
        raise msgspec.ValidationError(f"the schema is a JSON {type(schema).__name__}, not an object")
    return schema


def _tokens(completion: Completion) -> list[list[Any]]:
    if len(completion.logprobs) > _MOST_TOKENS:
        return []
    return [
        [each.token, each.logprob, [list(other) for other in each.alternatives]]
        for each in completion.logprobs
    ]


def _failed(reason: str) -> dict[str, object]:
    return {"text": "", "tokens": [], "failure": reason or "the call failed"}
