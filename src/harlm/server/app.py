"""The routes of the server, put together from its parts."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from harlm.errors import HarlmError
from harlm.server.chat import chat
from harlm.server.failures import RequestRefused, closing, failure_of, internal
from harlm.server.incoming import Inbox, Reception
from harlm.server.openapi import description
from harlm.server.replies import ListedModel, ModelList
from harlm.server.responses import respond
from harlm.server.streaming import StreamedReply

_Reply: TypeAlias = Response | StreamedReply
_Serve: TypeAlias = Callable[[Request, Reception], Awaitable[_Reply]]
_GONE = 499  # the client has left, as proxies say it
_log = logging.getLogger("harlm.server")


def app_of(reception: Reception) -> Starlette:
    """The application of ASGI.

    Args:
        reception: what its routes need.
    """
    began = int(time.time())

    def route(path: str, method: str, name: str, serve: _Serve) -> Route:
        return Route(path, _Endpoint(name, serve, reception), methods=[method])

    return Starlette(
        routes=[
            route("/v1/chat/completions", "POST", "chat", chat),
            route("/v1/responses", "POST", "responses", respond),
            route("/v1/models", "GET", "models", functools.partial(_models, began=began)),
            route("/v1/models/{model:path}", "GET", "model", functools.partial(_model, began=began)),
            route("/healthz", "GET", "healthz", _health),
            route("/metrics", "GET", "metrics", _metrics),
            route("/openapi.json", "GET", "openapi", _openapi),
        ],
        exception_handlers={HTTPException: _no_route},
    )


class _Endpoint:
    """One route: serves a request, turns every error into a reply, and counts it. An application of ASGI."""

    def __init__(self, name: str, serve: _Serve, reception: Reception) -> None:
        self._name, self._serve, self._reception = name, serve, reception

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status, inbox = time.perf_counter(), _GONE, Inbox(scope, receive)
        try:
            reply = await self._reply(Request(scope, inbox.receive, send))
            if reply is not None:
                status = reply.status_code
                await inbox.reply(reply, scope, send, self._reception.linger_s)
        finally:
            self._reception.asking.metrics.request(self._name, status, time.perf_counter() - began)

    async def _reply(self, request: Request) -> _Reply | None:
        """The reply; ``None`` if the client has left."""
        try:
            return await self._serve(request, self._reception)
        except RequestRefused as refused:
            return refused.response()
        except HarlmError as error:
            return failure_of(error).response()
        except ClientDisconnect:
            return None
        except Exception:  # noqa: BLE001 - a bug; the client is told, and the log has it
            _log.exception("a request failed")
            return internal().response()


async def _models(request: Request, reception: Reception, *, began: int) -> Response:
    reception.holder(request)
    listed = tuple(ListedModel(id=name, created=began) for name in reception.asking.models)
    return _json(ModelList(data=listed))


async def _model(request: Request, reception: Reception, *, began: int) -> Response:
    reception.holder(request)
    name = request.path_params["model"]
    if name not in reception.asking.models:
        raise RequestRefused(
            404,
            f"there is no model {name[:200]!r} here; use {', '.join(reception.asking.models)}",
            code="model_not_found",
            param="model",
        )
    return _json(ListedModel(id=name, created=began))


async def _health(request: Request, reception: Reception) -> Response:
    if reception.asking.is_closing:
        raise closing()
    return Response(b'{"status":"ok"}', media_type="application/json")


async def _metrics(request: Request, reception: Reception) -> Response:
    reception.reader(request)
    return Response(reception.asking.metrics.text(), media_type="text/plain; version=0.0.4")


async def _openapi(request: Request, reception: Reception) -> Response:
    return _json(description(has_keys=not reception.keys.is_open))


def _json(body: object) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path[:200]
    said = f"{request.method} {path!r} is not served here; /openapi.json lists what is"
    refused = RequestRefused(error.status_code, said, code="unknown_route").response()
    for name, value in (error.headers or {}).items():
        refused.headers[name] = value
    return refused
