"""The routes of the server."""

from __future__ import annotations

import logging

import pytest

from harlm.server import asking
from tests.support.served import served

KEY = {"Authorization": "Bearer secret-key-1"}


def test_models_are_listed_and_found() -> None:
    with served() as server:
        listed = server.call("GET", "/v1/models").json
        assert [each["id"] for each in listed["data"]] == ["harlm/docs", "harlm/auto"]
        assert server.call("GET", "/v1/models/harlm/docs").json["owned_by"] == "harlm"
        assert server.call("GET", "/v1/models/harlm%2Fdocs").json["id"] == "harlm/docs"
        assert server.call("GET", "/v1/models/gpt-5").status == 404


@pytest.mark.parametrize(
    "name",
    ["gpt-5", "docs", "harlm/", "harlm/none", "harlm/../docs", "harlm/docs/../../etc/passwd", "harlm/%2e%2e/etc/passwd",
     "harlm/docs\x00", "HARLM/DOCS", "harlm/" + "x" * 10_000, "harlm/@/etc/passwd", "harlm/http://127.0.0.1:1/"],
)  # fmt: skip
def test_a_model_that_is_not_there_is_404(name: str) -> None:
    with served() as server:
        got = server.chat(model=name)
        assert (got.status, got.json["error"]["code"]) == (404, "model_not_found")
        assert "harlm/docs, harlm/auto" in got.json["error"]["message"]
        assert len(got.body) < 1_000
        assert server.is_healthy


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1", 404),
        ("POST", "/v1/completions", 404),
        ("GET", "/v1/chat/completions", 405),
        ("DELETE", "/v1/models", 405),
        ("GET", "/v1/responses/resp_1", 404),
        ("GET", "/../../etc/passwd", 404),
        ("GET", "/%2e%2e/%2e%2e/etc/passwd", 404),
    ],
)
def test_a_route_that_is_not_there_has_openais_shape(method: str, path: str, status: int) -> None:
    with served() as server:
        got = server.call(method, path)
        assert (got.status, got.json["error"]["code"]) == (status, "unknown_route")
        assert "/openapi.json" in got.json["error"]["message"]


def test_keys_guard_all_but_health_and_description() -> None:
    with served(keys=["secret-key-1"]) as server:
        for path in ("/v1/models", "/v1/models/harlm/docs", "/metrics"):
            assert server.call("GET", path).status == 401
            assert server.call("GET", path, headers={"Authorization": "Bearer secret-key-2"}).status == 401
            assert server.call("GET", path, headers=KEY).status == 200
        for path in ("/v1/chat/completions", "/v1/responses"):
            assert server.call("POST", path, {}).status == 401
            assert server.call("POST", path, {}, KEY).status == 400
        assert server.call("GET", "/healthz").json == {"status": "ok"}
        assert server.call("GET", "/openapi.json").json["security"]


def test_requests_and_runs_are_counted() -> None:
    with served() as server:
        server.chat()
        server.chat(stream=True)
        server.chat(model="none")
        text = server.call("GET", "/metrics").body.decode()
    assert 'harlm_requests_total{route="chat",status="200"} 2.0' in text
    assert 'harlm_requests_total{route="chat",status="404"} 1.0' in text
    assert 'harlm_runs_total{model="harlm/docs",outcome="ok"} 2.0' in text
    assert "harlm_runs_under_way 0.0" in text


@pytest.mark.parametrize("stream", [False, True])
def test_a_bug_is_told_to_the_log_and_not_to_the_client(
    stream: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise KeyError("a secret of the house")

    monkeypatch.setattr(asking.Answering, "run", broken)
    with served() as server, caplog.at_level(logging.ERROR):
        got = server.chat(stream=stream)
        assert server.is_healthy
    error = got.events[-1]["error"] if stream else got.json["error"]
    assert error["code"] == "internal"
    assert b"secret" not in got.body
    assert "a secret of the house" in caplog.text
