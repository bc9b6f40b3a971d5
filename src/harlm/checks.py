"""What callers pass to the client, checked before anything is read or paid for."""

from __future__ import annotations

from typing import Literal

from harlm.engine.approval import Approve
from harlm.errors import ConfigError
from harlm.types import MODES, Mode, without_surrogates

_REQUEST_LABELS = frozenset({"question", "q", "query", "task", "request", "instruction"})
_LONGEST_REQUEST = 2_000  # characters


def request_in(prompt: object) -> str | None:
    """The request at the end or the beginning of a text that holds its data too; ``None`` if neither looks like one."""
    text = prompt.strip() if isinstance(prompt, str) else ""
    for line in (text[text.rfind("\n") + 1 :], text.partition("\n")[0]):
        line = line.strip()
        label, _, rest = line.partition(":")
        if label.lower() in _REQUEST_LABELS and rest.strip() and len(line) <= _LONGEST_REQUEST:
            return rest.strip()
        if line.endswith(("?", "？")) and len(line) <= _LONGEST_REQUEST:
            return line
    return None


def question_in(prompt: object) -> str:
    """The question for a prompt that holds its request and its data: the request, or that it is to be found there."""
    return request_in(prompt) or "Do what is asked for in the context; it holds the request and its data."


def check_kind(name: str, value: object, kind: type | tuple[type, ...], what: str) -> None:
    """Check the type of an argument.

    Args:
        name: of the argument.
        value: what was passed; ``None`` is always right.
        kind: the types that are taken.
        what: to pass instead, in words.

    Raises:
        ConfigError: it is of another type.
    """
    if value is not None and not isinstance(value, kind):
        raise ConfigError(f"{name} is of type {type(value).__name__}; pass a {what}")


def check_models(**models: object) -> None:
    """Check that arguments can be models.

    Raises:
        ConfigError: one cannot.
    """
    for name, chosen in models.items():
        if chosen is not None and not (
            isinstance(chosen, str) or callable(chosen) or hasattr(chosen, "complete")
        ):
            raise ConfigError(
                f"{name} is of type {type(chosen).__name__}; pass a name such as 'openai/gpt-5', a callable or a LanguageModel"
            )


def checked_question(question: object) -> str:
    """A question without blanks around it.

    Raises:
        ConfigError: it is not a str, or empty.
    """
    if not isinstance(question, str):
        raise ConfigError(f"the question is of type {type(question).__name__}; pass a str")
    if not question.strip():
        raise ConfigError("the question is empty; ask something")
    return without_surrogates(question.strip())


def checked_mode(mode: str) -> Mode | Literal["auto"]:
    """A mode, or ``auto``.

    Raises:
        ConfigError: there is no such mode.
    """
    for known in (*MODES, "auto"):
        if mode == known:
            return known  # type: ignore[return-value] # mypy does not narrow by equality with a variable
    raise ConfigError(f"mode {mode!r} does not exist; use auto, {', '.join(MODES)}")


def checked_approve(approve: Approve | None) -> Approve | None:
    """The function that is asked before a cell runs, if there is one.

    Raises:
        ConfigError: it is not callable.
    """
    if approve is not None and not callable(approve):
        raise ConfigError(f"approve is of type {type(approve).__name__}; pass a function of a PendingCell")
    return approve
