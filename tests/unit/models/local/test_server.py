"""A server in a child process: how it starts, how a start fails, and what is told of its end."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from harlm.errors import ConfigError, ModelError
from harlm.models.local import server as module
from harlm.models.local.server import LocalServer, serving, start
from harlm.models.local.sizing import ServerPlan
from harlm.threads import StopFlag, Stopped
from tests.support.fake_llama import fake_llama, real_llama
from tests.support.tiny_model import write_tiny_model

Behave = Callable[[str], None]


@pytest.fixture
def behave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Behave:
    return lambda behaviour: fake_llama(tmp_path, monkeypatch, behaviour)


def plan(file: Path = Path("/m.gguf")) -> ServerPlan:
    return ServerPlan(file=file, window=1_024, slots=1, threads=1)


@pytest.fixture
def started() -> Iterator[Callable[[], LocalServer]]:
    servers: list[LocalServer] = []

    def begin() -> LocalServer:
        servers.append(start(plan()))
        return servers[-1]

    yield begin
    for each in servers:
        each.stop()


# -- without llama.cpp -------------------------------------------------------------------------------------


def test_a_server_is_ready_until_it_is_stopped(behave: Behave, started: Callable[[], LocalServer]) -> None:
    behave("pass")
    server = started()
    assert (server.base_url, server.end) == ("http://127.0.0.1:9/v1", None)
    assert len(server.key) >= 32
    server.stop()
    server.stop()
    assert server.end == "exit code 0"


def test_each_server_has_a_key_of_its_own(behave: Behave, started: Callable[[], LocalServer]) -> None:
    behave("pass")
    assert started().key != started().key


def test_the_child_gets_no_keys_and_waits_passively(
    behave: Behave, started: Callable[[], LocalServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = tmp_path / "environment.json"
    for name in ("OPENAI_API_KEY", "HF_TOKEN", "HARLM_MODEL", "my_password"):
        monkeypatch.setenv(name, "secret")
    behave(f"import json; json.dump(dict(os.environ), open({str(shown)!r}, 'w'))")
    started()
    environment = json.loads(shown.read_text())
    assert "secret" not in environment.values()
    assert (environment["OMP_WAIT_POLICY"], environment["GOMP_SPINCOUNT"]) == ("passive", "0")


def test_a_server_that_dies_later_says_how(behave: Behave, started: Callable[[], LocalServer]) -> None:
    behave(
        "_log('0.00 I working'); import threading; threading.Timer(0.2, os.kill, [os.getpid(), 9]).start()"
    )
    server = started()
    assert server.wait() == "killed by SIGKILL; its last line: 0.00 I working; is there memory for it?"
    assert server.end == server.wait()


LOG = """_log('0.00.035.940 E llama_model_load: error loading model: {line}')
_log('0.00.060.000 E srv    load_model: failed to load model, x')
_log('0.00.060.169 E srv          init: exiting due to model loading error')
raise RuntimeError('Failed to init server')"""


@pytest.mark.parametrize(
    ("behaviour", "kind", "told"),
    [
        (
            LOG.format(line="unknown model architecture"),
            ConfigError,
            r"/m.gguf cannot be loaded: unknown model arch",
        ),
        (
            LOG.format(line="tensor a is not within the file bounds"),
            ConfigError,
            r"cannot be loaded: the file is cut or damaged: tensor a is not",
        ),
        ("raise RuntimeError('odd')", ConfigError, r"cannot be loaded: odd"),
        (
            "_log('0.0 I on'); os.kill(os.getpid(), 11)",
            ModelError,
            r"ended while it loaded the model: killed by SIGSEGV.*I on",
        ),
        ("os._exit(7)", ModelError, r"ended while it loaded the model: exit code 7"),
        ("os.kill(os.getpid(), signal.SIGKILL)", ModelError, r"is there memory for it"),
    ],
    ids=["unknown", "cut", "silent", "crash", "exit", "killed"],
)
def test_a_start_that_fails_says_why(
    behave: Behave, behaviour: str, kind: type[Exception], told: str
) -> None:
    behave(behaviour)
    with pytest.raises(kind, match=told):
        start(plan())


def test_a_missing_package_is_an_error_with_the_command_that_installs_it(
    behave: Behave, tmp_path: Path
) -> None:
    behave("pass")
    (tmp_path / "packages/xllamacpp/__init__.py").write_text("raise ImportError('not for this machine')")
    with pytest.raises(
        ConfigError, match=r"xllamacpp \(not for this machine\).*pip install 'harlm\[local\]'"
    ):
        start(plan())


def test_a_start_that_takes_too_long_is_ended(behave: Behave, monkeypatch: pytest.MonkeyPatch) -> None:
    behave("time.sleep(60)")
    monkeypatch.setattr(module, "_LOADING_S", 0.3)
    with pytest.raises(ModelError, match=r"was not loaded within 0\.3 s"):
        start(plan())


def test_a_start_can_be_given_up(behave: Behave) -> None:
    behave("time.sleep(60)")
    stop = StopFlag()
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        start(plan(), stop=stop)
    assert time.monotonic() - began < 4


def test_a_signal_without_a_name_is_a_number() -> None:
    assert module._signal_name(signal.SIGKILL) == "SIGKILL"
    assert module._signal_name(250) == "signal 250"


# -- with llama.cpp ----------------------------------------------------------------------------------------


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    real_llama(tmp_path, monkeypatch)
    file = tmp_path / "tiny.gguf"
    write_tiny_model(file)
    return file


def test_a_file_is_served_to_other_programs_without_a_key(tiny: Path) -> None:
    with serving(tiny, window=512) as server:
        with urlopen(f"{server.base_url}/models") as reply:
            (entry,) = json.load(reply)["data"]
        assert (entry["id"], entry["meta"]["n_ctx"]) == ("tiny", 512)
    assert server.wait().startswith("exit code 0")


def test_requests_without_the_key_are_refused(tiny: Path) -> None:
    server = start(plan(tiny))
    try:
        with pytest.raises(Exception, match="401"):
            urlopen(f"{server.base_url}/models")
        with urlopen(
            Request(f"{server.base_url}/models", headers={"authorization": f"Bearer {server.key}"})
        ) as reply:
            assert reply.status == 200
    finally:
        server.stop()


def test_a_port_that_is_taken_is_an_error(tiny: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} of 127.0.0.1 is taken"):
            start(plan(tiny), port=port)


def test_a_file_that_llama_cpp_cannot_load_is_an_error_with_its_words(tiny: Path) -> None:
    whole = tiny.read_bytes()
    tiny.write_bytes(whole[: len(whole) - 1_000])
    with pytest.raises(ConfigError, match=r"cut or damaged: tensor 'output\.weight'"):
        start(plan(tiny))
    tiny.write_bytes(whole.replace(b"llama", b"lxxma"))
    with pytest.raises(ConfigError, match="unknown model architecture: 'lxxma'"):
        start(plan(tiny))
