"""Reads the rows of a user's own data file and checks their columns. Knows no data set."""

from __future__ import annotations

import csv
import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from harlm.errors import ConfigError, ContextError

Row = Mapping[str, object]
"""One row: its values by the names of their columns."""

_LONGEST_FIELD = 2**31 - 1  # characters; the default of 128 KB is less than one context


def rows_with_files(path: Path, columns: Sequence[str]) -> Iterator[tuple[Path, Row]]:
    """As ``rows_of``, each row with the file that it stands in.

    Raises:
        ConfigError: a row lacks one of ``columns``, the file is of another format or is broken, or Parquet is not
            installed. Names the file.
        ContextError: the file does not exist or cannot be read.
    """
    for file in _files_of(path):
        number = 0
        for row in _READERS[file.suffix.lower()](file):
            number += 1
            missing = [each for each in columns if each not in row]
            if missing:
                raise ConfigError(
                    f"{file}, row {number}: there is no column {_named(missing)}; its columns are {_named(sorted(row))}. "
                    f"Give the file as it was published, or rename its columns."
                )
            yield file, row
        if not number:
            raise ConfigError(f"{file} has no rows. Give the file as it was published.")


def rows_of(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """The rows of a JSON, JSONL, CSV or Parquet file, or of all such files of a folder in the order of their names.

    Raises:
        ConfigError, ContextError: as ``rows_with_files``.
    """
    return (row for _, row in rows_with_files(path, columns))


def text_in(row: Row, column: str) -> str:
    """The value of a column as text."""
    value = row[column]
    return value if isinstance(value, str) else "" if value is None else str(value)


def list_in(row: Row, column: str, file: Path) -> list[object]:
    """The value of a column that holds a list, or a list as JSON.

    Raises:
        ConfigError: it holds neither.
    """
    value = row[column]
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            pass
    if not isinstance(value, list):
        raise ConfigError(f"{file}: column {column!r} must hold lists, not {str(value)[:60]!r}.")
    return value


def _files_of(path: Path) -> list[Path]:
    if not path.exists():
        raise ContextError(f"{path} does not exist. Give the path of your own copy of the data.")
    files = [path]
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.suffix.lower() in _READERS)
    if not files or files[0].suffix.lower() not in _READERS:
        raise ConfigError(
            f"{path} holds no rows that can be read. Give a file with one of the endings {_named(list(_READERS))}."
        )
    return files


def _json(path: Path) -> Iterator[Row]:
    found = _decoded(_bytes_of(path), str(path))
    if isinstance(found, dict):
        lists = [each for each in found.values() if isinstance(each, list)]
        found = lists[0] if len(lists) == 1 else [found]
    if not isinstance(found, list):
        raise ConfigError(f"{path} must hold a list of rows.")
    for number, each in enumerate(found, 1):
        yield _as_row(each, f"{path}, row {number}")


def _json_lines(path: Path) -> Iterator[Row]:
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    where = f"{path}, line {number}"
                    yield _as_row(_decoded(line, where), where)
    except OSError as error:
        raise ContextError(f"{path} cannot be read: {error.strerror}.") from error


def _csv(path: Path) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_FIELD)
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield from csv.DictReader(lines, delimiter=delimiter, restkey="more than the header names")
    except OSError as error:
        raise ContextError(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path} is no CSV file in UTF-8: {error}.") from error


def _parquet(path: Path) -> Iterator[Row]:
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise ConfigError(
            f"{path} is a Parquet file, which needs pyarrow: pip install pyarrow, or convert it to JSONL."
        ) from error
    try:
        for batch in parquet.ParquetFile(path).iter_batches(batch_size=16):
            for each in batch.to_pylist():
                yield _as_row(each, str(path))
    except (OSError, ValueError) as error:
        raise ContextError(f"{path} cannot be read: {error}.") from error


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ContextError(f"{path} cannot be read: {error.strerror}.") from error


def _decoded(raw: bytes, where: str) -> object:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where} cannot be read as JSON: {error}. Fetch the file again.") from error


def _as_row(value: object, where: str) -> Row:
    if not isinstance(value, dict):
        raise ConfigError(f"{where} must be an object with named columns, not {str(value)[:60]!r}.")
    return value


def _named(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))


_READERS: Mapping[str, Callable[[Path], Iterator[Row]]] = {
    ".json": _json,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".csv": _csv,
    ".tsv": _csv,
    ".parquet": _parquet,
}
