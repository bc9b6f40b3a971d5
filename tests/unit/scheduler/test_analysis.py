from __future__ import annotations

import ast
import textwrap
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.scheduler import Plan, analyse, can_call
from harlm.scheduler.analysis import LONGEST_CELL, EarlierCells
from harlm.scheduler.drawing import NOT_WHOLE, as_text


def plan(code: str, *earlier: str) -> Plan:
    return analyse(textwrap.dedent(code), [textwrap.dedent(each) for each in earlier])


def flows(made: Plan) -> list[list[str]]:
    return [[loop.flow for loop in site.loops] for site in made.sites]


CELLS = {
    "no call at all": ("x = 1", "no calls", "0", []),
    "one call": ("print(llm_query('a'))", "single", "1", [[]]),
    "two calls that do not meet": ("a = llm_query('a')\nb = llm_query('b')", "map", "1", [[], []]),
    "a call on the result of another": ("a = llm_query('a')\nprint(llm_query(a))", "chain", "2", [[], []]),
    "a plain loop": ("for c in chunks:\n    out.append(llm_query(c))", "map", "1", [["map"]]),
    "a comprehension": ("r = [llm_query(c) for c in chunks if c]", "map", "1", [["map"]]),
    "a dict of replies": ("d = {}\nfor c in chunks:\n    d[c] = llm_query(c).strip()", "map", "1", [["map"]]),
    "map": ("r = list(map(llm_query, prompts))", "map", "1", [["map"]]),
    "a loop, then one call on all": (
        "out = []\nfor c in chunks:\n    out.append(llm_query(c))\nprint(llm_query(str(out)))",
        "map-reduce",
        "2",
        [["map"], []],
    ),
    "a buffer that goes along": (
        "buf = ''\nfor c in chunks:\n    buf = llm_query(f'{buf}{c}')",
        "chain",
        "rounds of `for c in chunks`",
        [["chain"]],
    ),
    "while a reply says so": (
        "a = 'more'\nwhile 'more' in a:\n    a = llm_query(a)",
        "chain",
        "rounds of `while 'more' in a`",
        [["chain"]],
    ),
    "the first hit": (
        "for c in chunks:\n    a = llm_query(c)\n    if 'yes' in a:\n        break",
        "search",
        "1",
        [["search"]],
    ),
    "a raise on a reply": (
        "for c in chunks:\n    if llm_query(c) == 'bad':\n        raise ValueError(c)",
        "search",
        "1",
        [["search"]],
    ),
    "a break that no reply decides": (
        "for c in chunks:\n    if len(c) > 9:\n        break\n    out.append(llm_query(c))",
        "map",
        "1",
        [["map"]],
    ),
    "two chains": (
        "for q in qs:\n    best = ''\n    for c in chunks:\n        best = llm_query(best + c + q)",
        "hierarchical",
        "rounds of `for c in chunks`",
        [["map", "chain"]],
    ),
    "all pairs": (
        "for a in xs:\n    for b in xs:\n        r[a, b] = llm_query(a + b)",
        "map",
        "1",
        [["map", "map"]],
    ),
    "a tree": (
        "xs = [llm_query(c) for c in chunks]\nwhile len(xs) > 1:\n    xs = [llm_query(a + b) for a, b in pairs(xs)]",
        "hierarchical",
        "1 + rounds of `while len(xs) > 1`",
        [["map"], ["chain", "map"]],
    ),
    "batches on batches": (
        "a = llm_query_batched(ps)\nb = llm_query_batched([x.upper() for x in a])",
        "map-reduce",
        "2",
        [[], []],
    ),
    "children": (
        "parts = rlm_query_batched(qs, texts)\nFINAL(llm_query(str(parts)))",
        "hierarchical",
        "2",
        [[], []],
    ),
    "an await": ("r = await gather(*[llm_query(c) for c in chunks])", "map", "1", [["map"]]),
    "a pool": (
        "with ThreadPoolExecutor() as pool:\n    r = list(pool.map(lambda c: llm_query(c), chunks))",
        "single",
        "1",
        [[]],
    ),
}


@pytest.mark.parametrize("name", CELLS)
def test_the_shape_of_a_cell(name: str) -> None:
    code, shape, length, loops = CELLS[name]
    made = plan(code)
    assert (made.shape, made.length, flows(made)) == (shape, length, loops)


def test_a_call_that_depends_on_a_reply_is_not_certain() -> None:
    first, second, third = plan(
        """
        for c in chunks:
            a = llm_query(c)
            if "tls" in a:
                v = llm_query("which? " + c)
        print(llm_query(v))
        """
    ).sites
    assert first.is_certain
    assert (second.decided_by, second.needs, second.is_certain) == ((1,), (), False)
    assert (third.needs, third.is_certain) == ((1, 2), True), "v is what it is because of the first"


def test_helper_functions_are_followed_to_their_calls() -> None:
    first, second = plan(
        """
        def label(text):
            kind = llm_query(text)
            if kind == "none":
                return None
            return llm_query(kind + text)
        rows = [label(c) for c in chunks]
        """
    ).sites
    assert first.through == second.through == ("label",)
    assert (second.needs, second.decided_by) == ((1,), (1,)), "an early return decides about what follows it"
    assert flows(plan("def f(c):\n    return llm_query(c)\nfor c in cs:\n    f(c)")) == [["map"]]


def test_a_return_in_a_helper_function_ends_only_that_function() -> None:
    made = plan(
        """
        def first(q):
            for c in chunks:
                a = llm_query(q + c)
                if a:
                    return a
        answers = [first(q) for q in questions]
        """
    )
    assert flows(made) == [["map", "search"]]


def test_helper_functions_of_earlier_cells_are_known_and_broken_cells_are_skipped() -> None:
    made = plan("r = [ask(c) for c in chunks]", "def ask(c):\n    return llm_query(c)", "this is not Python")
    assert [site.through for site in made.sites] == [("ask",)]
    assert can_call("ask(1)", ["def ask(c):\n    return llm_query(c)"])
    assert not can_call("ask(1)", ["def ask(c):\n    return c"])
    assert not can_call("print('llm_query')")


def test_recursive_helper_functions_are_followed_once() -> None:
    made = plan("def f(n):\n    return llm_query(f(n - 1)) if n else ''\nprint(f(9))")
    assert len(made.sites) == 1


def test_a_cell_that_is_not_python_raises_a_syntax_error() -> None:
    with pytest.raises(SyntaxError):
        analyse("for x in:")
    assert can_call("for x in:")


def test_the_line_and_source_are_those_of_the_cell() -> None:
    (site,) = plan("\n\nx = llm_query(\n    'a'\n)").sites
    assert (site.line, site.source) == (3, "llm_query('a')")


_STATEMENTS = st.recursive(
    st.sampled_from(
        [
            "x = llm_query(x)",
            "out.append(llm_query(c))",
            "y = llm_query_batched([x, y])",
            "pass",
            "x += y",
            "del z",
        ]
    ),
    lambda inner: st.tuples(
        st.sampled_from(
            ["for c in x:", "while x:", "if llm_query(y):", "try:", "with a as x:", "def f(x):", "class C:"]
        ),
        st.lists(inner, min_size=1, max_size=3),
        st.booleans(),
    ).map(
        lambda made: "\n".join(
            [
                made[0],
                *(textwrap.indent(each, "    ") for each in made[1]),
                *(["    break"] if made[2] and made[0].startswith(("for", "while")) else []),
                *(["finally:", "    f(1)"] if made[0] == "try:" else []),
            ]
        )
    ),
    max_leaves=12,
)


@given(st.lists(_STATEMENTS, min_size=1, max_size=5).map("\n".join))
def test_every_call_is_found_and_depends_only_on_earlier_ones(code: str) -> None:
    made = analyse(code)
    tree = ast.parse(code)
    written = {
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and "llm_query" in node.func.id
    }
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    inside = {
        node.lineno for function in functions for node in ast.walk(function) if isinstance(node, ast.Call)
    }
    assert {site.line for site in made.sites} >= written - inside
    for number, site in enumerate(made.sites, start=1):
        assert site.number == number
        assert all(0 < each <= len(made.sites) for each in (*site.needs, *site.decided_by))
    assert made.length
    assert set(made.critical_path) <= {site.number for site in made.sites}


_DEEP = {
    "comprehensions": "x = " + "[" * 24 + "llm_query('x')" + " for _ in [1]]" * 24,
    "iterables": "[a for a in " * 90 + "llm_query(1)" + "]" * 90,
    "loops": "".join(f"{' ' * at}for a{at} in b:\n" for at in range(60)) + " " * 60 + "x = llm_query(x)",
    "whiles": "".join(f"{' ' * at}while llm_query(x{at}):\n" for at in range(30))
    + " " * 30
    + "x1 = llm_query(x2)",
    "sums": "a + " * 1_900 + "llm_query(1)",
    "parentheses": "(" * 190 + "llm_query(1)" + ")" * 190,
    "lambdas": "sorted(x, key=lambda a: " * 60 + "llm_query(a)" + ")" * 60,
    "calls": "llm_query(" * 90 + "1" + ")" * 90,
    "wide calls": "llm_query(" * 80 + "a," * 3_500 + ")" * 80,
    "helpers": "".join(
        f"def f{n}(a):\n" + "".join(f" a = f{m}(a + llm_query(a))\n" for m in range(12) if m != n)
        for n in range(12)
    )
    + "f0(1)",
    "branches": "".join(f"a{n} = 1\n" for n in range(400)) + "if a: b\n" * 400,
    "sums of replies": "a += llm_query(a)\n" * 440,
    "null characters": "x = '\0'",
}


@pytest.mark.parametrize("name", _DEEP)
def test_any_cell_that_is_not_too_long_is_analysed_in_bounded_time(name: str) -> None:
    code, known = _DEEP[name], EarlierCells()
    assert len(code) <= LONGEST_CELL
    started = time.process_time()
    known.add(code)
    known.can_call_in(code)
    with suppress(SyntaxError):
        made = known.plan_of(code)
        assert made.shape
        assert made.is_whole or made.shape == "mixed"
    assert time.process_time() - started < 1


def test_nested_comprehensions_are_analysed_whole() -> None:
    made = analyse(_DEEP["comprehensions"])
    assert made.is_whole
    assert (made.shape, len(made.sites[0].loops)) == ("map", 24)


@pytest.mark.parametrize("name", ["loops", "sums", "helpers"])
def test_a_plan_that_is_not_whole_says_so(name: str) -> None:
    made = analyse(_DEEP[name])
    assert (made.is_whole, made.shape) == (False, "mixed")
    assert as_text(made).endswith(NOT_WHOLE)


def test_a_cell_that_is_too_long_is_not_parsed() -> None:
    code = "x = 1\n" * LONGEST_CELL
    assert analyse(code).shape == "mixed"
    assert can_call(code)
    assert can_call("x", [code])


def test_functions_of_old_cells_are_forgotten_but_not_that_they_call() -> None:
    known = EarlierCells()
    known.add("def ask(c):\n    return llm_query(c)")
    for number in range(20):
        known.add(f"def f{number}():\n    {'x' * 5_000}")
    assert known.plan_of("ask(1)").sites == ()
    assert known.can_call_in("ask(1)")
    assert not known.can_call_in("f3()")


def test_what_earlier_cells_defined_is_taken_over() -> None:
    known, twin = EarlierCells(), EarlierCells()
    known.add("def ask(c):\n    return llm_query(c)")
    twin.take_over(known)
    assert (len(twin), len(twin.plan_of("ask(1)").sites), twin.can_call_in("ask(1)")) == (1, 1, True)


def test_calls_of_tools_are_part_of_the_plan_if_they_may_be_made_early() -> None:
    known = EarlierCells(["population"])
    known.add("def every(cities): return [population(c) for c in cities]")
    assert known.can_call_in("print(every(['Rome']))")
    assert known.plan_of("x = every(cities)").shape == "map"
    assert not EarlierCells().can_call_in("population('Rome')")
