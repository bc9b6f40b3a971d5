"""Iterators whose items are made when they are read: what they cost, and what state they are left in."""

from __future__ import annotations

import itertools

import pytest

from harlm.guest.scout.lazy import END, Plain, Slot, lazy
from harlm.guest.scout.pending import Pending, Touched
from harlm.guest.scout.reading import item, listed
from tests.support.scout_blocks import Calls, arrive, start, task_over
from tests.support.scout_lines import both, variables

GEN = "gen = (llm_query(c) for c in chunks)\n"


@pytest.mark.parametrize(
    "code",
    [
        "", "d = {'it': gen}", "out = [gen, gen]", "def f(): return (llm_query(c) for c in chunks)\nit = f()", "it = iter(gen)",
        "it = map(lambda c: llm_query(c), chunks)", "it = filter(lambda c: llm_query(c), chunks)", "it = zip(gen, chunks)",
        "import itertools\nit = itertools.islice(gen, 3)", "import copyreg\nout = copyreg.constructor(len), gen",
        "class A:\n    def __init__(self, it): self.it = it\na = A(gen)", "import json\ntry: json.dumps(gen)\nexcept TypeError: pass",
    ],
)  # fmt: skip
def test_one_that_is_only_stored_or_handed_on_asks_for_nothing(code: str) -> None:
    assert both(f"{GEN}{code}\nllm_query('last')").ahead == ["last"]


@pytest.mark.parametrize(
    ("code", "needed"),
    [
        ("a = next(gen)", 1),
        ("a, b = next(gen), next(gen)", 2),
        ("it = iter(gen)\na = next(it)\nrest = list(it)", 8),
        ("a = gen.__next__()", 1),
        (
            "class A:\n    def __init__(self, it): self.it = it\n    def one(self): return next(self.it)\na = A(gen)\nb = a.one()",
            1,
        ),
        ("a = next(gen)\ngen.close()\nb = next(gen, 'none')", 1),
    ],
)
def test_one_that_is_read_in_part_asks_for_that_part(code: str, needed: int) -> None:
    seen = both(GEN + code)
    assert seen.foresaw_all
    assert len(seen.ahead) == needed
    assert seen.seconds == 1


@pytest.mark.parametrize(
    "code",
    [
        "it = (c for c in 'abcd' if 'y' in llm_query(c))\nout = [next(it, 'x'), next(it, 'x'), list(it), list(it)]",
        "it = iter('abcd')\nfor c in it:\n    if 'yes' in llm_query(c): break\nout = list(it)",
        "it = (llm_query(c) for c in 'abcd')\nr = llm_query('q')\nif 'x' not in r:\n    a = next(it)\nout = list(it)",
        "it = (llm_query(c) for c in 'abcd')\nother = it\na = next(other)\nout = list(it) + list(other)",
    ],
)
def test_what_is_left_after_a_part_was_read_is_what_python_leaves(code: str) -> None:
    followed, executed = variables(code)
    assert followed["out"] == executed["out"]


def test_what_a_look_ahead_asked_for_is_not_asked_for_again_by_the_next_reader() -> None:
    code = (
        "it = (llm_query(c) for c in map(str, range(40)))\nfor r in it:\n    if 'yes' in r: break\n"
        "for r in it:\n    if 'no' in r: break\nout = list(it)"
    )
    assert both(code).foresaw_all


def test_ordinary_code_reads_it_too_and_is_not_tried_again() -> None:
    calls = Calls()
    task = task_over(calls, code="llm_query('x')")
    start("gen = (llm_query(c) for c in 'ab')\nlate = (c for c in 'ab' if 'x' in llm_query(c))", task)
    names = task.world.names
    assert next(names["gen"]) is calls.replies[0]
    assert list(names["gen"]) == [calls.replies[1]]
    with pytest.raises(Touched) as stopped:
        next(names["late"])
    assert stopped.value.pending is task.world.never


def test_one_over_a_pending_value_waits_for_it() -> None:
    pending, task = Pending(), task_over()
    result = listed(lazy(pending, task), task)
    assert type(result) is Pending
    arrive(pending, "ab", task)
    assert result.value == ["a", "b"]


def test_an_iterator_that_cannot_be_copied_is_read_through_a_tape_by_its_forks() -> None:
    task = task_over()
    source = Plain(task, itertools.count())
    fork = source.fork({})
    assert [item(fork, task) for _ in range(3)] == [0, 1, 2]
    assert source.is_ahead is True
    assert [item(source, task) for _ in range(4)] == [0, 1, 2, 3]
    assert source.is_ahead is False


def test_a_loop_over_endless_numbers_ends_where_python_ends_it() -> None:
    seen = both(
        "import itertools\nfor n in itertools.count():\n    r = llm_query(str(n))\n    if r and n == 6: break"
    )
    assert len(seen.ahead) <= 2 * len(seen.alone)


def test_a_slot_has_an_item_unless_its_test_says_otherwise() -> None:
    assert Slot("a").test is True
    assert END.test is None
