"""What ``/metrics`` shows, in a registry of its own."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_BUCKETS = (0.005, 0.05, 0.25, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


class ServerMetrics:
    """Counts requests, runs, tokens and dollars."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
        self._requests = Counter(
            "harlm_requests", "Requests by route and status.", ("route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "harlm_request_seconds",
            "Seconds from a request to the end of its reply.",
            ("route",),
            buckets=_BUCKETS,
            registry=registry,
        )
        self._runs = Gauge("harlm_runs_under_way", "Runs that are under way.", registry=registry)
        self._ended = Counter(
            "harlm_runs",
            "Runs that have ended, by model and outcome.",
            ("model", "outcome"),
            registry=registry,
        )
        self._tokens = Counter(
            "harlm_tokens", "Tokens of all requests to models.", ("direction",), registry=registry
        )
        self._usd = Counter(
            "harlm_cost_usd", "Dollars of all runs, as far as prices are known.", registry=registry
        )

        self._known: dict[
            tuple[str, int], tuple[Counter, Histogram]
        ] = {}  # a look-up costs more than a count
        self._input, self._output = self._tokens.labels("input"), self._tokens.labels("output")

    def runs_from(self, count: Callable[[], float]) -> None:
        """Read the number of runs under way from ``count``."""
        self._runs.set_function(count)

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count a request whose reply has been sent."""
        known = self._known.get((route, status))
        if known is None:
            known = self._requests.labels(route, str(status)), self._seconds.labels(route)
            self._known[route, status] = known
        known[0].inc()
        known[1].observe(seconds)

    def run(self, model: str, outcome: str, tokens: tuple[int, int], micros: int) -> None:
        """Count a run that has ended.

        Args:
            model: the name that was asked.
            outcome: the status of the answer, or ``failed`` or ``cancelled``.
            tokens: of input and output.
            micros: micro-dollars.
        """
        self._ended.labels(model, outcome).inc()
        self._input.inc(tokens[0])
        self._output.inc(tokens[1])
        self._usd.inc(micros / 1_000_000)

    def text(self) -> bytes:
        """All of them, in the text format of Prometheus."""
        return generate_latest(self._registry)
