"""Reads rows of OOLONG (Bertsch et al., arXiv 2511.02817), both the synthetic and the real split."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harlm.tokens import estimate_tokens
from harlm_bench.items import Question, Window
from harlm_bench.loaders.rows import Row, rows_of, text_in

_COLUMNS = ("id", "context_window_id", "context_window_text", "question", "answer")
_KINDS = ("task", "question_type", "task_group")


def windows(path: Path, password: str = "") -> Iterator[Window]:
    """A window for each context, with all questions about it. Reads the whole file first, since rows come in any order."""
    texts: dict[str, str] = {}
    questions: dict[str, list[Question]] = {}
    for row in rows_of(path, _COLUMNS):
        context = text_in(row, "context_window_id")
        texts.setdefault(context, text_in(row, "context_window_text"))
        questions.setdefault(context, []).append(_question(row))
    for number, (context, text) in enumerate(texts.items()):
        yield Window(
            task="oolong-official",
            version=1,
            seed=number,
            tokens=estimate_tokens(text),
            documents={f"context {context}": text},
            questions=tuple(questions[context]),
            facts=(),
        )


def _question(row: Row) -> Question:
    kind = next((text_in(row, each) for each in _KINDS if row.get(each)), "question")
    gold = text_in(row, "answer")
    return Question(
        id=text_in(row, "id"), text=text_in(row, "question"), kind=kind, gold=gold, scorer="oolong"
    )
