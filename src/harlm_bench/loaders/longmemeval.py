"""Reads LongMemEval (Wu et al., arXiv 2410.10813): one question about many chat sessions, and data of the same form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from harlm.errors import ConfigError
from harlm.tokens import estimate_tokens
from harlm_bench.items import Question, Window
from harlm_bench.loaders.rows import Row, list_in, rows_of, text_in

_COLUMNS = (
    "question_id",
    "question_type",
    "question",
    "answer",
    "question_date",
    "haystack_dates",
    "haystack_sessions",
)
_ABSTAINS = "_abs"


def windows(path: Path, password: str = "") -> Iterator[Window]:
    """A window for each question, with one document a session.

    The published scores come from a model as judge; here an answer scores if it holds the gold one. Questions about what was
    never said (``_abs``) have no answer to compare, and are left out.
    """
    for number, row in enumerate(rows_of(path, _COLUMNS)):
        name = text_in(row, "question_id")
        if name.endswith(_ABSTAINS):
            continue
        documents = _sessions(row, path)
        yield Window(
            task="longmemeval",
            version=1,
            seed=number,
            tokens=estimate_tokens("\n\n".join(documents.values())),
            documents=documents,
            questions=(
                Question(
                    id=name,
                    text=f"Today is {text_in(row, 'question_date')}. {text_in(row, 'question')} Answer in a few words.",
                    kind=text_in(row, "question_type"),
                    gold=text_in(row, "answer"),
                    scorer="contains",
                ),
            ),
            facts=(),
            is_searchable=True,
        )


def _sessions(row: Row, path: Path) -> dict[str, str]:
    dates, sessions = list_in(row, "haystack_dates", path), list_in(row, "haystack_sessions", path)
    if len(dates) != len(sessions):
        raise ConfigError(
            f"{path}, question {text_in(row, 'question_id')!r}: {len(sessions)} sessions have {len(dates)} dates. "
            "Fetch the file again."
        )
    return {
        f"session {number}, {day}": "\n".join(
            _turn(each, path) for each in (session if isinstance(session, list) else [])
        )
        for number, (day, session) in enumerate(zip(dates, sessions, strict=True), 1)
    }


def _turn(turn: object, path: Path) -> str:
    if not isinstance(turn, Mapping) or not {"role", "content"} <= turn.keys():
        raise ConfigError(
            f"{path}: each turn of a session must have a 'role' and a 'content', not {str(turn)[:60]!r}."
        )
    return f"{turn['role']}: {turn['content']}"
