"""How far each reader reads, and when it asks."""

from __future__ import annotations

import pytest

from harlm.guest.scout.reading import Items
from tests.support.scout_lines import both, scout, variables

GEN = "(llm_query(c) for c in chunks)"


@pytest.mark.parametrize(
    "code",
    [
        f"out = list({GEN})", f"out = tuple({GEN})", f"out = sorted({GEN})", f"out = set({GEN})", f"out = '|'.join({GEN})",
        f"out = sum(len(r) for r in {GEN})", f"out = max({GEN}, key=len)", f"out = min({GEN})", f"out = [r for r in {GEN}]",
        f"out = {{r for r in {GEN}}}", f"out = {{r: 1 for r in {GEN}}}", f"out = [*{GEN}]", f"print(*{GEN})",
        f"out = dict((r, 1) for r in {GEN})", f"out = []\nout.extend({GEN})", "out = llm_query_batched('q ' + c for c in chunks)",
        f"out = []\nfor r in {GEN}: out.append(r)", f"first, *out = {GEN}", f"out = list(enumerate({GEN}))",
        f"from collections import Counter\nout = Counter(r[:1] for r in {GEN})", f"from collections import deque\nout = deque({GEN})",
        f"import statistics\nout = statistics.mean(len(r) for r in {GEN})", "out = list(map(llm_query, chunks))",
        "out = list(filter(lambda c: 'yes' in llm_query(c), chunks))", f"out = [r for r in {GEN} if 'yes' in r]",
        "def f():\n    for c in chunks: yield llm_query(c)\nout = list(f())",
    ],
)  # fmt: skip
def test_who_reads_to_the_end_asks_for_all_at_once(code: str) -> None:
    seen = both(code)
    assert seen.foresaw_all
    assert seen.seconds == 1


@pytest.mark.parametrize(
    ("code", "needed"),
    [
        (f"a, b = {GEN}", 3),
        (f"try:\n    a, b = {GEN}\nexcept ValueError: pass", 3),
        (f"a, b, c = zip('abc', {GEN})", 3),
        (f"it = {GEN}\na, b = next(it), next(it)", 2),
    ],
)
def test_who_unpacks_reads_one_item_more_than_there_are_names(code: str, needed: int) -> None:
    seen = both(code)
    assert seen.foresaw_all
    assert len(seen.ahead) == needed


ENDED_BY_RESULTS = {
    "for": f"for r in {GEN}:\n    if 'yes' in r: break",
    "for with more calls": f"for r in {GEN}:\n    if 'yes' in llm_query(r): break",
    "for over what passed": f"for r in (r for r in {GEN} if 'o' in r):\n    if 'yes' in llm_query(r): break",
    "enumerate": f"for n, r in enumerate({GEN}):\n    if 'yes' in r: break",
    "return": f"def f(it):\n    for r in it:\n        if 'yes' in r: return r\nout = f({GEN})",
    "any": f"out = any('yes' in r for r in {GEN})",
    "any of a stored one": f"it = ('yes' in r for r in {GEN})\nout = any(it)",
    "any of a map": "out = any(map(lambda c: 'yes' in llm_query(c), chunks))",
    "all": f"out = all('yes' not in r for r in {GEN})",
    "next": f"out = next(r for r in {GEN} if 'yes' in r)",
    "next of a filter": "out = next(filter(lambda c: 'yes' in llm_query(c), chunks), None)",
    "in": f"out = 'yes 000000' in {GEN}",
    "some that passed": "import itertools\nout = list(itertools.islice((c for c in chunks if 'yes' in llm_query(c)), 1))",
    "takewhile": f"import itertools\nout = list(itertools.takewhile(lambda r: 'yes' not in r, {GEN}))",
    "dropwhile": f"import itertools\nout = next(itertools.dropwhile(lambda r: 'yes' not in r, {GEN}))",
    "zip with what passed": "out = list(zip('a', (c for c in chunks if 'yes' in llm_query(c))))",
    "while": f"it, r = {GEN}, ''\nwhile 'yes' not in r: r = next(it, 'yes')",
    "a generator function": "def f():\n    for c in chunks: yield llm_query(c)\nfor r in f():\n    if 'yes' in r: break",
}


@pytest.mark.parametrize("name", ENDED_BY_RESULTS)
def test_who_may_be_ended_by_a_result_wastes_less_than_was_needed(name: str) -> None:
    seen = both(ENDED_BY_RESULTS[name])
    assert seen.alone
    assert set(seen.alone) <= set(seen.ahead)
    assert len(seen.ahead) <= 2 * max(len(seen.alone), 1)


@pytest.mark.parametrize("name", ENDED_BY_RESULTS)
def test_the_variables_are_those_of_python(name: str) -> None:
    followed, executed = variables(ENDED_BY_RESULTS[name], chunks=[f"c{at}" for at in range(8)])
    for names in (followed, executed):
        names.pop("it", None)
    assert followed == executed


@pytest.mark.parametrize(
    "code",
    [
        "for r in (llm_query(str(n)) for n in range(200)):\n    if 'impossible' in r: break",
        "out = any('impossible' in llm_query(str(n)) for n in range(200))",
        "out = next((n for n in range(200) if 'impossible' in llm_query(str(n))), None)",
        "out = next(filter(lambda n: 'impossible' in llm_query(str(n)), range(200)), None)",
        "def f():\n    for n in range(200): yield llm_query(str(n))\nout = any('impossible' in r for r in f())",
    ],
)
def test_a_search_without_a_hit_wastes_nothing_and_waits_far_fewer_times_than_it_calls(code: str) -> None:
    line = scout(code)
    assert len(line.asked) == 200
    assert line.now < 12
    assert scout(code, is_eager=True).now <= 2


def test_inside_try_items_are_made_one_after_another_if_they_can_fail() -> None:
    code = "out = ''\ntry:\n    out = [int(r) for r in (llm_query(c) for c in 'abc')]\nexcept ValueError:\n    out = 'none'"
    assert both(code).ahead == ["a"]


def test_a_search_inside_a_look_ahead_has_none_of_its_own() -> None:
    code = (
        "for a in range(9):\n    hit = any('impossible' not in llm_query(f'{a} {b}') for b in range(50))\n"
        "    if 'impossible' in llm_query(f'{a} {hit}'): break"
    )
    seen = both(code)
    assert set(seen.alone) <= set(seen.ahead)
    assert len(seen.ahead) <= 2 * len(seen.alone) + 2


def test_all_items_can_be_taken_one_by_one() -> None:
    items = Items(["a", "b"])
    assert [next(items), next(items)] == ["a", "b"]
    with pytest.raises(StopIteration):
        next(items)
    assert next(Items([]), "default") == "default"
