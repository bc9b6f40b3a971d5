"""The page and the server name the same fields."""

from __future__ import annotations

import re

import msgspec
import pytest

from harlm.viewer.shapes import GraphNode, MarkRow, NodeRow, RunHead, SpanRow
from tests.support.started import ROOT

STORY = (ROOT / "viewer/src/story.ts").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "row"), [("NODE", NodeRow), ("SPAN", SpanRow), ("MARK", MarkRow), ("GRAPH", GraphNode)]
)
def test_the_page_names_the_fields_of_rows_in_their_order(name: str, row: type[msgspec.Struct]) -> None:
    found = re.search(rf"{name}_FIELDS = \[(.*?)\]", STORY, re.DOTALL)
    assert found is not None
    assert tuple(re.findall(r"'(\w+)'", found[1])) == row.__struct_fields__


def test_the_page_knows_every_field_of_the_head() -> None:
    found = re.search(r"interface Head \{(.*?)\n\}", STORY, re.DOTALL)
    assert found is not None
    assert set(re.findall(r"^  (\w+):", found[1], re.MULTILINE)) == set(RunHead.__struct_fields__)
