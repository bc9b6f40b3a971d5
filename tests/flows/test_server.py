"""``harlm serve`` as its users start it: what it refuses, whom it serves, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

import pytest

from harlm.testing import ChatServer, Request
from tests.support.busy import eventually
from tests.support.cli import harlm
from tests.support.served import ANSWER, QUESTION, asking_of, says, serve_process, served, write_docs

KEYS = "secret-key-1,secret-key-2"


def post(address: str, body: object, key: str | None = None) -> tuple[int, bytes]:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    data = json.dumps(body).encode()
    try:
        with urlopen(HttpRequest(f"{address}/chat/completions", data, headers), timeout=60) as got:
            return got.status, got.read()
    except HTTPError as error:
        return error.code, error.read()


def asked(**fields: object) -> dict[str, object]:
    return {"model": "harlm/handbook", "messages": [QUESTION], **fields}


def test_a_folder_is_served_until_a_signal() -> None:
    write_docs()
    with serve_process("docs", "--name", "handbook") as (process, address):
        status, body = post(address, asked())
        assert status == 200
        assert json.loads(body)["choices"][0]["message"]["annotations"][0]["place"] == "docs/tls.md:1"
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0
        assert said == ""


def test_several_corpora_are_served_and_none_is_needed() -> None:
    write_docs()
    Path("more.txt").write_text("The mail service uses TLS 1.0.")
    with (
        serve_process("docs", "--corpus", "mail=more.txt", "--corpus", "two=docs/tls.md") as (
            _,
            address,
        ),
        urlopen(f"{address}/models") as got,
    ):
        models = [each["id"] for each in json.load(got)["data"]]
    assert models == ["harlm/docs", "harlm/mail", "harlm/two", "harlm/auto"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["docs", "--host", "0.0.0.0"], 3, "HARLM_SERVER_API_KEY"),
        (["docs", "--name", "../up"], 3, "cannot name a corpus"),
        (["docs", "--name", "auto"], 3, "harlm/auto is the conversation"),
        (["--name", "x"], 2, "no PATH is given"),
        (["docs", "--corpus", "more"], 2, "is not NAME=PATH"),
        (["docs", "--corpus", "a b=docs"], 3, "'a b' cannot name a corpus"),
        (["https://example.com/a.html"], 3, "cannot be part of the corpus"),
        (["--corpus", "page=http://127.0.0.1:1/"], 3, "cannot be part of the corpus"),
        (["-"], 3, "cannot be part of the corpus"),
        (["nowhere"], 8, "nowhere"),
        (
            ["docs", "--key-budget", "1", "-m", "http://127.0.0.1:1/v1#unknown"],
            3,
            "--key-budget cannot be enforced",
        ),
        (["docs", "--key-budget", "0"], 2, "--key-budget"),
        (["docs", "--port", "70000"], 2, "--port"),
        (["docs", "--max-body", "0"], 2, "--max-body"),
    ],
)
def test_what_cannot_be_served_is_told_at_the_start(arguments: list[str], code: int, said: str) -> None:
    write_docs()
    ran = harlm("serve", *arguments, *([] if "--port" in arguments else ["--port", "0"]))
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_keys_of_the_environment_are_asked_for_and_never_told() -> None:
    write_docs()
    environment = {"HARLM_SERVER_API_KEY": KEYS}
    with serve_process("docs", "--name", "handbook", "--host", "0.0.0.0", "-v", environment=environment) as (
        process,
        address,
    ):
        here = address.replace("0.0.0.0", "127.0.0.1")
        assert [post(here, asked(), key)[0] for key in (None, "wrong-key", *KEYS.split(","))] == [
            401,
            401,
            200,
            200,
        ]
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0
    stored = b"".join(
        each.read_bytes() for each in Path(os.environ["HARLM_HOME"]).rglob("*") if each.is_file()
    )
    assert "secret-key" not in said
    assert b"secret-key" not in stored
    ran = harlm("serve", "docs", environment={"HARLM_SERVER_API_KEY": "tiny"})
    assert ran.code == 3
    assert "tiny" not in ran.err


def test_a_run_that_a_signal_stops_is_saved_and_taken_up() -> None:
    write_docs()
    slow = [True]

    def latency(_: Request) -> float:
        return 60.0 if slow[0] else 0.0

    with ChatServer(says, latency_s=latency) as model:
        options = ("docs", "--name", "handbook", "-m", f"openai/m@{model.base_url}", "--mode", "direct")
        with serve_process(*options) as (process, address):
            asking = subprocess.Popen(
                ["curl", "-sS", f"{address}/chat/completions", "-d", json.dumps(asked())],
                stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            assert eventually(lambda: model.in_flight == 1, 60)
            process.send_signal(signal.SIGTERM)
            reply, _ = asking.communicate(timeout=60)
            assert json.loads(reply)["error"]["code"] == "shutting_down"
            process.communicate(timeout=60)
            assert process.returncode == 0
        slow[0] = False
        (folder,) = (Path(os.environ["HARLM_HOME"]) / "runs").glob("0*")
        ran = harlm("runs", "resume", folder.name)
    assert (ran.code, ran.out.strip()) == (0, ANSWER)


HOSTILE = [
    "http://127.0.0.1:{port}/secret",
    "https://169.254.169.254/latest/meta-data/",
    "@/etc/passwd",
    "/etc/passwd",
    "../../../../etc/passwd",
    "file:///etc/passwd",
    "-",
    "~/.ssh/id_rsa",
    "$(cat /etc/passwd)",
]


@pytest.fixture
def bait() -> Iterator[tuple[int, list[bytes]]]:
    """A server that must not be asked: its port, and what it was asked."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        heard: list[bytes] = []
        yield listening.getsockname()[1], heard
        try:
            while True:
                connection, _ = listening.accept()
                with closing(connection):
                    heard.append(b"asked")
        except TimeoutError:
            pass
        assert heard == []


@pytest.mark.parametrize("model_name", ["harlm/docs", "harlm/auto"])
def test_what_clients_write_is_text_and_never_a_place_to_read(
    model_name: str, bait: tuple[int, list[bytes]]
) -> None:
    prompts: list[str] = []

    def reply(request: Request) -> str:
        prompts.append(request.prompt)
        return "noted"

    with ChatServer(reply) as model, served(asking_of(model)) as server:
        for text in (each.format(port=bait[0]) for each in HOSTILE):
            got = server.chat(
                {"role": "system", "content": text},
                {"role": "user", "content": [{"type": "text", "text": text}]},
                {"role": "assistant", "content": text},
                {"role": "user", "content": f"What is in {text}?"},
                model=model_name,
                metadata={"path": text, "context": text, "url": text},
                user=text,
            )
            assert got.status == 200
        for text in HOSTILE:
            assert server.chat(model=f"harlm/{text.format(port=bait[0])}").status == 404
    told = "\n".join(prompts)
    assert "/etc/passwd" in told
    assert "root:" not in told


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_vanishes_ends_its_run(stream: bool) -> None:
    def root(request: Request) -> str:
        return "```repl\nprint(llm_query_batched([f'item {n}' for n in range(400)]))\n```"

    def reply(request: Request) -> str:
        return "read" if "item" in request.prompt else root(request)

    def latency(request: Request) -> float:
        return 0.05 if "item" in request.prompt else 0.0

    with (
        ChatServer(reply, latency_s=latency) as model,
        served(asking_of(model, mode="full", concurrency=2, speculation="off")) as server,
    ):
        body = json.dumps(asked(model="harlm/docs", stream=stream)).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
        with closing(socket.create_connection(("127.0.0.1", server.port))) as connection:
            connection.sendall(head.encode() + body)
            assert eventually(lambda: model.arrived > 5, 60)
        assert eventually(lambda: server.asking.under_way == 0, 60)
        arrived = model.arrived
        time.sleep(0.5)
        assert model.arrived == arrived < 400
        assert server.is_healthy
        text = server.call("GET", "/metrics").body.decode()
    assert 'outcome="cancelled"} 1.0' in text


def test_a_reader_that_does_not_read_does_not_fill_the_memory() -> None:
    long = "a line of the reply that is long enough to be told apart\n" * 200_000  # 11 MB

    def reply(request: Request) -> str:
        return f"```repl\nFINAL({long[:57]!r} * 200_000)\n```"

    with ChatServer(reply) as model, served(asking_of(model, mode="full"), patience_s=1.0) as server:
        body = json.dumps(asked(model="harlm/docs", stream=True)).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
        with closing(socket.socket()) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            connection.connect(("127.0.0.1", server.port))
            connection.sendall(head.encode() + body)
            assert eventually(lambda: server.asking.under_way == 1, 60)
            assert eventually(lambda: server.asking.under_way == 0, 60)
            connections = server.serving._server.server_state.connections
            waiting = [each.transport.get_write_buffer_size() for each in connections]
            assert max(waiting, default=0) < 1_000_000
            assert server.is_healthy
            assert eventually(lambda: not any(not each.transport.is_closing() for each in connections), 60)


def test_the_server_says_which_package_it_lacks(tmp_path: Path) -> None:
    script = "import sys\nsys.modules['uvicorn'] = None\nfrom harlm.cli import main\nsys.argv = ['harlm', 'serve']\nmain()"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 3
    assert "pip install 'harlm[serve]'" in ran.stderr
