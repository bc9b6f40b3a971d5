"""Reads rows of LongBench-v2 (Bai et al., arXiv 2412.15204): one context, one question, four choices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harlm.errors import ConfigError
from harlm.tokens import estimate_tokens
from harlm_bench.items import Question, Window
from harlm_bench.loaders.rows import rows_of, text_in

_LETTERS = "ABCD"
_COLUMNS = ("_id", "sub_domain", "question", *(f"choice_{each}" for each in _LETTERS), "answer", "context")


def windows(path: Path, password: str = "") -> Iterator[Window]:
    """A window for each row. The kind of a question is its sub-domain, such as ``Code repo QA``.

    Raises:
        ConfigError: an answer is not one of the letters.
    """
    for number, row in enumerate(rows_of(path, _COLUMNS)):
        name, gold, text = text_in(row, "_id"), text_in(row, "answer").strip(), text_in(row, "context")
        if gold not in tuple(_LETTERS):
            raise ConfigError(f"{path}, row {name!r}: the answer must be one of A, B, C and D, not {gold!r}.")
        choices = "\n".join(f"{each}) {text_in(row, f'choice_{each}')}" for each in _LETTERS)
        yield Window(
            task="longbench-v2",
            version=1,
            seed=number,
            tokens=estimate_tokens(text),
            documents={"context": text},
            questions=(
                Question(
                    id=name,
                    text=f"{text_in(row, 'question')}\n{choices}\nAnswer with the letter of the right choice.",
                    kind=text_in(row, "sub_domain"),
                    gold=gold,
                    scorer="choice",
                    chance=0.25,
                ),
            ),
            facts=(),
        )
