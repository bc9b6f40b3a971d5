"""Keeps the page to the user who started it: a token, the name that the browser asks for, and headers that leave a page little room."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from aiohttp.typedefs import Middleware

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""What a browser may load for the page, and run."""

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_HOSTS = ("127.0.0.1", "localhost")
_HTTP = 80  # the port that browsers leave out


class Guard:
    """Decides which requests are answered.

    Args:
        port: on which the page is served.
        token: what every request for a run must know; by default a random one.
    """

    def __init__(self, port: int, token: str | None = None) -> None:
        self._hosts = {host if port == _HTTP else f"{host}:{port}" for host in _HOSTS}
        self._origins = {f"http://{host}" for host in self._hosts}
        self.token = token or secrets.token_urlsafe(24)
        self._cookie = f"harlm-view-{port}"
        self._once: str | None = secrets.token_urlsafe(24)

    def refusal(self, request: web.Request) -> tuple[int, str] | None:
        """The status and the reason why a request is not answered; ``None`` if it is."""
        if request.headers.get("Host", "").lower() not in self._hosts:
            return 421, "this page is served as 127.0.0.1 only"  # else a name of someone else could lead here
        if request.headers.get("Origin", "null" if "Origin" in request.headers else "") not in (
            "",
            *self._origins,
        ):
            return 403, "other pages cannot read runs"
        if request.path.startswith("/api/") and not self._knows(request):
            return 401, "the address needs its token: use the one that `harlm view` has printed"
        return None

    def _knows(self, request: web.Request) -> bool:
        given = request.cookies.get(self._cookie) or request.query.get("token", "")
        return _same(given, self.token)

    def remember(self, response: web.StreamResponse) -> None:
        """Let the browser keep the token, for this page only."""
        response.set_cookie(self._cookie, self.token, httponly=True, samesite="Strict", path="/")

    @property
    def once(self) -> str:
        """What opens the page once, for the command line of a browser, which other users of the machine can see."""
        return self._once or ""

    def opens(self, request: web.Request) -> bool | None:
        """Whether an address opens the page: with the token, or with what does so once; ``None`` if it holds neither."""
        if "token" in request.query:
            return _same(request.query["token"], self.token)
        if "once" not in request.query:
            return None
        is_right = self._once is not None and _same(request.query["once"], self._once)
        self._once = None if is_right else self._once
        return is_right

    def middleware(self) -> Middleware:
        """Checks every request, and puts the headers on every response."""

        @web.middleware
        async def guarded(request: web.Request, handler: _Handler) -> web.StreamResponse:
            refused = self.refusal(request)
            if refused is not None:
                response: web.StreamResponse = web.json_response({"error": refused[1]}, status=refused[0])
            else:
                response = await _answered(handler, request)
            if not response.prepared:
                response.headers.update(HEADERS)
            return response

        return guarded


def _same(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())


async def _answered(handler: _Handler, request: web.Request) -> web.StreamResponse:
    """What a handler answers; its refusals as JSON, like all others."""
    try:
        return await handler(request)
    except web.HTTPException as refused:
        allowed = {"Allow": refused.headers["Allow"]} if "Allow" in refused.headers else {}
        return web.json_response({"error": refused.text}, status=refused.status, headers=allowed)
