"""Read-only SQL over a database of SQLite or PostgreSQL, as a tool.

Two walls for each: SQLite opens the file read-only and asks an authorizer about each action; PostgreSQL declares a cursor, which
takes a single query, in a transaction that cannot write. A role that may only read is a third one, and the user's to set up.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, unquote, urlsplit

from harlm.errors import CodeError, ConfigError
from harlm.redact import Redactor
from harlm.tools.functions import FunctionTool, Gate, checked_timeout

Rows = list[dict[str, Any]]

_MOST_ROWS = 100_000
_LONGEST_QUERY = 50_000  # characters
_MOST_TABLES = 200  # in the help
_MOST_COLUMNS = 60  # of a table in the help
_SHOWN = 500  # characters of an error

_STEPS = 10_000  # of SQLite's virtual machine between two looks at the clock: about a millisecond
_ALLOWED = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_FORBIDDEN = frozenset({"load_extension", "fts3_tokenizer", "sqlite_attach", "sqlite_detach"})
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 8_000_000,  # bytes of a value or a row
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 4 * _LONGEST_QUERY,
    sqlite3.SQLITE_LIMIT_COLUMN: 1_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 500,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 100,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 200,  # matching takes a power of it
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_COMMENT = re.compile(r"--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z)|\s+", re.DOTALL)
_READING = ("select", "with", "values", "table")
_CONNECTING_S = 10
_PSYCOPG = "PostgreSQL needs the package psycopg: pip install 'psycopg[binary]'"


def sql_tool(
    url: str, *, name: str = "sql", rows: int = 1_000, timeout: float = 30.0, gate: Gate | None = None
) -> FunctionTool:
    """A tool that answers read-only queries. It is pure, and its help lists tables and columns.

    Args:
        url: ``sqlite:///PATH``, with a path that is relative or begins with another slash, or ``postgresql://…``.
        name: by which cells call it.
        rows: the most rows of a result; a query with more is an error, so that nothing is counted wrong.
        timeout: seconds that a query may take.
        gate: as for ``harlm.tool``.

    Raises:
        ConfigError: the database cannot be opened.
    """
    if type(rows) is not int or not 1 <= rows <= _MOST_ROWS:
        raise ConfigError(f"rows of the tool {name!r} is {rows!r}; pass a number from 1 to {_MOST_ROWS:,}")
    seconds = checked_timeout(timeout, f"the tool {name!r}")
    database = _database(url, seconds)

    def sql(query: str, parameters: list[Any] | dict[str, Any] | None = None) -> list[dict[str, Any]]:
        asked = _checked(query)
        try:
            found, columns = database.read(asked, parameters, rows + 1)
        except Exception as error:  # noqa: BLE001 - of a driver, whose traceback may hold a password
            raise CodeError(f"the query failed: {database.clean(_said(error))}") from None
        if len(found) > rows:
            raise CodeError(
                f"the query has more than {rows:,} rows; aggregate in SQL, or read it in parts with ORDER BY, LIMIT and OFFSET"
            )
        return _as_dicts(found, columns)

    sql.__doc__ = (
        f"Rows of a read-only query over {database.label}, each a dict; at most {rows:,}. help({name}) lists its tables.\n\n"
        f"Parameters replace {database.placeholder} in the query.\n\n{_listing(database)}"
    )
    return FunctionTool(sql, pure=True, gate=gate, timeout=seconds + 5.0, name=name)


class SqlDatabase(Protocol):
    """A database that is read."""

    @property
    def label(self) -> str:
        """How it is called, without a secret."""
        ...

    @property
    def placeholder(self) -> str:
        """What stands for a parameter in a query."""
        ...

    def clean(self, text: str) -> str:
        """A text without secrets."""
        ...

    def read(self, query: str, parameters: Any, most: int) -> tuple[Sequence[Sequence[Any]], list[str]]:
        """At most ``most`` rows, and the names of the columns. Raises what the driver raises."""
        ...

    def columns(self) -> Iterable[tuple[str, str, str]]:
        """Table, column and type of every column."""
        ...


class SqliteDatabase:
    """A file of SQLite. Every query has a connection of its own, which may only read.

    Args:
        path: of the file.
        seconds: that a query may take.
    """

    placeholder = "`?` or `:name`"

    def __init__(self, path: Path, seconds: float) -> None:
        self._path = path
        self._seconds = seconds
        self.label = f"the SQLite database {path.name}"

    def clean(self, text: str) -> str:
        """See ``SqlDatabase``."""
        return text

    def read(self, query: str, parameters: Any, most: int) -> tuple[Sequence[Sequence[Any]], list[str]]:
        """See ``SqlDatabase``."""
        with closing(self._opened()) as connection:
            ends = time.monotonic() + self._seconds
            connection.set_authorizer(_authorized)
            connection.set_progress_handler(lambda: time.monotonic() > ends, _STEPS)
            try:
                cursor = connection.execute(query, () if parameters is None else parameters)
                found = cursor.fetchmany(most)
            except sqlite3.DatabaseError as error:
                if str(error) == "interrupted":
                    raise TimeoutError(f"it took longer than {self._seconds:g} s") from None
                if any(each in str(error) for each in ("authoriz", "prohibited")):
                    raise PermissionError(f"only SELECT is allowed ({error})") from None
                raise
            return found, [str(each[0]) for each in cursor.description or ()]

    def columns(self) -> Iterable[tuple[str, str, str]]:
        """See ``SqlDatabase``."""
        with closing(self._opened()) as connection:
            return connection.execute(
                "SELECT m.name, c.name, c.type FROM sqlite_master AS m, pragma_table_info(m.name) AS c "
                "WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid"
            ).fetchall()

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(self._path))}?mode=ro", uri=True, timeout=self._seconds
        )
        try:
            for kind, most in _LIMITS.items():
                connection.setlimit(kind, most)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA query_only = ON")
        except BaseException:
            connection.close()
            raise
        return connection


class PostgresDatabase:
    """A database of PostgreSQL, through psycopg. Every query has a connection and a transaction of its own.

    Args:
        url: of the database, with its password.
        seconds: that a query may take.

    Raises:
        ConfigError: psycopg is not installed.
    """

    placeholder = "`%s` or `%(name)s`"

    def __init__(self, url: str, seconds: float) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise ConfigError(f"{_PSYCOPG} ({error})") from error
        self._psycopg: Any = psycopg
        self._url = url
        self._milliseconds = max(1, int(seconds * 1000))
        parts = urlsplit(url)
        secrets = [parts.password, unquote(parts.password or ""), parts.query, url, parts.netloc]
        self._redactor = Redactor(secrets)
        self._password = unquote(parts.password or "")
        self.label = f"the PostgreSQL database {parts.path.strip('/') or 'of the user'}"

    def clean(self, text: str) -> str:
        """See ``SqlDatabase``."""
        text = self._redactor.clean_text(text)
        return text.replace(self._password, "[redacted]") if self._password else text

    def read(self, query: str, parameters: Any, most: int) -> tuple[Sequence[Sequence[Any]], list[str]]:
        """See ``SqlDatabase``."""
        bare = _COMMENT.sub(" ", query).lstrip(" (").lower()
        if not bare.startswith(_READING):
            raise PermissionError("only SELECT is allowed")
        options = f"-c default_transaction_read_only=on -c statement_timeout={self._milliseconds}"
        with closing(
            self._psycopg.connect(self._url, connect_timeout=_CONNECTING_S, options=options)
        ) as connection:
            connection.read_only = True
            connection.execute("SELECT 1")  # after a query, a transaction cannot be made one that writes
            with connection.cursor(
                name="harlm"
            ) as cursor:  # on the server: takes one query, gives it in parts
                cursor.execute(query, parameters)
                columns = [str(each[0]) for each in cursor.description or ()]
                return cursor.fetchmany(most), columns

    def columns(self) -> Iterable[tuple[str, str, str]]:
        """See ``SqlDatabase``."""
        found, _ = self.read(
            "SELECT table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY table_name, ordinal_position",
            None,
            _MOST_TABLES * _MOST_COLUMNS,
        )
        return [(str(table), str(column), str(kind)) for table, column, kind in found]


def _database(url: object, seconds: float) -> SqlDatabase:
    if not isinstance(url, str):
        raise ConfigError(f"the database of sql_tool is of type {type(url).__name__}; pass its URL as text")
    scheme = url.partition(":")[0].lower()
    if scheme == "sqlite" and url[len("sqlite") :].startswith(":///"):
        path = Path(unquote(url[len("sqlite:///") :])).expanduser()
        if not path.is_file():
            raise ConfigError(f"the database {str(path)!r} does not exist")
        return SqliteDatabase(path.resolve(), seconds)
    if scheme in ("postgresql", "postgres"):
        return PostgresDatabase(url, seconds)
    raise ConfigError(
        f"{scheme[:40]!r} is no database that sql_tool reads; pass sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"
    )


def _listing(database: SqlDatabase) -> str:
    """The tables with their columns, a line each.

    Raises:
        ConfigError: the database cannot be opened.
    """
    tables: dict[str, list[str]] = {}
    try:
        for table, column, kind in database.columns():
            tables.setdefault(table, []).append(f"{column} {kind}".strip())
    except Exception as error:  # noqa: BLE001 - as above
        raise ConfigError(f"{database.label} cannot be opened: {database.clean(_said(error))}") from None
    lines = []
    for table, columns in list(tables.items())[:_MOST_TABLES]:
        more = ", …" if len(columns) > _MOST_COLUMNS else ""
        lines.append(f"{table}({', '.join(columns[:_MOST_COLUMNS])}{more})")
    if len(tables) > _MOST_TABLES:
        lines.append(f"and {len(tables) - _MOST_TABLES:,} more tables")
    return "Tables:\n" + "\n".join(lines or ["(none)"])


def _authorized(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    """What SQLite may do in a query."""
    is_allowed = action in _ALLOWED and not (
        action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FORBIDDEN
    )
    return sqlite3.SQLITE_OK if is_allowed else sqlite3.SQLITE_DENY


def _checked(query: str) -> str:
    if len(query) > _LONGEST_QUERY:
        raise CodeError(f"the query has {len(query):,} characters; at most {_LONGEST_QUERY:,} are taken")
    if not _COMMENT.sub("", query):
        raise CodeError("the query is empty")
    return query


def _as_dicts(rows: Iterable[Sequence[Any]], columns: list[str]) -> Rows:
    """Rows by the names of their columns. Of columns with one name, later ones get a number."""
    names: list[str] = []
    for column in columns:
        name, number = column, 1
        while name in names:
            number += 1
            name = f"{column}_{number}"
        names.append(name)
    return [dict(zip(names, map(_plain, row), strict=True)) for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value):,} bytes]"
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        return str(value)
    return value


def _said(error: Exception) -> str:
    words = " ".join(str(error).split()) or type(error).__name__
    return words[:_SHOWN]
