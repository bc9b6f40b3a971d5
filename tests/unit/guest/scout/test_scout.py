"""What a scout foresees. A call takes one second of virtual time: seconds are the length of the longest chain."""

from __future__ import annotations

import pytest

from tests.support.scout_lines import both, reply_to, run, scout

MERGE = "final = llm_query('merge ' + str(out))"

FORESEEN = {
    "a plain loop": ("out = []\nfor c in chunks:\n    out.append(llm_query(c))\n" + MERGE, 2),
    "a dictionary": ("out = {}\nfor c in chunks:\n    out[c] = llm_query(c).strip()\n" + MERGE, 2),
    "a comprehension": ("out = [llm_query(c) for c in chunks]\n" + MERGE, 2),
    "a nested comprehension": ("out = [[llm_query(a + b) for a in 'xy'] for b in 'pq']\n" + MERGE, 2),
    "a set and a dict comprehension": (
        "out = {llm_query(c) for c in chunks}\nmore = {c: llm_query('d' + c) for c in chunks}\n"
        "final = llm_query(str(sorted(out)) + str(more))",
        2,
    ),
    "a filter on replies": (
        "out = [llm_query('use ' + c) for c in chunks if 'yes' in llm_query(c)]\n" + MERGE,
        3,
    ),
    "a branch": (
        "out = []\nfor c in chunks:\n    r = llm_query(c)\n    if 'yes' in r:\n        out.append(llm_query('why ' + c))\n"
        "    elif 'no' in r:\n        out.append(r)\n" + MERGE,
        3,
    ),
    "continue": (
        "out = []\nfor c in chunks:\n    r = llm_query(c)\n    if 'no' in r: continue\n    out.append(llm_query('m' + c))\n"
        + MERGE,
        3,
    ),
    "an early return": (
        "def f(c):\n    r = llm_query(c)\n    if r.startswith('no'): return None\n    return llm_query(r + c)\n"
        "out = []\nfor c in chunks:\n    x = f(c)\n    if x is not None: out.append(x)\n" + MERGE,
        3,
    ),
    "two chains": (
        "a = b = ''\nfor _ in range(4):\n    a = llm_query('a' + a)\n    b = llm_query('b' + b)\nout = a + b\n"
        + MERGE,
        5,
    ),
    "a tree": (
        "level = [llm_query(c) for c in chunks]\nwhile len(level) > 1:\n"
        "    level = [llm_query('|'.join(level[i:i + 2])) for i in range(0, len(level), 2)]",
        4,
    ),
    "a recursive tree": (
        "def f(xs):\n    if len(xs) == 1: return llm_query(xs[0])\n    m = len(xs) // 2\n"
        "    return llm_query(f(xs[:m]) + f(xs[m:]))\nprint(f(chunks))",
        4,
    ),
    "refinement of each": (
        "out = []\nfor c in chunks:\n    r = llm_query(c)\n    n = 0\n    while 'yes' not in r and n < 3:\n        n += 1\n"
        "        r = llm_query(f'{n} {r}')\n    out.append(r)\n" + MERGE,
        5,
    ),
    "a counter": (
        "from collections import Counter\nn = Counter()\nfor c in chunks:\n    n[llm_query(c)[:2]] += 1\n"
        "final = llm_query(str(sorted(n.items())))",
        2,
    ),
    "groups": (
        "import collections\ng = collections.defaultdict(list)\nfor c in chunks:\n    g[llm_query(c)[:1]].append(c)\n"
        "out = [llm_query(k + str(v)) for k, v in sorted(g.items())]\n" + MERGE,
        3,
    ),
    "try": (
        "out = []\nfor c in chunks:\n    try:\n        out.append(int(llm_query(c).split()[1], 10))\n"
        "    except ValueError as error:\n        out.append(llm_query('again ' + c))\n" + MERGE,
        3,
    ),
    "a helper that tries": (
        "import json\ndef f(c):\n    try:\n        return json.loads(llm_query(c))\n    except ValueError:\n"
        "        return llm_query('mend ' + c)\nout = [f(c) for c in chunks]\n" + MERGE,
        3,
    ),
    "a conditional expression": (
        "out = [r if 'yes' in (r := llm_query(c)) else llm_query(r) for c in chunks]\n" + MERGE,
        3,
    ),
    "and, or": ("out = [llm_query(c) and llm_query('b' + c) for c in chunks]\n" + MERGE, 3),
    "map, filter, sorted, max": (
        "out = list(map(lambda c: llm_query(c), chunks))\nbest = max(out, key=len)\n"
        "out = sorted(filter(lambda r: 'yes' in r, out), key=lambda r: r[::-1])\nfinal = llm_query(best + str(out))",
        2,
    ),
    "a ranking by calls": ("out = sorted(chunks, key=lambda c: llm_query(c))\n" + MERGE, 2),
    "partial": (
        "from functools import partial\nask = partial(llm_query, model=None)\nout = [ask(c) for c in chunks]\n"
        + MERGE,
        2,
    ),
    "reduce": (
        "from functools import reduce\nout = reduce(lambda a, b: llm_query(a + b), chunks[:4])\n" + MERGE,
        4,
    ),
    "closures": (
        "def make():\n    seen = []\n    def f(c):\n        seen.append(llm_query(c))\n        return len(seen)\n"
        "    return f, seen\nf, out = make()\nfor c in chunks: f(c)\n" + MERGE,
        2,
    ),
    "a class": (
        "class A:\n    def __init__(self): self.notes = []\n    def ask(self, q):\n        r = llm_query(q)\n"
        "        self.notes.append(r)\n        return r\na = A()\nfor c in chunks: a.ask(c)\nout = a.notes\n"
        + MERGE,
        2,
    ),
    "a global": (
        "total = ''\ndef f(c):\n    global total\n    total += llm_query(c)\nfor c in chunks: f(c)\nout = total\n"
        + MERGE,
        2,
    ),
    "star arguments": (
        "out = [llm_query(*[c], **{'model': None}) for c in chunks]\na, *b = out\nfinal = llm_query(a + str(b))",
        2,
    ),
    "unpacking a reply": (
        "out = []\nfor c in chunks:\n    kind, rest = llm_query(c).split()\n    out.append(kind)\n" + MERGE,
        2,
    ),
    "a batch and its successors": (
        "ls = llm_query_batched(chunks)\nout = [llm_query(l) for l in ls]\n" + MERGE,
        3,
    ),
    "a batch of children": (
        "out = rlm_query_batched(['q ' + c for c in chunks], [[c] for c in chunks], model=None)\n" + MERGE,
        2,
    ),
    "a batch of what passed": (
        "ls = [c for c in chunks if 'yes' in llm_query(c)]\nout = llm_query_batched(['p' + l for l in ls])\n"
        + MERGE,
        3,
    ),
    "batches in a row": (
        "out = []\nfor k in range(3):\n    out.append(llm_query_batched([f'{k}{c}' for c in chunks]))\n"
        + MERGE,
        2,
    ),
    "random choices": (
        "import random\nrandom.seed(3)\nout = [llm_query(random.choice(chunks)) for _ in range(4)]\n" + MERGE,
        2,
    ),
    "with": (
        "import contextlib\nout = []\nfor c in chunks:\n    with contextlib.suppress(KeyError):\n        out.append(llm_query(c))\n"
        + MERGE,
        2,
    ),
    "a list inside a tuple": (
        "out = []\np = (out, {'in': out})\nfor c in chunks:\n    p[1]['in'].append(llm_query(c))\n" + MERGE,
        2,
    ),
    "the same prompt many times": ("out = [llm_query('same') for _ in range(5)]\n" + MERGE, 2),
    "typed values": (
        "out = []\nfor c in chunks:\n    v = llm_query(c, schema={'word': str, 'n': int})\n    v['word'] += '!'\n"
        "    out.append(v)\n" + MERGE,
        2,
    ),
    "a filter on typed values": (
        "found = llm_query_batched(chunks, schema={'word': str, 'n': int})\nfor c, v in zip(chunks, found):\n"
        "    if v['n'] > 4:\n        v['more'] = llm_query('more ' + c, schema=str)\n"
        "out = [v['word'] for v in found if v['n'] > 2]\n" + MERGE,
        2,
    ),
    "typed values that are changed by a branch": (
        "out = llm_query_batched(chunks, schema={'word': str, 'n': int})\nfor c, v in zip(chunks, out):\n"
        "    if v['n'] > 4:\n        v['more'] = llm_query('more ' + c, schema=str)\n" + MERGE,
        3,
    ),
    "typed values that a function changes": (
        "def louder(v):\n    v['word'] = v['word'].upper()\n    return v\n"
        "out = [louder(llm_query(c, schema={'word': str, 'n': int})) for c in chunks]\n" + MERGE,
        2,
    ),
    "typed lists that are changed": (
        "out = []\nfor c in chunks:\n    v = llm_query(c, schema=list[str])\n    v.append(llm_query('more ' + c))\n"
        "    v += ['end']\n    out.append(v)\n" + MERGE,
        2,
    ),
    "the rows of all": (
        "out = [row for rows in llm_query_batched(chunks, schema=[{'word': str, 'n': int}]) for row in rows if row['n'] > 1]\n"
        + MERGE,
        2,
    ),
    "the words of all": (
        "found = [llm_query(c) for c in chunks]\nout = {w: len(w) for reply in found for w in reply.split()}\n"
        + MERGE,
        2,
    ),
    "a batch of typed values": (
        "out = llm_query_batched(chunks, schema=list[str])\nmore = llm_query_batched(out[0] + out[1] or ['-'])\n"
        + MERGE,
        2,
    ),
    "typed children": (
        "out = rlm_query_batched(chunks, [[c] for c in chunks], schema=int)\nfinal = llm_query(str(sum(out)))",
        2,
    ),
    "children": ("out = [rlm_query('q ' + c, context=[c, c]) for c in chunks]\n" + MERGE, 2),
}


@pytest.mark.parametrize("name", FORESEEN)
def test_everything_is_foreseen_along_the_critical_path(name: str) -> None:
    code, seconds = FORESEEN[name]
    seen = both(code)
    assert seen.foresaw_all, (sorted(seen.ahead), sorted(seen.alone))
    assert seen.seconds == seconds


def test_a_chain_is_not_faster_and_costs_nothing() -> None:
    seen = both("x = ''\nfor c in chunks:\n    x = llm_query(x + c)")
    assert seen.foresaw_all
    assert seen.seconds == len(seen.alone)


def test_a_deep_chain_of_conditional_appends_needs_no_deep_stack() -> None:
    code = "out = []\nfor i in range(3000):\n    r = llm_query(str(i))\n    if r: out.append(r)\nfinal = llm_query(str(len(out)))"
    line = scout(code)
    assert len(line.asked) == 3001
    assert line.now == 2


def test_edges_tell_what_a_call_was_made_from() -> None:
    line = scout(
        "a = llm_query('a')\nb = llm_query('b')\nc = llm_query(a + 'c')\nif 'x' not in b: d = llm_query('d')"
    )
    assert line.needs["b"] == []
    assert line.needs[reply_to("a") + "c"] == [1]
    assert line.needs["d"] == [2]


# -- possible ends ---------------------------------------------------------------------------------------


SEARCH = "hit = None\nfor c in range(40):\n    r = llm_query(f'in {c}?')\n    if r.endswith(%r):\n        hit = c\n        break"


def test_a_search_looks_ahead_within_a_window_that_grows() -> None:
    line = scout(SEARCH % "never")
    assert line.asked == run(SEARCH % "never")  # nothing is asked twice, or for nothing
    assert line.now <= 6  # of 40
    assert len(line.uncertain) > 30


def test_what_is_wasted_is_within_the_window() -> None:
    needed = run(SEARCH % "a")
    line = scout(SEARCH % "a")
    assert set(needed) <= set(line.asked)
    assert len(line.asked) - len(needed) <= len(needed) + 2


def test_eager_looks_ahead_without_limit() -> None:
    line = scout(SEARCH % "never", is_eager=True)
    assert line.now == 1


@pytest.mark.parametrize(
    "code",
    [
        "x = any('yes' in llm_query(c) for c in chunks)",
        "x = all('zz' not in llm_query(c) for c in chunks)",
        "x = next((c for c in chunks if 'yes' in llm_query(c)), None)",
        "def f():\n    for c in chunks:\n        r = llm_query(c)\n        if 'yes' in r: return c\n    return None\nprint(f())",
        "for c in chunks:\n    if 'yes' in llm_query(c): FINAL(c)",
    ],
)
def test_loops_that_a_result_ends_are_searches(code: str) -> None:
    seen = both(code)
    assert set(seen.alone) <= set(seen.ahead)
    assert len(seen.ahead) <= 2 * len(seen.alone) + 2


def test_a_tuple_with_a_reply_is_looked_at_inside_try() -> None:
    seen = both("try:\n    pair = (llm_query('a'), 1)\n    llm_query(str(pair))\nexcept ValueError: pass")
    assert seen.foresaw_all


def test_a_child_is_never_made_before_it_is_certain() -> None:
    line = scout("for c in range(9):\n    r = rlm_query(f'{c}?')\n    if 'yes' in r: break")
    assert line.uncertain == []


# -- what is left to the cell ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "import time\nx = llm_query(f'{time.time()}')",
        "import uuid\nx = llm_query(str(uuid.uuid4()))",
        "import datetime\nx = llm_query(str(datetime.datetime.now()))",
        "x = llm_query(str(budget()))",
        "llm_query = None\nx = llm_query('?')",
        "del llm_query\nx = llm_query('?')",
        "x = llm_query(7)",
    ],
)
def test_what_cannot_be_told_is_not_asked(code: str) -> None:
    assert scout(code).asked == []


def test_a_scout_does_not_sleep() -> None:
    assert len(scout("import time\nfor c in 'abc':\n    time.sleep(3600)\n    llm_query(c)").asked) == 3


def test_what_cannot_be_told_stops_nothing_else() -> None:
    line = scout(
        "import time\nt = time.time()\na = llm_query('a')\nprint(time.time() - t)\nb = llm_query('b')"
    )
    assert line.asked == ["a", "b"]


def test_nothing_is_asked_beyond_an_exception() -> None:
    line = scout(
        "for c in range(9):\n    llm_query(str(c))\n    if c == 3: {}['no such key']\nllm_query('after')"
    )
    assert line.asked == ["0", "1", "2", "3"]


def test_a_call_that_fails_is_handled_as_in_the_cell() -> None:
    code = "out = []\nfor c in 'ab':\n    try:\n        out.append(llm_query(c) + '')\n    except RuntimeError:\n        out.append(llm_query('mend ' + c))"
    assert sorted(scout(code, refused=frozenset("a")).asked) == ["a", "b", "mend a"]


def test_a_call_that_fails_without_a_handler_ends_what_is_foreseen() -> None:
    line = scout("a = llm_query('a')\nb = llm_query(a + '!')\nc = llm_query(b)", refused=frozenset("a"))
    assert line.asked == ["a"]


@pytest.mark.parametrize(
    "code",
    [
        "def g():\n    for c in 'ab':\n        r = llm_query(c)\n        if r: yield r\nfor x in g(): print(x)\nllm_query('after')",
        "match llm_query('a'):\n    case str() as s: llm_query(s)\n    case _: pass\nllm_query('after')",
    ],
)
def test_what_is_not_followed_stops_only_itself(code: str) -> None:
    assert "after" in scout(code).asked
