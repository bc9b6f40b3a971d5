"""Reads rows of RULER (Hsieh et al., arXiv 2404.06654), as its own scripts write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from harlm.errors import ConfigError
from harlm.tokens import estimate_tokens
from harlm_bench.items import Question, ScorerName, Window
from harlm_bench.loaders.rows import list_in, rows_with_files, text_in

_COLUMNS = ("index", "input", "outputs")
_SPLITS = frozenset({"validation", "test", "train", "dev"})
_TASK = re.compile(r"(?:qa|niah|vt|cwe|fwe)(?![a-z])", re.IGNORECASE)
_LIST_FORM = " Answer with the values only, separated by commas."


def windows(path: Path, password: str = "") -> Iterator[Window]:
    """A window for each row; the last line of its input is the question, the rest the text.

    The task is named by the folder of each row's file, as in ``qa_1/validation.jsonl``, or by the file, as in
    ``qa_1.jsonl``. Several outputs are other names of one
    answer in the tasks ``qa``, and a set of answers in the others, scored by F1 where RULER counts recall only.

    Raises:
        ConfigError: an input has only one line, or a row has no output.
    """
    for number, (file, row) in enumerate(rows_with_files(path, _COLUMNS)):
        kind = _kind(file)
        text, _, question = text_in(row, "input").rstrip().rpartition("\n")
        outputs = [str(each) for each in list_in(row, "outputs", file)]
        if not text or not outputs:
            raise ConfigError(
                f"{file}, row {text_in(row, 'index')}: there must be a text before the question, and an output."
            )
        is_set = len(outputs) > 1 and not kind.casefold().startswith("qa")
        scorer: ScorerName = "set" if is_set else "contains"
        yield Window(
            task="ruler",
            version=1,
            seed=number,
            tokens=estimate_tokens(text),
            documents={"context": text},
            questions=(
                Question(
                    id=text_in(row, "index"),
                    text=question + (_LIST_FORM if is_set else ""),
                    kind=kind,
                    gold=(", " if is_set else " | ").join(outputs),
                    scorer=scorer,
                ),
            ),
            facts=(),
        )


def _kind(file: Path) -> str:
    """The task of a file: its own name or its folder's, whichever is one of RULER's; else the one that names no split."""
    names = [file.stem, file.resolve().parent.name]
    named = [each for each in names if _TASK.match(each)]
    others = [each for each in reversed(names) if each and each.casefold() not in _SPLITS]
    return (*named, *others, "task")[0]
