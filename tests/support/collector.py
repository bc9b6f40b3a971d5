"""Receivers of telemetry: one that keeps what it is sent, and rotel, a real collector, in front of it."""

from __future__ import annotations

import gzip
import os
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.support.busy import eventually
from tests.support.clients import clients_folder

HOW = "the collector for tests is not installed here: `make clients` installs it"
_PATIENCE_S = 60.0


def attributes(pairs: Sequence[KeyValue]) -> dict[str, object]:
    """Attributes as plain values."""
    return {pair.key: _plain(pair.value) for pair in pairs}


def _plain(value: AnyValue) -> object:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(each) for each in value.array_value.values]
    return getattr(value, kind) if kind else None


@dataclass
class Received:
    """What a receiver has been sent.

    Attributes:
        address: of the receiver.
        bodies: every body, decompressed.
        status: answered to later requests.
    """

    address: str = ""
    bodies: list[tuple[str, bytes]] = field(default_factory=list)
    status: int = 200

    def spans(self) -> list[Span]:
        """All spans."""
        return [
            span
            for path, body in tuple(self.bodies)
            if path.endswith("traces")
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def resource(self) -> dict[str, object]:
        """The attributes of the resource of the first spans."""
        body = next(body for path, body in self.bodies if path.endswith("traces"))
        return attributes(ExportTraceServiceRequest.FromString(body).resource_spans[0].resource.attributes)

    def metrics(self) -> set[str]:
        """The names of all metrics."""
        return {
            metric.name
            for path, body in tuple(self.bodies)
            if path.endswith("metrics")
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


@contextmanager
def receiver() -> Iterator[Received]:
    """A receiver of OTLP over HTTP."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            received.bodies.append((self.path, body))
            self.send_response(received.status)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    received.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def silent() -> Iterator[str]:
    """A collector that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def rotel_agent() -> Path | None:
    """The collector's program; ``None`` if it is not installed."""
    folder = clients_folder()
    pattern = "lib/python3*/site-packages/rotel/rotel-agent"
    return None if folder is None else next(folder.glob(pattern), None)


@contextmanager
def rotel(behind: str, folder: Path) -> Iterator[str]:
    """The collector rotel, which hands all that it gets to the receiver behind it.

    Args:
        behind: the address of that receiver.
        folder: receives its log.

    Yields:
        Its address for OTLP over HTTP.
    """
    program = rotel_agent()
    assert program is not None, HOW
    grpc, http = _free_port(), _free_port()
    command = [
        *(str(program), "start", "--exporter", "otlp", "--otlp-exporter-protocol", "http"),
        *("--otlp-exporter-endpoint", behind, "--batch-timeout", "50ms"),
        *("--otlp-http-endpoint", f"127.0.0.1:{http}", "--otlp-grpc-endpoint", f"127.0.0.1:{grpc}"),
        *("--pid-file", str(folder / "rotel.pid"), "--log-file", str(folder / "rotel.log")),
    ]
    with (folder / "rotel.out").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env={"PATH": os.environ["PATH"]})
        try:
            assert eventually(lambda: _listens(http), _PATIENCE_S), (folder / "rotel.out").read_text()
            yield f"http://127.0.0.1:{http}"
        finally:
            process.terminate()
            process.wait(_PATIENCE_S)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
