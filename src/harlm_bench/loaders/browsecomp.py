"""Reads sealed rows of BrowseComp-Plus (Chen et al., arXiv 2508.06600) and opens them in memory only.

Its authors ask that questions and answers never lie about in plain text. Windows say so: ``is_secret``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from harlm.errors import ConfigError
from harlm.tokens import estimate_tokens
from harlm_bench.items import Question, Window
from harlm_bench.loaders.rows import Row, list_in, rows_of, text_in
from harlm_bench.loaders.sealed import opened

_LISTS = ("gold_docs", "evidence_docs", "negative_docs")
_COLUMNS = ("query_id", "query", "answer", *_LISTS)
_PLAIN = frozenset({"query_id", "canary"})


def windows(path: Path, password: str = "") -> Iterator[Window]:
    """A window for each row: its right, helpful and misleading documents, in an order that tells nothing.

    The published scores come from a model as judge; here an answer scores if it holds the gold one.

    Args:
        path: the rows as published, sealed.
        password: what they are sealed with; not needed if the rows have a column ``canary``.

    Raises:
        ConfigError: there is no password, or a row is not sealed with it.
    """
    for number, row in enumerate(rows_of(path, _COLUMNS)):
        plain = _opened_row(row, password, path)
        documents = _documents(plain, path)
        yield Window(
            task="browsecomp-plus",
            version=1,
            seed=number,
            tokens=estimate_tokens("\n\n".join(documents.values())),
            documents=documents,
            questions=(
                Question(
                    id=text_in(plain, "query_id"),
                    text=text_in(plain, "query"),
                    kind="query",
                    gold=text_in(plain, "answer"),
                    scorer="contains",
                ),
            ),
            facts=(),
            is_searchable=True,
            is_secret=True,
        )


def _opened_row(row: Row, password: str, path: Path) -> Row:
    key = password or str(row.get("canary") or "")
    where = f"{path}, query {text_in(row, 'query_id')!r}"
    if not key:
        raise ConfigError(
            f"{where}: the texts are sealed. Give the password: it is the canary that the authors' own script and the "
            "card of the data set name."
        )
    try:
        return {
            column: row[column] if column in _PLAIN else opened(_value(row, column, path), key, _PLAIN)
            for column in _COLUMNS
        }
    except ValueError as error:
        raise ConfigError(
            f"{where} cannot be opened: {error}. Give the rows as they were published, still sealed, and the right password."
        ) from error


def _value(row: Row, column: str, path: Path) -> object:
    return list_in(row, column, path) if column in _LISTS else row[column]


def _documents(row: Row, path: Path) -> dict[str, str]:
    """The documents by their ids, each once, in the order of a hash, so that the place of a document says nothing."""
    texts = {}
    for column in _LISTS:
        for each in list_in(row, column, path):
            if not isinstance(each, dict) or not {"docid", "text"} <= each.keys():
                raise ConfigError(f"{path}: each entry of {column!r} must have a 'docid' and a 'text'.")
            texts[str(each["docid"])] = str(each["text"])
    return {
        name: texts[name] for name in sorted(texts, key=lambda name: hashlib.sha256(name.encode()).digest())
    }
