"""Who is answered."""

from __future__ import annotations

from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from harlm.viewer.guard import HEADERS, Guard


def asked(path: str = "/api/runs", **headers: str) -> web.Request:
    return make_mocked_request("GET", path, headers={"Host": "127.0.0.1:8000"} | headers)


GUARD = Guard(8000, "the-token")


def status(request: web.Request) -> int:
    refused = GUARD.refusal(request)
    return 200 if refused is None else refused[0]


def test_runs_need_the_token() -> None:
    assert status(asked()) == 401
    assert status(asked("/api/runs?token=wrong")) == 401
    assert status(asked("/api/runs?token=the-token")) == 200
    assert status(asked(Cookie="harlm-view-8000=the-token")) == 200
    assert status(asked(Cookie="harlm-view-9000=the-token")) == 401
    assert status(asked("/viewer.js")) == 200


def test_another_name_for_this_machine_is_refused() -> None:
    for host in ("evil.example", "evil.example:8000", "127.0.0.1:9000", "127.0.0.1", ""):
        assert status(asked("/api/runs?token=the-token", Host=host)) == 421
    assert status(asked("/api/runs?token=the-token", Host="localhost:8000")) == 200


def test_another_page_is_refused() -> None:
    for origin in ("http://evil.example", "null", "http://127.0.0.1:9000"):
        assert status(asked("/api/runs?token=the-token", Origin=origin)) == 403
    assert status(asked("/api/runs?token=the-token", Origin="http://127.0.0.1:8000")) == 200


def test_tokens_are_random_and_odd_ones_do_not_crash() -> None:
    assert Guard(1).token != Guard(1).token
    assert len(Guard(1).token) >= 32
    assert status(asked("/api/runs?token=%FF")) == 401
    assert status(asked("/api/runs?token=é")) == 401


def test_what_other_users_may_see_opens_the_page_once() -> None:
    guard = Guard(8000)
    assert guard.opens(asked("/")) is None
    assert guard.opens(asked("/?once=wrong")) is False
    once = guard.once
    assert guard.opens(asked(f"/?once={once}")) is True
    assert guard.opens(asked(f"/?once={once}")) is False
    assert guard.opens(asked("/?once=")) is False
    assert guard.opens(asked(f"/?token={guard.token}")) is True
    assert guard.refusal(asked(f"/api/runs?once={once}")) is not None


def test_the_policy_lets_nothing_run_but_the_own_script() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
