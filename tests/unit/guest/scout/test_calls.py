"""Which calls are asked for early, which functions are followed, and which are run as they are."""

from __future__ import annotations

import functools
from collections import Counter, defaultdict, deque
from typing import Any

import pytest

from harlm.guest.scout.calls import invoke
from harlm.guest.scout.pending import Pending, settled
from harlm.guest.scout.world import Lost
from tests.support.scout_blocks import Calls, arrive, start, task_over, value_of
from tests.support.scout_lines import variables


def test_a_call_of_a_tool_is_asked_for_at_once() -> None:
    calls = Calls()
    task = task_over(calls)
    reply = value_of("llm_query('a', model='m')", task)
    assert reply is calls.replies[0]
    assert (calls.asked[0].values, calls.asked[0].named) == (["a"], {"model": "m"})


@pytest.mark.parametrize(
    "code",
    [
        "a.upper()", "a.replace('x', 'y', 1)", "len(a)", "sorted(a)", "max(a, 'b')", "int(len(a))", "'-'.join(a)",
        "str.upper(a)", "dict(k=a)", "list(zip(a, a))", "(lambda: a)()", "print(a)", "a.encode(encoding='utf-8')",
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_late", [False, True])
def test_an_ordinary_call_has_the_result_of_python(code: str, is_late: bool) -> None:
    pending = Pending(is_text=True)
    task = task_over(a=pending if is_late else "xxx")
    result = value_of(code, task)
    if is_late:
        arrive(pending, "xxx", task)
    assert settled(result) == eval(code, {"a": "xxx"})


@pytest.mark.parametrize("kind", [list, deque])
def test_a_reply_is_stored_before_it_has_arrived(kind: type) -> None:
    calls, items = Calls(), kind()
    task = task_over(calls, items=items)
    value_of("items.append(llm_query('a'))", task)
    value_of("items.append('b')", task)
    assert len(items) == 2
    assert items[0] is calls.replies[0]


@pytest.mark.parametrize(
    ("made", "code", "expected"),
    [
        (Counter(), "c.update(a)", Counter("xx")),
        ({"k": 1}, "c.pop(a, None)", {"k": 1}),
        ({"xx"}, "c.discard(a)", set[str]()),
        (defaultdict(list), "c[a].append(1)", {"xx": [1]}),
        ([], "c.extend(a)", ["x", "x"]),
        (["xx", "y"], "c.remove(a)", ["y"]),
    ],
)
def test_a_change_that_needs_a_reply_holds_its_container(made: Any, code: str, expected: object) -> None:
    pending = Pending(is_text=True)
    task = task_over(a=pending, c=made)
    value_of(code, task)
    size = value_of("len(c)", task)
    assert type(size) is Pending
    arrive(pending, "xx", task)
    assert made == expected
    assert settled(size) == len(expected)  # type: ignore[arg-type] # a container


@pytest.mark.parametrize(
    "code",
    [
        "time.time()", "time.perf_counter_ns()", "uuid.uuid4()", "datetime.datetime.now()", "os.urandom(4)",
        "secrets.token_hex()", "os.getpid()", "datetime.date.today()",
    ],
)  # fmt: skip
def test_results_that_cannot_be_known_in_advance_never_arrive(code: str) -> None:
    module = code.partition(".")[0]
    task = task_over()
    start(f"import {module}", task)
    assert value_of(code, task) is task.world.never


def test_a_function_of_the_cell_with_the_name_of_a_clock_is_followed() -> None:
    code = "def now(): return 5"
    task = task_over(code=code)
    start(code, task)
    assert value_of("now()", task) == 5


def test_a_partial_function_is_called_with_all_its_arguments() -> None:
    calls = Calls()
    task = task_over(calls)
    tool = task.world.tool("llm_query")
    invoke(functools.partial(tool, model="m"), ["a"], {}, task)
    assert (calls.asked[0].values, calls.asked[0].named) == (["a"], {"model": "m"})


def test_arguments_of_unknown_names_are_left_to_the_cell() -> None:
    with pytest.raises(Lost, match="unknown names"):
        value_of("dict(**a)", task_over(a=Pending()))


def test_nothing_sleeps_or_prints(capsys: pytest.CaptureFixture[str]) -> None:
    task = task_over()
    start("import time\nprint('text')\ntime.sleep(10_000)", task)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "code",
    [
        "class Note:\n    def __init__(self, text): self.text = text\nn = Note(llm_query('a'))\nx = n.text.upper()",
        "class Note:\n    def __init__(self, text): self.size = len(text)\nn = Note(llm_query('a'))\nx = n.size",
        "class Notes:\n    def __init__(self): self.all = []\n    def add(self, text): self.all += [text.upper()]\n"
        "n = Notes()\nn.add(llm_query('a'))\nx = n.all + ['last']",
        "x = []\ndef keep(text):\n    x.append(text.split())\nkeep(llm_query('a'))\nkeep('b c')\ny = len(x)",
        "x = {}\nx.setdefault('k', []).append(llm_query('a'))\nx['k'].append('b')",
    ],
)
def test_variables_end_as_in_python(code: str) -> None:
    followed, executed = variables(code)
    for names in (followed, executed):
        names.pop("n", None)
    assert followed == executed
