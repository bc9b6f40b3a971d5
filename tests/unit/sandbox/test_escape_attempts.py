"""The escape attempts: each is code that can succeed, and whose targets exist only during the block."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest

from harlm.sandbox.escape_attempts import MARK, NAMES, attempts


def outcome(code: str) -> bool:
    """Whether an attempt succeeds in this process, which is not confined."""
    names: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the attempts leave files open
        exec(code, names)
    return bool(names["reached"])


def test_each_attempt_is_code_that_sets_reached() -> None:
    with attempts() as tried:
        assert tuple(tried) == NAMES
        for what, code in tried.items():
            compiled = compile(code, what, "exec")
            assert "reached" in compiled.co_names


@pytest.mark.parametrize(
    "name", ["files of this user", "network connections", "signals to other processes of this user"]
)
def test_an_attempt_succeeds_without_a_sandbox(name: str) -> None:
    with attempts() as tried:
        assert outcome(tried[name])


def test_reading_the_secret_file_succeeds_only_if_the_secret_is_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with attempts() as tried:
        code = tried["files of this user"]
        file = Path(code.split("open('")[1].split("'")[0])
        assert file.read_text(encoding="utf-8") == MARK
        file.write_text("another text", encoding="utf-8")
        assert not outcome(code)


def test_the_environment_of_the_host_is_searched_for_the_marker() -> None:
    with attempts() as tried:
        code = tried["keys and variables of the process that started it"]
        assert str(os.getpid()) in code
        assert MARK in code


def test_the_targets_are_gone_after_the_block() -> None:
    with attempts() as tried:
        read, connect = tried["files of this user"], tried["network connections"]
    with pytest.raises(FileNotFoundError):
        outcome(read)
    with pytest.raises(ConnectionRefusedError):
        outcome(connect)


def test_attempts_can_be_made_twice_at_once() -> None:
    with attempts() as one, attempts() as two:
        assert one["network connections"] != two["network connections"]
        assert outcome(one["network connections"])
        assert outcome(two["network connections"])
