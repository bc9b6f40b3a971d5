"""Serves simulated models alone, without a gateway: for any client of OpenAI's dialect, on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

import msgspec

from harlm.errors import ConfigError
from harlm.testing import ChatServer, Request, Tokens
from harlm.testing.exchange import Exchange
from harlm_bench.items import Window
from harlm_bench.outcomes import Usage
from harlm_bench.prices import PICOS, picos
from harlm_bench.simulator.backend import Simulated

_PATHS = ("/models", "/usage")


class SimulatedServer(ChatServer):
    """The models of a backend at ``/v1``. Use as a context manager. ``GET /v1/usage`` says what was used.

    Args:
        backend: the models.
        names: by which they are asked for.
        port: to listen on; 0 for any free one.

    Raises:
        ConfigError: on entering: the port is taken.
    """

    def __init__(self, backend: Simulated, names: Iterable[str], port: int = 0) -> None:
        super().__init__(backend.reply, keeps_requests=False)
        self._backend = backend
        self._names = tuple(names)
        self._port = port
        self._bills: dict[int, tuple[str, Tokens]] = {}

    def __enter__(self) -> Self:
        try:
            return super().__enter__()
        except OSError as error:
            if self._reserved is not None:
                self._reserved.close()
            raise ConfigError(
                f"port {self._port} of 127.0.0.1 cannot be listened on ({error.strerror}); choose another with --port, or 0"
            ) from error

    def usage(self) -> Usage:
        """What was used so far."""
        bills = tuple(self._bills.values())
        tokens = [each for _, each in bills]
        prices = {name: self._backend.price_of(name) for name, _ in bills}
        known = [picos(price, each) for name, each in bills if (price := prices[name]) is not None]
        return Usage(
            calls=len(bills),
            refused=self.arrived - len(bills),
            prompt=sum(each.prompt for each in tokens),
            cached=sum(each.cached for each in tokens),
            completion=sum(each.completion for each in tokens),
            micro_usd=sum(known) // PICOS if len(known) == len(bills) else None,
            most_in_flight=self.most_in_flight,
        )

    async def _serve(self, exchange: Exchange) -> None:
        path = exchange.request.path
        if exchange.request.body or not path.endswith(_PATHS):
            await super()._serve(exchange)
            return
        told: object = self.usage()
        if path.endswith("/models"):
            models = [{"id": name, "object": "model", "owned_by": "simulated"} for name in self._names]
            told = {"object": "list", "data": models}
        await exchange.send(exchange.whole(msgspec.json.encode(told)))

    def _bill(self, request: Request, tokens: Tokens, *, delivered: bool) -> None:
        self._bills[request.number] = request.model, tokens


def write_windows(windows: Iterable[Window], folder: Path) -> Mapping[str, Path]:
    """The texts and questions of windows as files, so that any client can ask about them.

    Returns:
        the folder of each window, by its id: its documents, and ``questions.jsonl`` with the gold answers.

    Raises:
        ConfigError: they cannot be written.
    """
    written = {}
    for window in windows:
        place = folder / window.id
        try:
            (place / "documents").mkdir(parents=True, exist_ok=True)
            for number, (name, text) in enumerate(window.documents.items()):
                safe = "".join(each if each.isalnum() or each in "._-" else "_" for each in name)
                (place / "documents" / f"{number:04}_{safe}").write_text(text, encoding="utf-8")
            lines = b"".join(msgspec.json.encode(each) + b"\n" for each in window.questions)
            (place / "questions.jsonl").write_bytes(lines)
        except OSError as error:
            raise ConfigError(f"the texts cannot be written to {place}: {error.strerror}") from error
        written[window.id] = place
    return written


def serve(
    backend: Simulated, names: Iterable[str], *, port: int = 0, stopped: threading.Event | None = None
) -> None:
    """Serve until ``stopped`` is set or Ctrl-C, and say where.

    Raises:
        ConfigError: the port is taken.
        KeyboardInterrupt: Ctrl-C.
    """
    from harlm.cli.printing import show

    named = tuple(names)
    with SimulatedServer(backend, named, port) as server:
        show(f"Simulated models {', '.join(named)} at {server.base_url} ({backend.label})")
        (stopped or threading.Event()).wait()
