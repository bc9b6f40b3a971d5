"""What ``/metrics`` shows."""

from __future__ import annotations

from harlm.server.metrics import ServerMetrics


def test_requests_runs_tokens_and_dollars_are_counted() -> None:
    metrics = ServerMetrics()
    metrics.runs_from(lambda: 3)
    metrics.request("chat", 200, 0.1)
    metrics.request("chat", 401, 0.1)
    metrics.run("harlm/auto", "ok", (10, 5), 2_500_000)
    lines = metrics.text().decode().splitlines()
    assert 'harlm_requests_total{route="chat",status="200"} 1.0' in lines
    assert 'harlm_requests_total{route="chat",status="401"} 1.0' in lines
    assert 'harlm_request_seconds_count{route="chat"} 2.0' in lines
    assert "harlm_runs_under_way 3.0" in lines
    assert 'harlm_runs_total{model="harlm/auto",outcome="ok"} 1.0' in lines
    assert 'harlm_tokens_total{direction="input"} 10.0' in lines
    assert "harlm_cost_usd_total 2.5" in lines


def test_two_servers_in_one_process_count_apart() -> None:
    ServerMetrics().request("chat", 200, 0.1)
    assert "harlm_requests_total{" not in ServerMetrics().text().decode()
