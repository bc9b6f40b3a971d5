from __future__ import annotations

import pytest

from harlm.branching.strategies.source_rules import SourceQuestion, read_sources

LATEST = "The latest report counts, by its date."
PLAIN = "Hearsay and plans do not count, nor does what another report calls a mistake."
ALL = frozenset({"hearsay", "planned", "denied"})


def read(question: str) -> SourceQuestion:
    found = read_sources(question)
    assert found is not None
    return found


def test_a_table_with_its_columns_is_read() -> None:
    found = read(
        f"Make a table of the crew of these sites: Oakham, Elm Park and Ash. {LATEST} {PLAIN} Answer in CSV with the columns site, crew "
        "and source, where the source is the number of the report that tells the value, such as R-1234, and nothing else."
    )
    assert found == SourceQuestion(
        wanted="table",
        fields=("crew",),
        names=("Oakham", "Elm Park", "Ash"),
        order="latest",
        without=ALL,
        columns=(("site", "thing"), ("crew", "crew"), ("source", "source")),
        noun="reports",
        numbered=r"\b[A-Z]{1}\-\d{4}\b",
    )


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("What is the depth of Oak Ham?", "value"),
        ("Which report tells the depth of Oak Ham as it is?", "source"),
        ("How many different values do the reports state for the depth of Oak Ham?", "count"),
    ],
)
def test_single_values_are_read(asked: str, wanted: str) -> None:
    found = read(f"{asked} {LATEST} {PLAIN} Answer with the value, and nothing else.")
    assert (found.wanted, found.fields, found.names) == (wanted, ("depth",), ("Oak Ham",))


@pytest.mark.parametrize(
    ("rule", "order", "without"),
    [
        ("The most recent memo is right.", "latest", frozenset()),
        ("The first letter counts.", "first", frozenset()),
        ("What most articles say counts. Ignore rumours.", "most", {"hearsay"}),
        ("The latest report decides. Leave out proposals and hearsay.", "latest", {"hearsay", "planned"}),
        ("The last report counts. Rumors are ignored.", "latest", {"hearsay"}),
    ],
)
def test_rules_are_read_from_their_words(rule: str, order: str, without: set[str] | frozenset[str]) -> None:
    found = read(f"What is the depth of Oakham? {rule}")
    assert found.order == order
    assert found.without == without


@pytest.mark.parametrize(
    "question",
    [
        "What is the depth of Oakham?",
        f"What is the depth of Oakham? {PLAIN}",
        f"What is the depth of Oakham? {LATEST} Reports by Miller do not count.",
        f"What is the depth of Oakham? {LATEST} Hearsay does not count unless two reports agree.",
        f"What is the depth of Oakham? {LATEST} Answer in French.",
        f"{LATEST} {PLAIN}",
        f"What is the depth of Oakham? What is the depth of Elmham? {LATEST}",
        f"Make a table of the crew of these sites: Oakham. {LATEST} Answer in CSV with the columns site and colour.",
        f"Make a table of the crew of these sites: Oakham. {LATEST} Answer as a poem.",
        "",
    ],
)
def test_a_question_of_which_a_part_is_not_understood_is_not_read(question: str) -> None:
    assert read_sources(question) is None


def test_a_table_may_have_several_fields_and_a_date() -> None:
    found = read(
        "Give me the table of the crew and depth for the following mines: A, B. The latest note counts. "
        "Answer in CSV with the columns mine, crew, depth and date."
    )
    assert found.fields == ("crew", "depth")
    assert [column for _, column in found.columns] == ["thing", "crew", "depth", "date"]
    assert found.noun == "notes"
