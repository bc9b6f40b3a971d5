"""Calls of statements whose text has not ended: asked for early, taken back if the text does not bear them out, without a trace in
the scout.
"""

from __future__ import annotations

import contextlib
import io
from collections import Counter
from collections.abc import Sequence

import pytest

from harlm.guest.scout import peek
from harlm.guest.scout.scout import MoreCode, OpenTail, Scout
from tests.support.scout_lines import FILE, outcome, run, tools
from tests.support.written_cells import WrittenLine, arriving, written

CHUNKS = [f"c{at}" for at in range(8)]
MORE_LINES = "    print(c)\n" * 30
"""Lines of a loop that take 3 seconds to arrive, three times as long as a reply."""


def told(*news: MoreCode | OpenTail, chunks: Sequence[str] = CHUNKS) -> WrittenLine:
    """Let a scout follow what it is told, a quarter of a second apart."""
    line = WrittenLine([(at / 4, each) for at, each in enumerate(news, start=1)])
    with contextlib.redirect_stdout(io.StringIO()):
        own = {"__name__": "__main__", "chunks": list(chunks), "FINAL": print}
        Scout(own, {}, FILE, line, tools).follow()
    return line


def at_the_end_of(cell: str, part: str) -> float:
    """When a part of a cell has arrived, with the end of its line."""
    reply = f"```repl\n{cell}"
    return 0.01 * (reply.index("\n", reply.index(part)) + 1)


# -- when ----------------------------------------------------------------------------------------------------


def test_the_calls_of_an_open_loop_are_made_as_soon_as_their_line_is_whole() -> None:
    cell = f"for c in chunks:\n    r = llm_query(f'q {{c}}')\n{MORE_LINES}print(r)\n"
    line = written(cell, chunks=CHUNKS)
    assert line.asked == run(cell, chunks=CHUNKS)
    assert list(line.asked_at.values()) == pytest.approx([at_the_end_of(cell, "llm_query")] * 8)
    assert line.retracted == []
    assert line.uncertain == line.asked, "each of them is a bet"


@pytest.mark.parametrize(
    ("cell", "part"),
    [
        (f"x = llm_query('a')\n{'y = 1' * 0}", "llm_query('a')"),
        ("print(\n    llm_query('a'),\n    llm_query('b'),\n    'and so on',\n)\n", "llm_query('a')"),
        (
            "import asyncio\nasync with asyncio.Semaphore(2):\n    x = await llm_query('a')\n    print(x)\n",
            "llm_query('a')",
        ),
        (
            "if len(chunks) > 3:\n    x = llm_query('a')\n    print(x)\nelse:\n    llm_query('never')\n",
            "llm_query('a')",
        ),
        (
            "def ask(c):\n    return llm_query('a' + c)\nfor c in 'xy':\n    ask(c)\n    print(c)\nprint(1)\n",
            "    ask(c)",
        ),
    ],
)
def test_the_statement_may_be_of_any_kind(cell: str, part: str) -> None:
    line = written(cell, chunks=CHUNKS)
    assert min(line.asked_at.values()) == pytest.approx(at_the_end_of(cell, part))
    assert "never" not in line.asked
    assert line.retracted == []


@pytest.mark.parametrize(
    ("cell", "part"),
    [
        ("x = llm_query(\n    'a',\n    model=None,\n)\nprint(x)\n", ")\nprint"),
        ("x = [\n    llm_query(f'q {c}')\n    for c in chunks\n    if c > 'c4'\n]\nprint(x)\n", "]\nprint"),
        (
            "x = llm_query_batched([\n    f'q {c}'\n    for c in chunks\n    if c > 'c4'\n])\nprint(x)\n",
            "])\nprint",
        ),
        (
            "def ask(*c):\n    return llm_query(str(c))\nx = ask(\n    'a',\n    'b',\n)\nprint(x)\n",
            ")\nprint",
        ),
    ],
)
def test_a_call_or_a_comprehension_whose_bracket_is_open_waits_for_its_end(cell: str, part: str) -> None:
    line = written(cell, chunks=CHUNKS)
    assert line.asked == run(cell, chunks=CHUNKS)
    assert min(line.asked_at.values()) >= at_the_end_of(cell, part) - 1e-6


def test_the_peek_before_stands_while_a_call_is_open() -> None:
    cell = "print(\n    llm_query('a'),\n    llm_query(\n        'b' +\n        'c'\n    ),\n)\n"
    line = written(cell)
    assert line.asked == ["a", "bc"]
    assert line.retracted == []


def test_a_prompt_that_needs_a_reply_is_not_bet_on() -> None:
    cell = f"r = llm_query('first')\nfor c in chunks:\n    llm_query(r + c)\n{MORE_LINES}print(1)\n"
    line = written(cell, chunks=CHUNKS)
    assert line.asked == run(cell, chunks=CHUNKS)
    assert line.uncertain == ["first"]


@pytest.mark.parametrize(
    "statement",
    [
        "def f():\n    llm_query('a')\n    pass\n",
        "try:\n    llm_query('a')\nfinally:\n    pass\n",
        "import json\nfor c in chunks:\n    json.dumps(c)\n",
    ],
)
def test_other_statements_are_not_peeked_at(statement: str) -> None:
    line = told(OpenTail(statement))
    assert line.asked == []


def test_of_an_open_while_only_the_first_round_is_peeked_at() -> None:
    loop = "at = 0\nwhile at < 5:\n    r = llm_query(f'{at}')\n    at += 1\n"
    assert told(OpenTail(loop)).asked == ["0"]
    line = told(MoreCode("at = 0\n", False), OpenTail(loop[7:]), MoreCode(loop, True))
    assert line.asked == [*"01234"]
    assert line.uncertain == ["0"]


# -- how many ------------------------------------------------------------------------------------------------


def bets_on(loop: str) -> int:
    return len(told(OpenTail(loop), chunks=[f"c{at}" for at in range(100)]).asked)


def test_an_open_loop_gets_a_window_and_the_rest_when_it_is_whole() -> None:
    loop = "for c in chunks:\n    r = llm_query(c)\n"
    assert bets_on(loop) == 32
    line = told(
        OpenTail(loop), MoreCode(loop, False), MoreCode(loop, True), chunks=[f"c{at}" for at in range(100)]
    )
    assert len(line.asked) == len(set(line.asked)) == 100
    assert line.uncertain == line.asked[:32]


@pytest.mark.parametrize(
    "loop",
    [
        "for c in chunks:\n    r = llm_query(c)\n    if r:\n        break\n",
        "for c in chunks:\n    if c == 'x':\n        continue\n    r = llm_query(c)\n",
        "for c in chunks:\n    r = llm_query(c)\n    FINAL(r)\n",
        "print(next(c for c in chunks if 'yes' in llm_query(c)))\n",
        "print(any('yes' in llm_query(c) for c in chunks))\n",
    ],
)
def test_where_a_result_may_end_it_few_are_asked_for(loop: str) -> None:
    assert 1 <= bets_on(loop) <= 2


def test_a_way_out_that_comes_later_takes_the_rest_back() -> None:
    loop = "for c in chunks:\n    r = llm_query(c)\n"
    line = told(OpenTail(loop), OpenTail(f"{loop}    if 'yes' in r:\n        break\n"))
    assert line.asked == CHUNKS
    assert line.retracted == CHUNKS[2:]


def test_a_search_that_comes_later_leaves_what_was_asked_for_before_it() -> None:
    loop = "for c in chunks:\n    r = llm_query(c)\n"
    cell = f"{loop}    x = next((d for d in '89' if d in llm_query('d' + c)), '')\n"
    line = told(OpenTail(loop), OpenTail(cell), MoreCode(cell, True))
    assert line.asked[:8] == CHUNKS
    assert line.retracted == []
    bets = told(OpenTail(loop), OpenTail(cell)).asked
    assert bets == line.asked[: len(bets)]
    assert len(bets) <= 10


# -- what does not stand -------------------------------------------------------------------------------------


def test_what_the_whole_statement_does_not_need_is_taken_back() -> None:
    line = told(
        OpenTail("for c in chunks:\n    llm_query(c)\n"),
        MoreCode("for c in chunks:\n    llm_query(c)\n    break\n", False),
        MoreCode("for c in chunks:\n    llm_query(c)\n    break\n", True),
    )
    assert line.asked == CHUNKS
    assert line.retracted == CHUNKS[1:]


def test_a_tail_that_does_not_stand_any_more_is_taken_back() -> None:
    line = told(OpenTail("for c in chunks:\n    llm_query(c)\n"), OpenTail(""))
    assert line.retracted == line.asked == CHUNKS
    again = told(
        OpenTail("x = llm_query('a')\n"),
        OpenTail("x = llm_query('b')\n"),
        MoreCode("x = llm_query('b')\n", True),
    )
    assert again.asked == ["a", "b"]
    assert again.retracted == ["a"]


def test_a_reply_that_has_arrived_is_used_though_a_later_peek_has_no_room_for_it() -> None:
    loop = "for c in chunks:\n    r = llm_query(c)\n"
    cell = f"{loop}    if 'nowhere' in r:\n        break\n"
    line = told(
        OpenTail(loop),
        *(OpenTail(f"{loop}{'    print(1)' * times}") for times in range(5)),
        OpenTail(cell),
        MoreCode(cell, True),
    )
    assert line.asked == CHUNKS
    assert line.retracted == []


def test_the_same_lines_again_are_peeked_at_again() -> None:
    one = "print(llm_query('a'))\n"
    line = told(OpenTail(one), MoreCode(one, False), OpenTail(one), MoreCode(one + one, True))
    assert line.asked == ["a", "a"]
    assert line.retracted == []


def test_code_comes_before_an_older_tail() -> None:
    line = WrittenLine(
        [(1, OpenTail("llm_query('old')\n")), (1, MoreCode("x = 1\n", False)), (1, MoreCode("x = 1\n", True))]
    )
    Scout({"__name__": "__main__"}, {}, FILE, line, tools).follow()
    assert line.asked == []


# -- no trace ------------------------------------------------------------------------------------------------


STATE = {
    "a closure": (
        "def make():\n    n = 0\n    def f(c):\n        nonlocal n\n        n += 1\n        return llm_query(f'{c} {n}')\n    return f\n"
        "f = make()\n",
        "f(c)",
    ),
    "an attribute of a class": ("class A:\n    n = 0\n", "A.n += 1; llm_query(f'{c} {A.n}')"),
    "a mutable default": (
        "def f(c, seen=[]):\n    seen.append(c)\n    return llm_query(str(seen))\n",
        "f(c)",
    ),
    "an object": (
        "class A:\n    def __init__(self):\n        self.seen = []\n    def ask(self, c):\n        self.seen.append(c)\n"
        "        return llm_query(str(self.seen))\na = A()\n",
        "a.ask(c)",
    ),
    "a global name": (
        "n = 0\ndef f(c):\n    global n\n    n += 1\n    return llm_query(f'{c} {n}')\n",
        "f(c)",
    ),
    "a global list": ("log = []\ndef f(c):\n    log.append(c)\n    return llm_query(str(log))\n", "f(c)"),
    "a function that makes no call": (
        "log = []\ndef note(c):\n    log.append(c)\n",
        "note(c); llm_query(str(log))",
    ),
    "what an element holds": ("rows = [{'n': 0}]\n", "row = rows[0]; row['n'] += 1; llm_query(f'{c} {row}')"),
    "random numbers": ("import random\nrandom.seed(3)\n", "llm_query(f'{c} {random.random()}')"),
    "a generator of random numbers": (
        "import random\ndice = random.Random(3)\n",
        "llm_query(f'{c} {dice.choice(range(99))}')",
    ),
    "an iterator": ("it = iter('abcdefgh')\n", "llm_query(next(it))"),
    "a counter": ("from collections import Counter\nn = Counter()\n", "n[c[:1]] += 1; llm_query(str(n))"),
    "a set": ("seen = set()\n", "seen.add(c); llm_query(f'{c} {len(seen)}')"),
    "what a reply changes later": ("n = {}\nr = llm_query('r')\n", "n[r] = n.get(r, 0) + 1; llm_query(c)"),
}


@pytest.mark.parametrize("state", STATE)
def test_a_peek_leaves_no_trace_in_the_scout(state: str) -> None:
    before, body = STATE[state]
    lines = "".join(f"    {each}\n" for each in body.split("; "))
    names = [each for each in ("n", "log", "rows", "seen") if f"\n{each} =" in f"\n{before}"]
    after = f"llm_query('at last ' + str({names[0]}))\n" if names else "print(1)\n"
    cell = f"{before}for c in chunks:\n{lines}{MORE_LINES}{after}"
    line = written(cell, chunks=CHUNKS)
    assert Counter(line.asked) == Counter(run(cell, chunks=CHUNKS))
    assert line.retracted == []
    assert len(line.uncertain) >= 2, "the loop was bet on"


def test_where_an_iterator_cannot_be_copied_nothing_is_bet_on() -> None:
    cell = f"for c in it:\n    llm_query(c)\n{MORE_LINES}print(1)\n"
    line = written(cell, it=(c for c in CHUNKS))
    assert line.asked == CHUNKS
    assert min(line.asked_at.values()) > at_the_end_of(cell, MORE_LINES.strip())


def test_an_exception_in_a_peek_ends_nothing() -> None:
    line = written(
        f"for c in chunks:\n    llm_query(c)\n    1 / (c < 'c9')\n{MORE_LINES}print(llm_query('end'))\n",
        chunks=CHUNKS,
    )
    assert line.asked == [*CHUNKS, "end"]
    _, error = outcome("for c in 'ab':\n    llm_query(c)\n    1 / 0\n")
    assert isinstance(error, ZeroDivisionError)
    failing = told(
        OpenTail("for c in chunks:\n    llm_query(c)\n    1 / 0\n"), OpenTail("x = llm_query('another')\n")
    )
    assert failing.asked == ["c0", "another"]


def test_a_peek_that_runs_long_ends_and_the_scout_goes_on() -> None:
    loop = "for at in range(30_000):\n    if at % 5_000 == 0:\n        llm_query(f'{at}')\n"
    line = told(OpenTail(loop), MoreCode(loop, False), OpenTail("x = llm_query('another')\n"))
    assert line.asked == [*(f"{at}" for at in range(0, 30_000, 5_000)), "another"]
    assert line.uncertain == ["0", "5000", "10000", "15000", "another"]


def test_a_statement_whose_peek_is_slow_is_not_peeked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peek, "_SLOW_S", 0.0)
    line = told(
        OpenTail("for c in chunks:\n    llm_query(c)\n"),
        OpenTail("for c in chunks:\n    llm_query(c)\n    llm_query('d' + c)\n"),
        OpenTail(""),
        OpenTail("x = llm_query('another')\n"),
    )
    assert line.asked == CHUNKS
    assert line.retracted == CHUNKS


def test_peeks_keep_no_peeks_before_them() -> None:
    cell = "print(\n" + "".join(f"    llm_query('{at}'),\n" for at in range(20)) + ")\n"
    line = WrittenLine(arriving(cell, range(1, len(cell) + 13), 0.01))
    scout = Scout({"__name__": "__main__"}, {}, FILE, line, tools)
    lengths = []
    original = scout._peeks.at

    def noting(tail: str) -> None:
        original(tail)
        search, length = scout._peeks._search, 0
        while search is not None:
            search, length = search._last, length + 1  # type: ignore[assignment] # a search
        lengths.append(length)

    scout._peeks.at = noting  # type: ignore[method-assign] # to look in
    with contextlib.redirect_stdout(io.StringIO()):
        scout.follow()
    assert max(lengths) == 1
    assert line.asked == [f"{at}" for at in range(20)]


@pytest.mark.parametrize(
    "made",
    [
        "types.ModuleType('own')",
        "types.SimpleNamespace()",
        "functools.partial(int)",
        "lambda: 1",
        "Exception()",
    ],
)
def test_a_peek_at_state_on_any_object_is_undone_and_the_cell_followed_to_its_end(made: str) -> None:
    cell = (
        f"import functools, types\nown = {made}\nown.n = 0\n"
        "for c in chunks:\n    own.n += 1\n    llm_query(f'{c} {own.n}')\n    print(c)\n"
        "last = llm_query(f'last {own.n}')\n"
    )
    line = written(cell, chunks=CHUNKS)
    assert line.asked == run(cell, chunks=CHUNKS)
    assert line.uncertain, "there was a peek"
