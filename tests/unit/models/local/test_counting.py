"""Counts by a server's own vocabulary, and estimates when there is no server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from harlm.models.local.counting import VocabularyCounter
from harlm.models.local.server import LocalServer, serving
from harlm.tokens import estimate_tokens
from tests.support.fake_llama import real_llama
from tests.support.tiny_model import write_tiny_model


class At:
    """A server that is somewhere."""

    def __init__(self, address: str, key: str = "") -> None:
        self.address = address
        self.key = key


def counter(address: str, key: str = "") -> VocabularyCounter:
    return VocabularyCounter(cast("LocalServer", At(address, key)))


@contextmanager
def answering(reply: Any, asked: list[Any]) -> Iterator[str]:
    """A server that gives one reply, and closes each connection after it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            asked.append((self.path, self.headers["authorization"], json.loads(body)))
            data = json.dumps(reply).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_server_is_asked_once_for_each_text_with_its_key() -> None:
    asked: list[Any] = []
    with answering({"tokens": [1, 2, 3]}, asked) as address:
        counting = counter(address, "k")
        assert [counting.count(text) for text in ("a b", "a b", "ü", "a b")] == [3, 3, 3, 3]
        counting.close()
    assert [path for path, _, _ in asked] == ["/tokenize"] * 2
    assert {key for _, key, _ in asked} == {"Bearer k"}
    assert [body["content"] for _, _, body in asked] == ["a b", "ü"]
    assert not any(body["parse_special"] or body["add_special"] for _, _, body in asked)


def test_without_a_server_it_estimates_and_asks_no_more() -> None:
    counting = counter("http://127.0.0.1:9")
    assert counting.count("some words") == estimate_tokens("some words")
    assert counting._has_failed


@pytest.mark.parametrize("reply", [{}, [1], {"tokens": 3}], ids=["nothing", "a list", "a number"])
def test_a_reply_that_is_no_list_of_tokens_is_a_failure(reply: Any) -> None:
    with answering(reply, []) as address:
        assert counter(address).count("some words") == estimate_tokens("some words")


def test_a_text_beyond_every_window_is_estimated() -> None:
    long = "word " * 50_000
    counting = counter("http://127.0.0.1:9")
    assert counting.count(long) == estimate_tokens(long)
    assert not counting._has_failed


def test_llama_cpp_counts_the_bytes_of_the_tiny_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_llama(tmp_path, monkeypatch)
    file = tmp_path / "tiny.gguf"
    write_tiny_model(file)
    with serving(file, window=512) as server:
        counting = VocabularyCounter(server)
        assert [counting.count(text) for text in ("", "abc", "ünï <|im_end|>")] == [0, 3, 17 - 1]
        counting.close()
