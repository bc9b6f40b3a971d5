"""A llama.cpp server with the tiny model, what it counts, and the documents that its cells look at."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

from tests.support.real_servers import llama_server
from tests.support.tiny_model import ANSWER, write_tiny_model

WINDOW = 8_192
QUESTION = "Who is the clerk of district 3?"
DOCUMENTS = {
    f"part{n}.txt": f"Section {n}. The clerk of district {n} is named {name}."
    for n, name in enumerate(("Aino", "Bram", "Cleo", ANSWER, "Dov", "Ewa"))
}
LONG_DOCUMENTS = {
    name: f"{text}\n" + "The archive is open from nine to five. " * 60 for name, text in DOCUMENTS.items()
}
"""Of about 15,000 bytes, each a token of the tiny model; an estimate for English takes them for 4,000."""


class TinyServer(NamedTuple):
    """A llama.cpp server of the tiny model.

    Attributes:
        url: without ``/v1``.
    """

    url: str

    @property
    def model(self) -> str:
        """The full name of its model."""
        return f"{self.url}/v1#tiny"

    def counted(self) -> tuple[int, int]:
        """All tokens of prompts and all of replies since it started, as the server counts them."""
        with urlopen(f"{self.url}/metrics") as told:
            page = told.read().decode()
        found = {name: int(value) for name, value in re.findall(r"(?m)^llamacpp:(\w+) (\d+)$", page)}
        return (
            found["prompt_tokens_total"] + found["prompt_tokens_cached_total"],
            found["tokens_predicted_total"],
        )

    def wait_until_free(self) -> None:
        """Wait while it works on a request."""
        deadline = time.monotonic() + 30
        while True:
            with urlopen(f"{self.url}/slots") as told:
                slots = json.load(told)
            if not any(slot["is_processing"] for slot in slots):
                return
            assert time.monotonic() < deadline, "the server continues a request that was given up"
            time.sleep(0.02)


@contextmanager
def tiny_server(folder: Path) -> Iterator[TinyServer]:
    """Start one. ``folder`` receives the model and the log."""
    model = folder / "tiny.gguf"
    write_tiny_model(model)
    with llama_server(model, "tiny", window=WINDOW, threads=1, log=folder / "llama.log") as address:
        yield TinyServer(address)
