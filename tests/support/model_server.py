"""One call of an adapter to a scripted server: the completion, and what the server received."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiohttp import web

from harlm.config import ModelSettings
from harlm.models.access import Endpoint
from harlm.models.http import Transport
from harlm.protocols import LanguageModel
from harlm.testing import Request, ScriptedServer
from harlm.types import Completion, Message, Sampling

Adapter = Callable[[Endpoint, int], LanguageModel]
Reply = Callable[[Request], str | web.Response]

KEY = "sk-secret-key"
TALK = (
    Message(role="system", content="Be brief."),
    Message(role="user", content="one"),
    Message(role="assistant", content="two"),
    Message(role="user", content="three"),
)


class Exchange(NamedTuple):
    """A completion, and the request that it answered."""

    completion: Completion
    request: Request


@asynccontextmanager
async def model_at(
    address: str,
    adapter: Adapter,
    *,
    settings: ModelSettings | None = None,
    key: str | None = KEY,
    may_learn_window: bool = True,
) -> AsyncIterator[LanguageModel]:
    """A model at an address; its connections are closed at the end."""
    async with Transport(settings or ModelSettings()) as transport:
        endpoint = Endpoint(
            name="openai/test",
            model="test",
            base_url=address,
            key=key,
            key_hint="TEST_KEY",
            may_learn_window=may_learn_window,
            transport=transport,
        )
        yield adapter(endpoint, 32_000)


async def exchange(
    adapter: Adapter,
    reply: Reply,
    *,
    sampling: Sampling | None = None,
    messages: Sequence[Message] = TALK,
    key: str | None = KEY,
    path: str = "",
) -> Exchange:
    """One call of ``adapter`` to a server that replies as ``reply`` says. ``path`` is that of the base URL.

    Raises:
        ModelError: as the adapter does.
    """
    with ScriptedServer(reply) as server:
        async with model_at(f"{server.url}{path}", adapter, key=key) as model:
            completion = await model.complete(messages, sampling or Sampling())
        return Exchange(completion, server.requests[-1])
