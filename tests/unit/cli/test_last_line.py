"""The last line of a command that failed."""

from __future__ import annotations

from harlm.cli.last_line import last_line
from harlm.errors import ConfigError, ModelError, ModelUnavailable


def test_an_error_without_a_cause_says_its_message_on_one_line() -> None:
    assert last_line(ConfigError("a bad\n  value")) == "a bad value"


def test_the_notes_of_an_error_and_of_its_causes_are_shown_once() -> None:
    error, cause = ModelError("c/d is away", model="c/d"), ModelError("a/b is away", model="a/b")
    error.__cause__ = cause
    cause.add_note("after 7 attempts; first: a/b\nis full")
    assert last_line(error) == "c/d is away (after 7 attempts; first: a/b is full)"
    error.add_note("after 7 attempts; first: a/b\nis full")
    assert last_line(error) == "c/d is away (after 7 attempts; first: a/b is full)"


def test_without_notes_the_failure_of_a_model_that_came_first_is_shown() -> None:
    first = ModelUnavailable("a/b is not available (500: oops)", model="a/b")
    first.__cause__ = OSError("no words for users")
    second = ModelUnavailable("c/d cannot be reached", model="c/d")
    second.__cause__ = first
    assert last_line(second) == "c/d cannot be reached (first: a/b is not available (500: oops))"


def test_a_cause_that_the_message_quotes_is_not_repeated() -> None:
    error = ConfigError("nothing was asked: a/b is away")
    error.__cause__ = ModelError("a/b is away", model="a/b")
    assert last_line(error) == "nothing was asked: a/b is away"


def test_causes_of_other_kinds_are_in_the_message_already() -> None:
    error = ConfigError("the file cannot be written (No space left on device)")
    error.__cause__ = OSError(28, "No space left on device")
    assert last_line(error) == "the file cannot be written (No space left on device)"


def test_a_circle_of_causes_ends() -> None:
    error = ModelError("a", model="m")
    other = ModelError("b", model="m")
    error.__cause__, other.__cause__ = other, error
    assert last_line(error).startswith("a")


def test_a_long_cause_is_cut() -> None:
    error = ModelError("short", model="m")
    error.__cause__ = ModelError("x" * 5_000, model="m")
    assert len(last_line(error)) < 400
