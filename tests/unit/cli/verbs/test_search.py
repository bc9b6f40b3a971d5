"""``harlm search``: passages, quotes and places."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harlm.cli.verbs.search import command

TEXT = "# Animals\n\nThe walrus lives in the Arctic. It eats clams.\n"


@pytest.fixture(autouse=True)
def document(clean_environment: Path) -> None:
    Path("a.md").write_text(TEXT)
    Path("b.md").write_text("# Plants\n\nThe oak is a tree.\n")


def search(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def test_a_hit_is_a_place_and_its_best_sentence() -> None:
    ran = search("walrus", "a.md", "b.md", "-q")
    assert ran.stdout == "a.md:3: The walrus lives in the Arctic.\n"
    assert ran.stderr == ""


def test_whole_passages_can_be_shown() -> None:
    assert "It eats clams." in search("walrus", "a.md", "-q", "--passages").stdout


def test_json_has_the_offsets_of_the_passage() -> None:
    (row,) = json.loads(search("walrus", "a.md", "-q", "--format", "json").stdout)
    assert (row["source"], row["place"], row["line"], row["page"]) == ("a.md", "a.md:3", 3, None)
    assert TEXT[row["start"] : row["end"]].strip() == row["text"]
    assert row["quote"] in row["text"]


def test_a_search_without_hits_says_so() -> None:
    ran = search("zebra", "a.md", "b.md")
    assert (ran.exit_code, ran.stdout) == (0, "")
    assert "nothing was found in 2 documents" in ran.stderr


def test_the_number_of_passages_is_limited() -> None:
    Path("many.txt").write_text(
        "\n\n".join(f"The walrus number {number} swims. " * 40 for number in range(9))
    )
    assert len(search("walrus", "many.txt", "-q", "-k", "2").stdout.splitlines()) == 2


def test_an_empty_query_is_refused() -> None:
    ran = search("  ", "a.md")
    assert ran.exit_code == 2
    assert "the query is empty; name what to look for" in ran.stderr


def test_a_hit_in_a_long_line_has_its_column() -> None:
    Path("a.js").write_text("var a=1;" * 100 + "needle();" + "var b=2;" * 100 + "\nshort\n")
    ran = search("needle", "a.js", "-q", "-k", "1")
    place, text = ran.stdout.split(": ", 1)
    name, line, column = place.split(":")
    assert (name, line) == ("a.js", "1")
    assert 600 < int(column) <= 801
    assert "needle();" in text
