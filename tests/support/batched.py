"""Models that are asked in batches of a server of this machine, and clients whose calls wait for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Literal, cast
from unittest.mock import patch

from harlm import HARLM, Budget, Price
from harlm.config import Config, ModelSettings
from harlm.errors import HarlmError
from harlm.models.anthropic import AnthropicMessages
from harlm.models.batches import collecting, running
from harlm.models.batches.anthropic import AnthropicBatches
from harlm.models.batches.collecting import BatchedModel
from harlm.models.batches.openai import OpenAIBatches
from harlm.models.openai import OpenAIChat
from harlm.models.remote import RemoteModel
from harlm.protocols import LanguageModel
from harlm.testing import ChatServer, Request
from harlm.types import Completion, Message, Sampling
from tests.support.model_server import model_at

Dialect = Literal["openai", "anthropic"]
DIALECTS: tuple[Dialect, ...] = ("openai", "anthropic")
ROOT, SUB = Price(input=1.0, output=4.0), Price(input=10.0, output=40.0)
ROOMY = Budget(usd=90)
"""Dollars for which a whole fan-out can be in flight."""

ITEMS = 64
RIGHT = f"reply to item {ITEMS - 1}"
CELL = f"out = []\nfor at in range({ITEMS}):\n    out.append(llm_query(f'item {{at}}'))\nprint(len(out))"


def says(request: Request) -> str:
    """A root model that asks a fan-out, and finishes with its last reply; a sub-model that repeats."""
    if request.model == "sub":
        return f"reply to {request.prompt}"
    turn = sum(role == "assistant" for role, _ in request.messages)
    return f"```repl\n{CELL if turn == 0 else 'FINAL(out[-1])'}\n```"


@contextmanager
def in_a_hurry() -> Iterator[None]:
    """BatchDesk of this process are sent and asked for after fractions of a second."""
    with (
        patch.object(collecting, "QUIET_S", 0.15),
        patch.object(running, "FIRST_POLL_S", 0.03),
        patch.object(running, "_WAIT_S", 0.01),
    ):
        yield


def address_of(server: ChatServer, dialect: Dialect) -> str:
    """Where a dialect is spoken."""
    return server.base_url if dialect == "openai" else server.url


@asynccontextmanager
async def batched_at(address: str, dialect: Dialect = "openai") -> AsyncIterator[BatchedModel]:
    """A model at an address that is asked in batches."""
    adapter = OpenAIChat if dialect == "openai" else AnthropicMessages
    async with model_at(address, adapter) as model:
        remote = cast("RemoteModel", model)
        wire = OpenAIBatches(remote) if dialect == "openai" else AnthropicBatches(remote)
        batched = BatchedModel(remote, wire)
        try:
            yield batched
        finally:
            await batched.close()


async def asked(
    model: LanguageModel, prompts: Sequence[str], **sampling: Any
) -> list[Completion | HarlmError]:
    """The outcome of each prompt, all asked at once."""

    async def one(prompt: str) -> Completion | HarlmError:
        try:
            return await model.complete([Message(role="user", content=prompt)], Sampling(**sampling))
        except HarlmError as error:
            return error

    return await asyncio.gather(*map(one, prompts))


def texts(outcomes: Sequence[Completion | HarlmError]) -> list[str]:
    """The replies, and the errors in words."""
    return [each.text if isinstance(each, Completion) else str(each) for each in outcomes]


def cheap_client(server: ChatServer, dialect: Dialect = "openai", **settings: Any) -> HARLM:
    """A client whose models are on a server and whose calls wait for batches. None is asked twice for being slow:
    bills are compared.
    """
    address = address_of(server, dialect)
    return HARLM(
        f"{dialect}/root@{address}",
        sub_model=f"{dialect}/sub@{address}",
        prices={f"{dialect}/root": ROOT, f"{dialect}/sub": SUB},
        **{
            "mode": "full",
            "cheap": True,
            "cache": False,
            "budget": ROOMY,
            "settings": Config(models=ModelSettings(hedging=False)),
            **settings,
        },
    )
