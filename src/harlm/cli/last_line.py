"""The last line of a command that failed: the message of its error, and the cause if the message does not name it."""

from __future__ import annotations

from harlm.errors import ModelError

_DEEPEST = 16  # causes of causes
_LONGEST = 300  # characters of a cause


def last_line(error: BaseException) -> str:
    """The message of an error, followed by what led to it: ``… (after 7 attempts; first: …)``.

    The notes on an error, and on the errors that caused it, say what led to it. Without notes it is the failure of a
    model that came first.
    """
    said, chain = _one_line(error), _chain(error)
    notes = [note for each in chain for note in getattr(each, "__notes__", ())]
    if not notes:
        models = [_one_line(each) for each in chain[1:] if isinstance(each, ModelError)]
        notes = [f"first: {_cut(cause)}" for cause in models[-1:] if cause not in said]
    return f"{said} ({'; '.join(map(_cut, dict.fromkeys(notes)))})" if notes else said


def _chain(error: BaseException) -> list[BaseException]:
    """An error, and the errors that caused it; the first one last."""
    chain = [error]
    while (cause := chain[-1].__cause__) is not None and len(chain) < _DEEPEST:
        chain.append(cause)
    return chain


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
