"""Generator functions are followed as far as they are read."""

from __future__ import annotations

import pytest

from tests.support.scout_lines import both, variables

PLAIN = "def f(several):\n    for c in several:\n        yield llm_query(c)\n"
PASSED = "def f(several):\n    for c in several:\n        r = llm_query(c)\n        if 'o' in r: yield r\n"
PAIRS = "def f(several):\n    yield 'first'\n    for c in several:\n        yield c; yield llm_query(c)\n    yield 'last'\n"
ENDED = "def f(several):\n    for c in several:\n        r = llm_query(c)\n        if 'yes' in r: return\n        yield r\n"
OUTER = PLAIN + "inner = f\ndef f(several):\n    yield from inner(several)\n    yield from 'xy'\n"
GUARDED = (
    "def f(several):\n    for c in several:\n        try:\n            yield int(llm_query(c).split()[1], 10)\n"
    "        except ValueError:\n            yield llm_query('again ' + c)\n"
)
WHILE = "def f(several):\n    r = 'q'\n    while 'yes' not in r and len(r) < 60:\n        r += llm_query(r)\n        yield r\n"
FUNCTIONS = [PLAIN, PASSED, PAIRS, ENDED, OUTER, GUARDED, WHILE]
USES = [
    "out = list(f('abcdef'))", "out = next(f('abcdef'), 'none')", "it = f('abcdef')\nout = [next(it, 0), next(it, 0), list(it)]",
    "out = []\nfor r in f('abcdef'):\n    out.append(r)\n    if 'yes' in str(r): break", "out = ' '.join(map(str, f('abcdef')))",
    "out = any('yes' in str(r) for r in f('abcdef'))", "def g(it): return [next(it, 0), next(it, 0)]\nout = g(f('abcdef'))",
    "out = [r for r in f(c for c in 'abcdef') if 'no' in str(r)]",
]  # fmt: skip


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_its_items_are_those_of_python(function: str, use: str) -> None:
    followed, executed = variables(function + use)
    assert followed["out"] == executed["out"]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_it_wastes_less_than_was_needed(function: str, use: str) -> None:
    seen = both(function + use)
    assert set(seen.alone) <= set(seen.ahead)
    assert len(seen.ahead) <= 2 * len(seen.alone)


def test_one_that_is_not_read_does_nothing() -> None:
    assert both(PLAIN + "it = f('abc')\nllm_query('last')").ahead == ["last"]


def test_one_whose_items_wait_for_nothing_is_read_at_once() -> None:
    seen = both(PLAIN + "out = list(f('abcdef'))")
    assert seen.foresaw_all
    assert seen.seconds == 1


def test_what_is_sent_to_a_generator_is_left_to_the_cell() -> None:
    code = "def f():\n    x = yield 'a'\n    llm_query(str(x))\nit = f()\na = next(it)\nllm_query('after')"
    assert both(code).ahead == ["after"]
