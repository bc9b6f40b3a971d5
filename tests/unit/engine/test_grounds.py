"""What counts as computed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.engine.grounds import has_grounds
from harlm.scheduler.analysis import LONGEST_CELL

COMPUTED = (
    "FINAL(label(['a'], ['x', 'y'])[0])",
    "FINAL(len(context))",
    "FINAL(llm_query('Which year?'))",
    "n = context.count('ERROR')\nFINAL(f'{n} errors')",
    "rows = []\nfor line in context.splitlines():\n    if 'x' in line:\n        rows.append(line)\nFINAL(rows)",
    "found = context.search('x')\nwith open('f') as f:\n    text = found[0].text\nFINAL_VAR('text')",
    "answer['content'] = context[:4]\nanswer['ready'] = True",
    "x = context.find('yes')\nif x > 0:\n    said = 'yes'\nelse:\n    said = 'no'\nFINAL(said)",
    "if 'yes' in context:\n    FINAL('yes')\nFINAL('no' if 'no' in context else 'neither')",
    "def look(text):\n    return llm_query(text)\nFINAL(look('x'))",
    "try:\n    x = context.index('x')\nexcept ValueError:\n    x = -1\nFINAL(x)",
    "from collections import Counter\nc = Counter()\nfor each in context:\n    c[each] += 1\nSUBMIT(c.most_common(1))",
    "total = 0\nn = 0\nwhile n < len(context):\n    total += n\n    n += 1\nFINAL(total)",
    "best = None\nfor each in [1, 2]:\n    FINAL(best) if best else None\n    best = context[each]",
    "match context[:1]:\n    case 'T':\n        kind = 'text'\n    case _:\n        kind = 'other'\nFINAL(kind)",
)
MADE_UP = (
    "FINAL('Paris')",
    "x = 'early'\nFINAL(x)",
    "print(len(context))\nFINAL('1883')",
    "x = context[:9]\nx = 'Paris'\nFINAL(x)",
    "hits = context.search('capital')\nFINAL('Paris [a.txt \"Paris\"]')",
    "text = 'Paris'\nFINAL_VAR('text')",
    "answer['content'] = 'Paris'\nanswer['ready'] = True",
    "print(context)\nanswer = {'content': 'Paris', 'ready': True}",
    "for each in context:\n    print(each)\nFINAL(6 * 7)",
    "def end(x):\n    FINAL(x)\nend('Paris')",
    "print(context)",
    "FINAL(context",
    "n = len(context)\nif n:\n    print(n)\nFINAL('Paris')",
)


@pytest.mark.parametrize("code", COMPUTED)
def test_a_value_made_from_the_context_or_from_calls_is_computed(code: str) -> None:
    assert has_grounds([code])


@pytest.mark.parametrize("code", MADE_UP)
def test_a_value_that_the_model_wrote_down_is_not(code: str) -> None:
    assert not has_grounds([code])


def test_blocks_before_the_one_that_finishes_count() -> None:
    assert has_grounds(["n = len(context)", "FINAL(n)"])
    assert not has_grounds(["n = len(context)", "FINAL('many')"])
    assert not has_grounds(["n = = 1", "FINAL(context)"])
    assert not has_grounds([])


def test_a_cell_that_is_too_long_to_be_read_shows_nothing() -> None:
    assert not has_grounds(["#" * LONGEST_CELL + "\nFINAL(context)"])


def test_deeply_nested_loops_are_read_in_a_moment() -> None:
    code = "".join(f"{' ' * depth}for x{depth} in context:\n" for depth in range(90))
    assert has_grounds([f"{code}{' ' * 90}FINAL(x3)"])


@given(st.lists(st.sampled_from([*COMPUTED, *MADE_UP]), max_size=3), st.text(max_size=30))
def test_any_text_is_read(cells: list[str], end: str) -> None:
    assert has_grounds([*cells, end]) in (True, False)
