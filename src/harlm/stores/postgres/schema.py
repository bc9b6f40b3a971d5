"""The tables of HARLM in a database of Postgres, and their version."""

from __future__ import annotations

import psycopg

from harlm.errors import ConfigError

Connection = psycopg.Connection[tuple[object, ...]]

FORMAT = 1
"""The version of the tables."""

_MAKING = 0x4841524C4D  # the number of the lock under which tables are made

_TABLES = """
CREATE SCHEMA IF NOT EXISTS harlm;
CREATE TABLE harlm.format (version integer NOT NULL);
CREATE TABLE harlm.entries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, space bytea NOT NULL, key bytea NOT NULL, value bytea NOT NULL,
    packing smallint NOT NULL, about bytea NOT NULL, size bigint NOT NULL, used double precision NOT NULL, uses integer NOT NULL,
    UNIQUE (space, key));
CREATE TABLE harlm.passages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, entry bigint NOT NULL REFERENCES harlm.entries ON DELETE CASCADE,
    place bigint NOT NULL, first integer NOT NULL, last integer NOT NULL, marks bigint[] NOT NULL);
CREATE INDEX passages_of_place ON harlm.passages (place);
CREATE INDEX passages_of_entry ON harlm.passages (entry);
CREATE INDEX passages_by_mark ON harlm.passages USING gin (marks);
CREATE TABLE harlm.calls (
    space bytea NOT NULL, key bytea NOT NULL, model bytea NOT NULL, value bytea NOT NULL, packing smallint NOT NULL,
    usage text NOT NULL, created double precision NOT NULL, size bigint NOT NULL, used double precision NOT NULL,
    uses integer NOT NULL, PRIMARY KEY (space, key));
CREATE TABLE harlm.vectors (key bytea PRIMARY KEY, vector bytea NOT NULL, made timestamptz NOT NULL DEFAULT now());
CREATE INDEX vectors_by_age ON harlm.vectors (made);
CREATE TABLE harlm.runs (
    space bytea NOT NULL, run bytea NOT NULL, holder bytea NOT NULL, opened timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (space, run));
CREATE INDEX runs_by_age ON harlm.runs (opened);
CREATE TABLE harlm.changes (
    space bytea NOT NULL, run bytea NOT NULL, number bigint GENERATED ALWAYS AS IDENTITY, body bytea NOT NULL,
    PRIMARY KEY (space, run, number), FOREIGN KEY (space, run) REFERENCES harlm.runs ON DELETE CASCADE);
CREATE TABLE harlm.files (
    space bytea NOT NULL, run bytea NOT NULL, name text NOT NULL, data bytea NOT NULL,
    PRIMARY KEY (space, run, name), FOREIGN KEY (space, run) REFERENCES harlm.runs ON DELETE CASCADE);
"""


def prepare(connection: Connection, shown: str) -> None:
    """Make the tables, unless the database has them.

    Args:
        connection: to the database.
        shown: its address, for messages.

    Raises:
        ConfigError: it has those of another version.
        psycopg.Error: they cannot be made.
    """
    if (found := _version(connection)) is None:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKING,))
            if _version(connection) is None:  # no other process has made them meanwhile
                connection.execute(_TABLES)
                connection.execute("INSERT INTO harlm.format VALUES (%s)", (FORMAT,))
        found = _version(connection)
    if found != FORMAT:
        newer = isinstance(found, int) and found > FORMAT
        advice = (
            "use that version"
            if newer
            else "name another database, or drop its schema harlm, which forgets what it holds"
        )
        raise ConfigError(
            f"the shared store {shown} was written by {'a newer' if newer else 'another'} HARLM (format {found}, and this version has {FORMAT}); {advice}"
        )


def _version(connection: Connection) -> object:
    """The version of the tables in a database; ``None`` if it has none."""
    known = (
        connection.execute(  # to_regclass would not see what was made while this process waited for the lock
            "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = 'harlm' AND tablename = 'format'"
        ).fetchone()
    )
    if known is None:
        return None
    row = connection.execute("SELECT version FROM harlm.format").fetchone()
    return 0 if row is None else row[0]
