from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context.place_names import Where, as_label, splits, where, without_sheet

LINE, ROW, PAGE = frozenset({"line"}), frozenset({"row"}), frozenset({"page", "slide"})


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("a.py:3", "a.py"),
        ("a.py#L2-L3", "a.py"),
        ("a.py, lines 2-3", "a.py"),
        ("b.pdf p. 3", "b.pdf"),
        ("c.xlsx Prices row 5", "c.xlsx"),
        ("my file (v2).md:1", "my file (v2).md"),
        ("d.md (line 3)", "d.md"),
        ("报告.md，第2行", "报告.md"),
        ("e.txt – line 4", "e.txt"),
    ],
)
def test_one_split_of_a_head_has_the_name(head: str, name: str) -> None:
    assert name in [each for each, _ in splits(head)]


def test_the_longest_name_comes_first() -> None:
    assert [name for name, _ in splits("a b.txt:3")] == ["a b.txt", "a"]


@pytest.mark.parametrize(
    ("place", "unit", "numbers"),
    [
        (":3", None, (3, 3)),
        ("#3", None, (3, 3)),
        (":10-12", None, (10, 12)),
        (":10–12", None, (10, 12)),
        (":10:5", LINE, (10, 10)),
        ("#L2", LINE, (2, 2)),
        ("#L2-L3", LINE, (2, 3)),
        (":L2-L3", LINE, (2, 3)),
        ("#L10C5-L12C1", LINE, (10, 12)),
        (", line 2", LINE, (2, 2)),
        (", lines 2-3", LINE, (2, 3)),
        (", lines 2 to 3", LINE, (2, 3)),
        (", lines 2 and 3", LINE, (2, 3)),
        (", l. 3", LINE, (3, 3)),
        (" (line 3)", LINE, (3, 3)),
        (", Zeile 7", frozenset({"line", "row"}), (7, 7)),
        (" ligne 3", frozenset({"line", "row"}), (3, 3)),
        (" lignes 3 à 5", frozenset({"line", "row"}), (3, 5)),
        (":p12", PAGE, (12, 12)),
        (" p. 3", PAGE, (3, 3)),
        (" page 3", PAGE, (3, 3)),
        ("#page=3", PAGE, (3, 3)),
        (", pp. 2-3", frozenset({"page"}), (2, 3)),
        (", Seite 3", frozenset({"page"}), (3, 3)),
        (", Seiten 3 bis 4", frozenset({"page"}), (3, 4)),
        ("（第3页）", frozenset({"page"}), (3, 3)),
        ("：第 3 行", frozenset({"line", "row"}), (3, 3)),
        (" row 4", ROW, (4, 4)),
        (" rows 4-6", ROW, (4, 6)),
        (":B7", ROW, (7, 7)),
        (" cell 3", frozenset({"cell"}), (3, 3)),
        (" paragraph 4", frozenset({"paragraph"}), (4, 4)),
        (", para. 4", frozenset({"paragraph"}), (4, 4)),
        (" ¶ 4", frozenset({"paragraph"}), (4, 4)),
        (", Absatz 4", frozenset({"paragraph"}), (4, 4)),
        (" § 4", frozenset(), (4, 4)),
        (", slide 2", frozenset({"slide"}), (2, 2)),
        (", Folie 2", frozenset({"slide"}), (2, 2)),
        (":12-3", None, (12, 12)),
        (":3:", None, (3, 3)),
    ],
)
def test_a_place_has_a_unit_and_numbers(
    place: str, unit: frozenset[str] | None, numbers: tuple[int, int]
) -> None:
    found = where(place)
    assert (found.group, found.unit, (found.first, found.last), found.is_vague) == ("", unit, numbers, False)


@pytest.mark.parametrize(
    ("place", "group", "numbers"),
    [
        (":Costs row 3", "costs", (3, 3)),
        (", Costs rows 3-4", "costs", (3, 4)),
        (":Costs!B3", "costs", (3, 3)),
        (":'My Sheet'!A1:C3", "my sheet", (1, 3)),
        (":Costs:3", "costs", (3, 3)),
        (":Q1 2024 row 5", "q1 2024", (5, 5)),
        (":2024 row 3", "2024", (3, 3)),
        (", sheet Costs, row 3", "sheet costs", (3, 3)),
    ],
)
def test_a_sheet_may_be_named(place: str, group: str, numbers: tuple[int, int]) -> None:
    found = where(place)
    assert (found.group, (found.first, found.last)) == (group, numbers)


@pytest.mark.parametrize("place", [":10 (main)", ", line 10 and following", ", page 10 of the report"])
def test_a_number_with_other_words_is_a_hint(place: str) -> None:
    assert (where(place).first, where(place).is_vague) == (10, True)


@pytest.mark.parametrize("place", [":main", ", the end", ":", ""])
def test_words_alone_have_no_number(place: str) -> None:
    assert where(place).first == 0


def test_labels_are_compared_without_case_and_marks() -> None:
    assert as_label("Costs  row 3") == as_label("costs, row 3") == as_label("'Costs' row 3")
    assert as_label("Costs row 3") != as_label("Costz row 3")
    assert without_sheet(as_label("sheet Costs")) == "costs"
    assert without_sheet("my sheet") == "my"


@pytest.mark.parametrize("part", [":", "a 1-", "1 to ", "row ", "a.b:", "-", "1", "第", "1:", "§ ", "A1:"])
def test_a_long_head_takes_little_time(part: str) -> None:
    head = part * (400 // len(part))
    began = time.process_time()
    for _, rest in splits(head):
        where(rest)
    assert time.process_time() - began < 1


@given(
    st.text(
        st.sampled_from(":#,;()[]|@-–!. 123LlpPrRowage第行页§!$ABc\u3000：") | st.characters(), max_size=40
    )
)
def test_any_head_can_be_read(head: str) -> None:
    for name, rest in splits(head):
        assert head.startswith(name)
        assert head.endswith(rest)
        found = where(rest)
        assert isinstance(found, Where)
        assert 0 <= found.first <= found.last
