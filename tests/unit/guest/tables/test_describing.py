"""What a question needs to know of a table."""

from __future__ import annotations

from harlm.guest.tables import NamedText, tables_in
from harlm.guest.tables.describing import schemas_of
from harlm.guest.tables.questions import SchemaColumn

TABLE = tables_in(NamedText("t.csv", "name,qty\nNew York,3\nOslo,1\nOslo,\n"))[0]


def test_columns_are_described_with_the_values_that_a_question_names() -> None:
    (schema,) = schemas_of([TABLE], "How many rows are in New York?")
    assert (schema.number, schema.name, schema.rows, schema.is_log) == (0, "t.csv", 3, False)
    assert schema.columns == (
        SchemaColumn("name", "text", values=("New York",), examples=("Oslo", "New York")),
        SchemaColumn("qty", "number", examples=("3", "1")),
    )


def test_tables_are_numbered_and_a_column_that_names_rows_is_known() -> None:
    other = tables_in(NamedText("u.csv", "id,day\na,03/04/2024\nb,05/06/2024\n"))[0]
    found = schemas_of([TABLE, other], "How many?")
    assert [each.number for each in found] == [0, 1]
    assert [each.is_unique for each in found[1].columns] == [True, True]
    assert found[1].columns[1].note == "03/04/2024 can be read as two dates"


def test_of_many_values_that_a_question_names_twenty_are_kept() -> None:
    names = [f"v{number}" for number in range(40)]
    table = tables_in(NamedText("t.csv", "name,qty\n" + "".join(f"{name},1\n" for name in names)))[0]
    (schema,) = schemas_of([table], f"How many rows are {' or '.join(names)}?")
    assert schema.columns[0].values == tuple(names[:20])
