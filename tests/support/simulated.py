"""A gateway in front of a simulated model that knows one small window, and calls to it over HTTP."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import aiohttp
import msgspec

from harlm_bench.gateway import Gateway
from harlm_bench.items import Window
from harlm_bench.simulator import profile
from harlm_bench.simulator.audit import Log
from harlm_bench.simulator.backend import Simulated
from harlm_bench.simulator.intents import Reader
from harlm_bench.simulator.model import SimulatedModel
from harlm_bench.simulator.profile import Profile
from harlm_bench.simulator.prompt import tokens_of
from harlm_bench.simulator.store import Store
from tests.support.tiny_task import Tiny

TINY = Tiny()
PERFECT = profile.load("perfect")
MINI = profile.load("gpt-5-mini-like")


class Reply(NamedTuple):
    """The status, the JSON and the headers of a response."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def text(self) -> str:
        said: str = self.body["choices"][0]["message"]["content"]
        return said


@dataclass(frozen=True, slots=True)
class Serving:
    """A gateway, the window that its model knows, and the log of its answers."""

    gateway: Gateway
    window: Window
    log: Log


@contextmanager
def serving(
    model: Profile = PERFECT,
    *,
    tokens: int = 600,
    scale: float = 0.0001,
    has_faults: bool = False,
    seed: int = 0,
) -> Iterator[Serving]:
    window, log = TINY.window(1, tokens), Log()
    backend = Simulated(
        {"sim": model}, Store.of([window]), [TINY], scale=scale, has_faults=has_faults, seed=seed, log=log
    )
    with Gateway(backend, root="sim", window=model.window, price_of=backend.price_of) as gateway:
        yield Serving(gateway, window, log)


def changed(model: Profile, **parts: Mapping[str, object] | object) -> Profile:
    """A profile with some fields of its tables changed."""
    new: dict[str, object] = {}
    for name, value in parts.items():
        old = getattr(model, name)
        new[name] = msgspec.structs.replace(old, **value) if isinstance(value, dict) else value
    return msgspec.structs.replace(model, **new)


def said(messages: Sequence[tuple[str, str]], window: Window, model: Profile = PERFECT, **body: Any) -> str:
    """What a model says, without a server."""
    simulated = SimulatedModel(model, Store.of([window]), Reader([TINY]))
    return simulated.speak(messages, body, tokens_of(messages)).text


def post(base_url: str, prompt: str, **body: Any) -> Reply:
    """One call."""
    asked = {"model": "sim", "messages": [{"role": "user", "content": prompt}], **body}
    request = urllib.request.Request(
        f"{base_url}/chat/completions",
        json.dumps(asked).encode(),
        {"content-type": "application/json", "authorization": "Bearer none"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return Reply(response.status, json.load(response), dict(response.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, json.load(error), dict(error.headers))


def post_all(base_url: str, prompts: Sequence[str], at_once: int, **body: Any) -> list[Reply]:
    """Many calls, so many of them at once, in the order of the prompts."""

    async def every() -> list[Reply]:
        slots = asyncio.Semaphore(at_once)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def one(prompt: str) -> Reply:
                asked = {"model": "sim", "messages": [{"role": "user", "content": prompt}], **body}
                async with slots, session.post(f"{base_url}/chat/completions", json=asked) as response:
                    return Reply(response.status, await response.json(), response.headers)

            return list(await asyncio.gather(*map(one, prompts)))

    return asyncio.run(every())
