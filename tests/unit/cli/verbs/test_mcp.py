"""``harlm mcp``: its options."""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm.cli import corpora
from harlm.cli.verbs import mcp
from harlm.errors import ConfigError
from tests.support.cli import harlm


@pytest.fixture(autouse=True)
def folders() -> None:
    for name in ("handbook", "notes", "a", "x", "y=z"):
        Path(name).mkdir()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--root", "missing"], 3, "'missing' cannot be a root"),
        (["--corpus", "a b=."], 3, "'a b' cannot name a corpus"),
        (["https://example.com/x"], 3, "name files and folders"),
        (["missing"], 8, "'missing' does not exist"),
        (["a", "--corpus", "x=./none/*.md", "--root", "none"], 3, "'none' cannot be a root"),
        (["--http", "--host", "0.0.0.0"], 3, "set HARLM_SERVER_API_KEY to long random keys"),
        (["--http", "--port", "70000"], 2, "70000"),
        (["--http", "--host", "no.such.host.invalid"], 3, "HARLM_SERVER_API_KEY"),
    ],
)
def test_what_cannot_be_served_is_said_at_once(arguments: list[str], code: int, said: str) -> None:
    done = harlm("mcp", *arguments)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_key_that_is_too_short_is_refused() -> None:
    done = harlm("mcp", "--http", "--port", "0", environment={"HARLM_SERVER_API_KEY": "short"})
    assert done.code == 3
    assert "key 1 in HARLM_SERVER_API_KEY cannot be used" in done.err


def test_a_port_that_is_taken_is_said_so() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = harlm("mcp", "--http", "--port", str(taken.getsockname()[1]))
    assert done.code == 3
    assert "choose another --port or --host" in done.err


def test_input_that_ends_at_once_ends_the_server() -> None:
    done = harlm("mcp", "handbook")
    assert (done.code, done.out) == (0, "")


@pytest.mark.parametrize(("arguments", "package"), [([], "mcp"), (["--http"], "uvicorn")])
def test_a_missing_package_names_the_extra(
    arguments: list[str], package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpora, "find_spec", lambda name: None if name == package else object())
    with pytest.raises(ConfigError, match=r"pip install 'harlm\[serve\]'"):
        mcp.command.main(["handbook", *arguments], standalone_mode=False)


def test_a_home_folder_is_understood_without_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(Path.cwd()))
    assert harlm("mcp", "~/handbook").code == 0
    assert "'~/nowhere' does not exist" in harlm("mcp", "~/nowhere").err
