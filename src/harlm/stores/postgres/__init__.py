"""Stores in Postgres: entries with full-text search, paid calls, vectors, and the journals of runs.

Everything is in the schema ``harlm`` of one database. What a program chose freely is kept as ``bytea``: text in Postgres can
hold neither NUL characters nor lone surrogates.
"""

from harlm.stores.postgres.stores import PostgresStores

__all__ = ["PostgresStores"]
