"""``for`` and ``while``: rounds that wait for nothing, and the look-ahead of loops that a result may end."""

from __future__ import annotations

import pytest

from tests.support.scout_lines import both, run, scout, variables


@pytest.mark.parametrize(
    "code",
    [
        "out = []\nfor c in 'abc':\n    out.append(llm_query(c))\nelse:\n    out.append('end')",
        "out = []\nfor c in 'abcdef':\n    if 'yes' in llm_query(c): break\n    out.append(c)\nelse:\n    out.append('none')",
        "out = []\nfor c in 'abcdef':\n    if 'no' in llm_query(c): continue\n    out.append(c)",
        "out = []\nfor a, b in zip('ab', 'xy'):\n    for c in (a, b):\n        out.append(llm_query(c))",
        "out = ''\nfor word in llm_query('a').split():\n    out += llm_query(word)",
        "out = []\nfor c in 'abc':\n    for d in 'xyz':\n        if 'yes' in llm_query(c + d): break\n    out.append(d)",
        "n, out = 0, ''\nwhile n < 3:\n    out += llm_query(str(n))\n    n += 1\nelse:\n    out += 'end'",
        "out = 'q'\nwhile 'yes' not in out and len(out) < 60:\n    out += llm_query(out)",
        "out = []\nwhile True:\n    out.append(llm_query(str(len(out))))\n    if 'maybe' in out[-1] or len(out) > 5: break",
        "out = []\nfor c in 'abc':\n    r = llm_query(c)\n    while 'yes' not in r and len(r) < 40: r += llm_query(r)\n    out.append(r)",
        "def f():\n    for c in 'abcdef':\n        if 'yes' in llm_query(c): return c\n    return 'none'\nout = f()",
    ],
)
def test_a_loop_ends_as_in_python(code: str) -> None:
    followed, executed = variables(code)
    assert followed["out"] == executed["out"]


@pytest.mark.parametrize("rounds", [1, 2, 3, 10, 40])
def test_the_waste_of_a_look_ahead_stays_below_what_was_needed_plus_two(rounds: int) -> None:
    code = f"for c in range(100):\n    r = llm_query(str(c))\n    if r and c == {rounds - 1}: break"
    line, needed = scout(code), run(code)
    assert len(needed) == rounds
    assert set(needed) <= set(line.asked)
    assert len(line.asked) <= 2 * rounds + 2


def test_the_waits_of_a_search_grow_far_slower_than_its_rounds() -> None:
    code = "for c in range(200):\n    if 'impossible' in llm_query(str(c)): break"
    assert scout(code).now < 20


@pytest.mark.parametrize(("end", "are_uncertain"), [("pass", False), ("break", True)])
def test_calls_are_uncertain_only_if_a_result_may_end_the_loop(end: str, are_uncertain: bool) -> None:
    line = scout(f"for c in range(9):\n    if 'impossible' in llm_query(str(c)): {end}")
    assert len(line.asked) == 9
    assert bool(line.uncertain) == are_uncertain


def test_a_look_ahead_changes_nothing_that_the_loop_sees() -> None:
    code = (
        "out = []\nfor c in range(8):\n    r = llm_query(f'{c} {len(out)}')\n"
        "    out.append(c)\n    if 'yes' in r: break"
    )
    followed, executed = variables(code)
    assert followed["out"] == executed["out"]


def test_an_exception_that_a_look_ahead_runs_into_does_not_end_the_cell() -> None:
    code = "d = {0: 'a', 1: 'b'}\nfor c in range(5):\n    r = llm_query(d[c])\n    if r and c == 1: break\nllm_query('after')"
    assert "after" in scout(code).asked


def test_a_search_inside_another_looks_ahead_too() -> None:
    code = (
        "for a in range(4):\n    for b in range(4):\n        if 'impossible' in llm_query(f'{a} {b}'): break\n"
        "    if 'impossible' in llm_query(f'{a}'): break"
    )
    seen = both(code)
    assert set(seen.alone) <= set(seen.ahead)
    assert len(seen.ahead) <= 2 * len(seen.alone) + 2
    assert seen.seconds < len(seen.alone) / 2


def test_a_search_inside_another_wastes_no_more_than_both_needed() -> None:
    code = (
        "for a in range(10):\n    for b in range(100):\n        if 'impossible' not in llm_query(f'{a} {b}'): break\n"
        "    if 'impossible' in llm_query(f'{a}'): break"
    )
    seen = both(code)
    assert set(seen.alone) <= set(seen.ahead)
    assert len(seen.ahead) <= 2 * len(seen.alone) + 2


def test_rounds_that_call_nothing_do_not_widen_the_window_for_those_that_do() -> None:
    code = "for c in range(400):\n    if c < 300: continue\n    if 'yes' in llm_query(str(c)): break"
    seen = both(code)
    assert len(seen.ahead) <= 2 * len(seen.alone) + 2


def test_the_test_of_a_while_is_asked_once_for_each_round() -> None:
    assert both(
        "n = 0\nwhile 'yes' not in llm_query(f'q {n}') and n < 9: n += 1\nllm_query('after')"
    ).foresaw_all


def test_rounds_with_continue_do_not_wait_for_each_other() -> None:
    seen = both("for c in 'abcd':\n    if 'no' in llm_query(c): continue\n    llm_query('more ' + c)")
    assert seen.foresaw_all
    assert seen.seconds == 2


def test_an_asynchronous_loop_is_left_to_the_cell() -> None:
    code = "async def f():\n    async for c in g(): llm_query(c)\nllm_query('after')"
    assert scout(code).asked == ["after"]
