"""Functions that take functions, and functions that may stop early, if their argument calls models."""

from __future__ import annotations

import pytest

from tests.support.scout_lines import both, variables

WITH_CALLS = {
    "map": "out = list(map(lambda c: llm_query(c), 'abc'))",
    "map over two": "out = list(map(lambda a, b: llm_query(a + b), 'abc', 'xyz'))",
    "filter": "out = list(filter(lambda c: 'yes' in llm_query(c), 'abcdef'))",
    "sorted by replies": "out = sorted('abcdef', key=lambda c: llm_query(c))",
    "sorted backwards": "out = sorted('abcdef', key=lambda c: llm_query(c), reverse=True)",
    "max": "out = max('abcdef', key=lambda c: llm_query(c))",
    "min of arguments": "out = min('a', 'b', key=lambda c: llm_query(c))",
    "reduce": "from functools import reduce\nout = reduce(lambda a, b: llm_query(a + b), 'abc')",
    "reduce from a start": "from functools import reduce\nout = reduce(lambda a, b: llm_query(a + b), 'abc', 's')",
    "any": "out = any('yes' in llm_query(c) for c in 'abcdef')",
    "all": "out = all('maybe' not in llm_query(c) for c in 'abcdef')",
    "any with a test": "out = any('yes' in llm_query(c) for c in 'abcdef' if c > 'b')",
    "next": "out = next(c for c in 'abcdef' if 'no' in llm_query(c))",
    "next with a default": "out = next((c for c in 'ab' if 'impossible' in llm_query(c)), 'none')",
}


@pytest.mark.parametrize("name", WITH_CALLS)
def test_the_result_is_that_of_python(name: str) -> None:
    followed, executed = variables(WITH_CALLS[name])
    assert followed == executed


@pytest.mark.parametrize("name", ["map", "filter", "sorted by replies", "max"])
def test_all_calls_are_asked_for_at_the_same_time(name: str) -> None:
    seen = both(WITH_CALLS[name])
    assert seen.foresaw_all
    assert seen.seconds == 1


@pytest.mark.parametrize("name", ["any", "all", "next"])
def test_a_search_asks_for_the_calls_of_python_and_few_more(name: str) -> None:
    seen = both(WITH_CALLS[name])
    assert set(seen.alone) <= set(seen.ahead)
    assert len(seen.ahead) <= 2 * len(seen.alone) + 2


@pytest.mark.parametrize(
    "code",
    [
        "out = list(map(str, [1, 2]))",
        "out = sorted([3, 1], key=lambda x: -x)",
        "out = any(x > 1 for x in [1, 2])",
        "out = next(iter([5]))",
        "r = llm_query('a')\nout = any(c in r for c in 'yes')",
        "r = llm_query('a')\nout = sorted(r, key=str.upper)",
        "r = llm_query('a')\nout = list(map(str.upper, r))",
    ],
)
def test_without_calls_they_are_run_as_they_are(code: str) -> None:
    followed, executed = variables(code)
    assert followed == executed


@pytest.mark.parametrize(
    "code",
    [
        "from functools import reduce\nitems = llm_query('a').split()\nout = reduce(lambda a, b: llm_query(a + b), items)",
        "items = llm_query('a').split()\nout = max(items, key=lambda c: llm_query(c))",
    ],
)
def test_an_order_of_a_pending_value_is_left_to_the_cell_and_stops_nothing_else(code: str) -> None:
    seen = both(f"{code}\nllm_query('after')")
    assert seen.ahead == ["a", "after"]


@pytest.mark.parametrize(
    "code",
    [
        "items = llm_query('a').split()\nout = list(map(lambda c: llm_query(c), items))",
        "items = llm_query('a').split()\nout = list(filter(lambda c: llm_query(c), items))",
    ],
)
def test_what_is_read_over_a_pending_value_is_asked_for_when_that_arrives(code: str) -> None:
    assert both(code).foresaw_all


def test_next_raises_what_python_raises_at_the_end() -> None:
    code = (
        "it, out = (llm_query(c) for c in 'ab'), []\nwhile True:\n    try:\n        out.append(next(it))\n"
        "    except StopIteration:\n        break\nlast = next(it, 'none')"
    )
    followed, executed = variables(code)
    assert (followed["out"], followed["last"]) == (executed["out"], executed["last"])
