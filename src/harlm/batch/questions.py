"""The questions of a batch, read from a file of JSON lines or a table."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import msgspec

from harlm.checks import checked_mode, checked_question
from harlm.errors import ConfigError, ContextError, HarlmError
from harlm.typed import schema_of

_KNOWN = frozenset({"id", "question", "mode", "schema"})
_SEPARATORS = {".csv": (",", ";", "\t"), ".tsv": ("\t",)}
_LONGEST_ID = 200  # characters
_LONGEST_FIELD = 1 << 24  # characters of a field of a table
_SHOWN = 5  # wrong rows that an error names


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchQuestion:
    """A question of a batch.

    Attributes:
        id: unlike that of every other one; by default the number of its row.
        question: the question.
        mode: of its run; empty for that of the batch.
        schema: the JSON Schema of its answer; ``None`` for that of the batch.
        given: further fields of its row, which its result repeats.
    """

    id: str
    question: str
    mode: str = ""
    schema: Mapping[str, object] | None = None
    given: Mapping[str, object] = field(default_factory=dict)


class BatchQuestions:
    """The questions of a batch, in order. All of them are checked before the first is asked; they are read again from the file
    then, so that any number of them takes little memory.

    Args:
        rows: reads the rows from the beginning, each time it is called: a number, and a question or its fields.
        named: of the batch in messages.
        file: of the questions; ``None`` if they are in none.

    Attributes:
        digests: a digest of the text of each question, by its id.

    Raises:
        ContextError: rows are no questions, two have the same id, or there are none.
    """

    def __init__(
        self, rows: Callable[[], Iterable[tuple[int, object]]], named: str, file: Path | None = None
    ) -> None:
        self._rows, self.named, self.file = rows, named, file
        self.digests: dict[str, bytes] = {}
        wrong: list[str] = []
        count = 0
        for number, row in rows():
            try:
                asked = _question_of(number, row)
            except HarlmError as error:
                count += 1
                if len(wrong) < _SHOWN:
                    wrong.append(f"row {number}: {error}")
                continue
            if asked.id in self.digests:
                count += 1
                if len(wrong) < _SHOWN:
                    wrong.append(f"row {number}: the id {asked.id!r} is that of an earlier row")
                continue
            self.digests[asked.id] = digest_of(asked.question)
        if count:
            more = f"; and {count - len(wrong):,} more" if count > len(wrong) else ""
            raise ContextError(
                f"{count:,} row{' is' if count == 1 else 's are'} no question in {named}: {'; '.join(wrong)}{more}. "
                "Mend or remove them; nothing was asked"
            )
        if not self.digests:
            raise ContextError(
                f"there is no question in {named}; write one JSON object a line with a field question"
            )

    def __len__(self) -> int:
        return len(self.digests)

    def __iter__(self) -> Iterator[BatchQuestion]:
        left = len(self)
        for number, row in self._rows():
            left -= 1
            asked = _question_of(number, row)
            if self.digests.get(asked.id) != digest_of(asked.question):
                raise ContextError(
                    f"row {number} of {self.named} has changed while the batch runs; start it again"
                )
            yield asked
        if left:
            raise ContextError(f"{self.named} has lost {left:,} rows while the batch runs; start it again")


def questions_in(file: Path) -> BatchQuestions:
    """The questions in a file: ``.csv`` or ``.tsv`` with a column ``question``, or JSON lines, each an object with a field
    ``question`` or the question itself. Columns or fields ``id``, ``mode`` and ``schema`` are optional, others are repeated in the results.

    Raises:
        ContextError: the file cannot be read, or see ``BatchQuestions``.
    """
    suffix = file.suffix.lower()

    def rows() -> Iterator[tuple[int, object]]:
        return _table_rows(file, _SEPARATORS[suffix]) if suffix in _SEPARATORS else _json_rows(file)

    if file.exists() and not file.is_file():  # a pipe, which can be read once
        held = list(rows())
        return BatchQuestions(lambda: held, str(file))
    return BatchQuestions(rows, str(file), file)


def questions_of(values: Iterable[object]) -> BatchQuestions:
    """The questions in a Python value: strings, dicts with a key ``question``, or ``BatchQuestion``.

    Raises:
        ContextError: see ``BatchQuestions``.
    """
    known = list(values)
    return BatchQuestions(lambda: enumerate(known, start=1), "the list of questions")


def digest_of(question: str) -> bytes:
    """16 bytes that tell a question from every other one."""
    return blake2b(question.encode("utf-8", "replace"), digest_size=16).digest()


def _question_of(number: int, row: object) -> BatchQuestion:
    """The question of a row.

    Raises:
        HarlmError: it is none.
    """
    if isinstance(row, BatchQuestion):
        fields: Mapping[str, object] = {
            "id": row.id,
            "question": row.question,
            "mode": row.mode,
            "schema": row.schema,
            **row.given,
        }
    elif isinstance(row, Mapping):
        fields = row
    else:
        fields = {"question": row}
    if "question" not in fields:
        raise ConfigError(f"it has no field question, but {', '.join(map(str, fields)) or 'nothing'}")
    mode = str(fields.get("mode") or "")
    schema = fields.get("schema") or None
    if schema is not None and not isinstance(schema, Mapping):
        raise ConfigError(f"its schema is a {type(schema).__name__}; give a JSON Schema as an object")
    asked = BatchQuestion(
        id=_id_of(fields.get("id"), number),
        question=checked_question(fields["question"]),
        mode=checked_mode(mode) if mode else "",
        schema=None if schema is None else schema_of(dict(schema)).json_schema,
        given={str(name): value for name, value in fields.items() if name not in _KNOWN},
    )
    try:
        msgspec.json.encode((asked.id, asked.question, asked.given))
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"it cannot be repeated in a result ({error}); give text, numbers, lists and objects"
        ) from None
    return asked


def _id_of(given: object, number: int) -> str:
    if given is None or given == "":
        return str(number)
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise ConfigError(f"its id is a {type(given).__name__}; give a string or a whole number")
    if len(str(given)) > _LONGEST_ID:
        raise ConfigError(f"its id has {len(str(given)):,} characters; give at most {_LONGEST_ID}")
    return str(given)


def _json_rows(file: Path) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(_lines(file), start=1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ContextError(
                f"row {number} of {file} is not JSON ({error}); write one JSON object a line, or name the file .csv"
            ) from error


def _table_rows(file: Path, separators: tuple[str, ...]) -> Iterator[tuple[int, object]]:
    head = next(_lines(file), "")
    separator = max(separators, key=head.count)
    csv.field_size_limit(_LONGEST_FIELD)
    table = csv.reader(_lines(file), delimiter=separator, strict=True)
    try:
        names = [name.strip() for name in next(table, [])]
        if twice := next((each for each in names if each and names.count(each) > 1), None):
            raise ContextError(f"{file} names the column {twice!r} twice; give each a name of its own")
        if "question" not in names:
            raise ContextError(
                f"{file} has no column question; its first row is {', '.join(map(repr, names[:8])) or 'empty'}"
            )
        for number, cells in enumerate(table, start=2):
            if len(cells) > len(names):
                raise ContextError(
                    f"row {number} of {file} has {len(cells)} fields, and the first row names {len(names)}; quote fields with {separator!r}"
                )
            if any(cell.strip() for cell in cells):
                yield number, _typed(dict(zip(names, cells, strict=False)))
    except csv.Error as error:
        raise ContextError(
            f"row {table.line_num} of {file} is no row of a table ({error}); mend its quotes"
        ) from error


def _typed(fields: dict[str, str]) -> dict[str, object]:
    """The fields of a table's row, with the schema as JSON."""
    if not fields.get("schema"):
        return dict(fields)
    try:
        return {**fields, "schema": json.loads(fields["schema"])}
    except (ValueError, RecursionError):
        return dict(fields)  # refused where it is checked, with the row


def _lines(file: Path) -> Iterator[str]:
    """The lines of a text in UTF-8.

    Raises:
        ContextError: it cannot be read, or is not in UTF-8.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            yield from lines
    except UnicodeDecodeError as error:
        raise ContextError(
            f"{file} is not in UTF-8 ({error.reason} at byte {error.start:,}); save it as UTF-8"
        ) from error
    except OSError as error:
        raise ContextError(f"{file} cannot be read ({error.strerror}); name a file of questions") from error
