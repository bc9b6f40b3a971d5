from __future__ import annotations

import asyncio
import sqlite3
import sys
import types
from pathlib import Path
from typing import Any, Self

import pytest

from harlm.errors import CodeError, ConfigError
from harlm.tools import sql_tool
from harlm.types import GatedCall

PASSWORD = "s3cret-pass-99"
URL = f"postgresql://root:{PASSWORD}@db.example/shop?sslcert=another-secret-77"


@pytest.fixture
def people() -> Path:
    path = Path("people.db")
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE people (name TEXT, age INTEGER, photo BLOB)")
    connection.execute("CREATE VIEW old AS SELECT name FROM people WHERE age > 1000")
    rows = [(f"n{number}", number, b"photo") for number in range(2_000)]
    connection.executemany("INSERT INTO people VALUES (?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return path


async def test_a_query_gives_rows_as_dicts(people: Path) -> None:
    sql = sql_tool("sqlite:///people.db")
    assert await sql.call({"query": "SELECT count(*) AS c, max(age) AS c FROM people"}) == [
        {"c": 2000, "c_2": 1999}
    ]
    assert await sql.call({"query": "SELECT * FROM people WHERE name = ?", "parameters": ["n7"]}) == [
        {"name": "n7", "age": 7, "photo": "[5 bytes]"}
    ]
    assert await sql.call(
        {"query": "SELECT name FROM people WHERE age = :age", "parameters": {"age": 3}}
    ) == [{"name": "n3"}]
    assert await sql.call({"query": "-- only\nWITH a AS (SELECT 1 AS b) SELECT b FROM a;"}) == [{"b": 1}]


def test_it_is_pure_and_its_help_lists_tables_and_columns(people: Path) -> None:
    sql = sql_tool(
        f"sqlite:///{people.resolve()}", name="people_db", gate=lambda call: "age" in str(call.arguments)
    )
    shape = sql.shape
    assert (shape.name, shape.is_pure) == ("people_db", True)
    assert "people(name TEXT, age INTEGER, photo BLOB)\n" in shape.help + "\n"
    assert "old(name TEXT)" in shape.help
    assert "`?` or `:name`" in shape.help
    assert shape.summary == (
        "Rows of a read-only query over the SQLite database people.db, each a dict; at most 1,000. help(people_db) lists its tables."
    )
    assert not sql.allows(GatedCall(tool="people_db", arguments={"query": "SELECT name"}, is_early=False))


HOSTILE = [
    "DELETE FROM people",
    "INSERT INTO people VALUES ('x', 1, NULL)",
    "UPDATE people SET age = 1",
    "DROP TABLE people",
    "CREATE TABLE t (a)",
    "CREATE TEMP TABLE t (a)",
    "ATTACH DATABASE 'attached.db' AS other",
    "VACUUM INTO 'copied.db'",
    "PRAGMA query_only = OFF",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA writable_schema = ON",
    "SELECT * FROM pragma_table_info('people')",
    "SELECT load_extension('evil')",
    "WITH a AS (SELECT 'x') INSERT INTO people SELECT 'x', 1, NULL",
    "WITH a AS (SELECT 1) DELETE FROM people",
    "BEGIN IMMEDIATE",
    "SAVEPOINT s",
    "SELECT 1; DELETE FROM people",
    "SELECT writefile('written', 'x')",
    "SELECT zeroblob(1000000000)",
    "SELECT hex(zeroblob(7000000))",
]


@pytest.mark.parametrize("query", HOSTILE)
def test_hostile_queries_change_nothing_and_are_errors(people: Path, query: str) -> None:
    before = people.read_bytes()
    with pytest.raises(CodeError, match=r"^the query failed: "):
        asyncio.run(sql_tool("sqlite:///people.db").call({"query": query}))
    assert people.read_bytes() == before
    assert [each.name for each in Path().iterdir()] == ["people.db"]


@pytest.mark.parametrize(
    "query",
    [
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
        "SELECT count(*) FROM people a, people b, people c, people d",
        "SELECT group_concat(a.name) FROM people a, people b, people c",
    ],
)
async def test_a_query_without_an_end_is_ended(people: Path, query: str) -> None:
    with pytest.raises(CodeError, match=r"took longer than 0\.2 s|too big"):
        await sql_tool("sqlite:///people.db", timeout=0.2).call({"query": query})


async def test_too_many_rows_are_an_error_and_not_a_part(people: Path) -> None:
    sql = sql_tool("sqlite:///people.db", rows=10)
    with pytest.raises(CodeError, match="more than 10 rows; aggregate in SQL"):
        await sql.call({"query": "SELECT * FROM people"})
    with pytest.raises(CodeError, match="more than 10 rows"):
        await sql.call(
            {"query": "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r"}
        )
    found: Any = await sql.call({"query": "SELECT * FROM people LIMIT 10"})
    assert len(found) == 10


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "is empty"),
        (" -- nothing", "is empty"),
        ("x" * 60_000, "60,000 characters"),
        ("SELEC 1", "syntax error"),
    ],
)
async def test_what_is_no_query_is_said(people: Path, query: str, words: str) -> None:
    with pytest.raises(CodeError, match=words):
        await sql_tool("sqlite:///people.db").call({"query": query})


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///nowhere.db", "'nowhere.db' does not exist"),
        ("sqlite:nowhere", "is no database that sql_tool reads"),
        ("mysql://root:hidden-word-1@x/y", "^'mysql' is no database that sql_tool reads"),
        (Path("x.db"), "pass its URL as text"),
    ],
)
def test_what_is_no_database_is_refused(url: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as raised:
        sql_tool(url)
    assert "hidden-word-1" not in str(raised.value)


@pytest.mark.parametrize("rows", [0, 1_000_000, True, 1.5])
def test_a_number_of_rows_is_checked(rows: Any) -> None:
    with pytest.raises(ConfigError, match="rows of the tool 'sql'"):
        sql_tool("sqlite:///x.db", rows=rows)


def test_a_file_that_is_no_database_is_refused() -> None:
    Path("x.db").write_text("no database at all, but long enough to be read as one " * 9, encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"the SQLite database x\.db cannot be opened: file is not a database"
    ):
        sql_tool("sqlite:///x.db")


# -- PostgreSQL, with a driver that says what it was asked ---------------------------------------------------


class Driver:
    """As much of psycopg as is used."""

    def __init__(self) -> None:
        self.log: list[Any] = []
        self.error: Exception | None = None
        self.rows: list[tuple[Any, ...]] = []
        self.description = [("name",), ("age",)]
        self.read_only = False

    def connect(self, url: str, **options: object) -> Driver:
        self.log.append((url, options))
        if self.error is not None:
            raise self.error
        return self

    def cursor(self, name: str) -> Driver:
        self.log.append(("cursor", name, self.read_only))
        return self

    def execute(self, query: str, parameters: object = None) -> None:
        self.log.append((query, parameters))

    def fetchmany(self, most: int) -> list[tuple[Any, ...]]:
        return self.rows[:most]

    def close(self) -> None:
        self.log.append("closed")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    made = Driver()
    module = types.ModuleType("psycopg")
    module.connect = made.connect  # type: ignore[attr-defined] # a module for the test
    monkeypatch.setitem(sys.modules, "psycopg", module)
    made.rows = [("people", "name", "text"), ("people", "age", "integer")]
    return made


async def test_postgres_is_read_by_a_cursor_in_a_transaction_that_cannot_write(driver: Driver) -> None:
    sql = sql_tool(URL, timeout=2)
    assert "people(name text, age integer)" in sql.shape.help
    driver.rows, driver.log = [("Ada", 36)], []
    assert await sql.call({"query": "SELECT name, age FROM people WHERE age > %s", "parameters": [1]}) == [
        {"name": "Ada", "age": 36}
    ]
    (url, options), first, cursor, asked, closed = driver.log
    assert url == URL
    assert options == {
        "connect_timeout": 10,
        "options": "-c default_transaction_read_only=on -c statement_timeout=2000",
    }
    assert first == ("SELECT 1", None)
    assert cursor == ("cursor", "harlm", True)
    assert asked == ("SELECT name, age FROM people WHERE age > %s", [1])
    assert closed == "closed"


@pytest.mark.parametrize(
    "query",
    [
        "COPY people TO PROGRAM 'sh'",
        "/* SELECT */ DELETE FROM people",
        "SET ROLE x",
        "DO $$ $$",
        "COMMIT; SELECT 1",
    ],
)
async def test_postgres_is_asked_nothing_but_queries(driver: Driver, query: str) -> None:
    sql = sql_tool(URL)
    driver.log = []
    with pytest.raises(CodeError, match="only SELECT is allowed"):
        await sql.call({"query": query})
    assert driver.log == []


async def test_secrets_of_the_url_are_never_shown(driver: Driver) -> None:
    sql = sql_tool(URL)
    driver.error = RuntimeError(f"connection to {URL} failed: {PASSWORD} is wrong")
    with pytest.raises(CodeError) as raised:
        await sql.call({"query": "SELECT 1"})
    with pytest.raises(ConfigError) as refused:
        sql_tool(URL)
    for text in (str(raised.value), str(refused.value), sql.shape.help, sql.shape.summary, repr(sql.shape)):
        assert PASSWORD not in text
        assert "another-secret-77" not in text
    assert "the PostgreSQL database shop cannot be opened" in str(refused.value)


def test_postgres_needs_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match=r"pip install 'psycopg\[binary\]'"):
        sql_tool(URL)


async def test_numbers_of_any_size_reach_the_cell(driver: Driver) -> None:
    from decimal import Decimal

    sql = sql_tool(URL)
    driver.rows = [(Decimal(3), 2**70), (Decimal("0.5"), memoryview(b"abc"))]
    assert await sql.call({"query": "SELECT 1"}) == [
        {"name": 3, "age": str(2**70)},
        {"name": 0.5, "age": "[3 bytes]"},
    ]
