from __future__ import annotations

import pytest

from harlm.context.readers.list_numbers import Lists, styled


@pytest.mark.parametrize(
    ("number", "style", "text"),
    [
        (3, "1", "3"), (1, "a", "a"), (26, "a", "z"), (27, "A", "AA"), (703, "a", "aaa"), (4, "i", "iv"), (1994, "I", "MCMXCIV"),
        (0, "a", "0"), (-2, "i", "-2"), (4000, "I", "4000"), (5, "square", "5"),
    ],
)  # fmt: skip
def test_numbers_have_a_style(number: int, style: str, text: str) -> None:
    assert styled(number, style) == text


def test_lists_count_one_in_another() -> None:
    lists = Lists()
    assert lists.item("") == "- "
    lists.start({"start": "-1"}, is_ordered=True)
    assert [lists.item(""), lists.item("9"), lists.item("")] == ["-1. ", "9. ", "10. "]
    lists.start({}, is_ordered=False)
    assert lists.item("4") == "- "
    lists.end()
    assert lists.item("") == "11. "
    lists.end()
    lists.end()
    assert lists.item("") == "- "
