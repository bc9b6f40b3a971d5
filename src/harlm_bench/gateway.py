"""The one way from a system to the model: a chat server on loopback whose addresses name the question that a call is for.

Counts, prices and limits the calls of each question. Knows neither the systems nor what answers behind it.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import threading
import time
from types import TracebackType
from typing import Protocol

import msgspec

from harlm.errors import ConfigError
from harlm.testing import ChatServer, Request, Tokens
from harlm.testing.exchange import Exchange, Fault
from harlm_bench.metering import Account, PriceOf
from harlm_bench.outcomes import Usage
from harlm_bench.prices import snapshot
from harlm_bench.replies import Answer, error
from harlm_bench.systems import Limits, Model

_SETTLES_WITHIN_S = 2.0  # for the last calls of a question that a system has given up on
_KEY = re.compile(r"\A/q/(?P<key>[^/]+)/")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class Backend(Protocol):
    """What answers behind the gateway. Called in the gateway's own event loop."""

    async def reply(self, request: Request) -> Answer:
        """The answer to one request; never raises. What is billed is in the reply's tokens."""
        ...

    def forget(self, question: str) -> None:
        """A question is closed: drop what was kept for it. Called from any thread, with the name in its address."""
        ...

    async def close(self) -> None:
        """Close connections and files; called once, at the end."""
        ...


class Gateway(ChatServer):
    """The server between every system and the model. Use as a context manager; all methods may be called from any thread.

    Args:
        backend: what answers.
        root, sub: the names by which systems ask for the root model and the sub-model.
        window: the context window of both, in tokens.
        price_of: the price of a model by its name; by default that of the snapshot.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        root: str,
        sub: str | None = None,
        window: int,
        price_of: PriceOf | None = None,
    ) -> None:
        super().__init__(backend.reply, keeps_requests=False)
        self._backend = backend
        self._price_of = price_of or snapshot().of
        prices = {name: price for name in (root, sub or root) if (price := self._price_of(name)) is not None}
        self._model = Model(base_url="", root=root, sub=sub or root, window=window, prices=prices)
        self._accounts: dict[str, Account] = {}
        self._books = threading.Lock()

    def open(self, question_key: str, limits: Limits) -> Model:
        """Admit the calls of a question, and say where they go.

        Raises:
            ConfigError: the question is open already.
        """
        slug = _slug(question_key)
        with self._books:
            if slug in self._accounts:
                raise ConfigError(
                    f"question {question_key!r} is open already; close it before it is asked again"
                )
            self._accounts[slug] = Account(limits, self._price_of, time.monotonic(), self._model.root)
        return msgspec.structs.replace(self._model, base_url=f"{self.url}/q/{slug}/v1", key=f"q-{slug}")

    def close(self, question_key: str) -> Usage:
        """Refuse the further calls of a question, wait a moment for those under way, and say what it has used.

        Raises:
            ConfigError: the question is not open.
        """
        with self._books:
            account = self._accounts.get(_slug(question_key))
        if account is None:
            raise ConfigError(f"question {question_key!r} is not open; open it first")
        account.shut()
        used = account.settled(_SETTLES_WITHIN_S)
        with self._books:
            self._accounts.pop(_slug(question_key), None)  # two may close it at once
        self._backend.forget(_slug(question_key))
        return used

    # -- the server ----------------------------------------------------------------------------------------

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._backend.close(), self._loop).result(_SETTLES_WITHIN_S)
        super().__exit__(kind, error, trace)

    async def _serve(self, exchange: Exchange) -> None:
        path = exchange.request.path
        if path.endswith("/models") and not exchange.request.body:
            await exchange.send(exchange.whole(msgspec.json.encode(self._listing())))
        elif path.endswith("/completions") and not path.endswith("/chat/completions"):
            await error(404, f"no {path} here; ask /chat/completions", kind="invalid_request_error").play(
                exchange
            )
        else:
            await super()._serve(exchange)

    async def _answer(self, exchange: Exchange, fault: Fault | None = None) -> None:
        account = self._account(exchange.request)
        if account is None:
            await self._play(_unknown(exchange.request), exchange)
            return
        async with account.turns:
            if exchange.left:  # gave up while it waited its turn
                account.refuse()
                return
            refused = account.refusal(time.monotonic())
            if refused is not None:
                account.refuse()
                await self._play(refused, exchange)
                return
            await self._admitted(exchange, account, fault)

    async def _admitted(self, exchange: Exchange, account: Account, fault: Fault | None) -> None:
        began = time.monotonic()
        account.begin(began)
        try:
            await super()._answer(exchange, fault)
        finally:
            account.end(exchange.request.number, began, time.monotonic(), exchange.request.model)

    def _bill(self, request: Request, tokens: Tokens, *, delivered: bool) -> None:
        if (account := self._account(request)) is not None:
            account.bill(request.number, request.model, tokens)

    def _account(self, request: Request) -> Account | None:
        found = _KEY.match(request.path)
        return None if found is None else self._accounts.get(found["key"])

    def _listing(self) -> dict[str, object]:
        names = dict.fromkeys((self._model.root, self._model.sub))
        models = [{"id": name, "object": "model", "owned_by": "harlm-bench"} for name in names]
        return {"object": "list", "data": models}


def question_of(request: Request) -> str:
    """The part of a request's path that names its question; empty if there is none."""
    found = _KEY.match(request.path)
    return "" if found is None else found["key"]


def _slug(key: str) -> str:
    """The key as a part of a path."""
    if not _UNSAFE.search(key) and key not in ("", ".", ".."):
        return key
    return f"{_UNSAFE.sub('-', key)}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _unknown(request: Request) -> Fault:
    return error(
        401,
        f"{request.path} names no open question: the address is /q/KEY/v1, and a question that was closed stays closed",
        kind="invalid_request_error",
        code="invalid_api_key",
    )
